"""What each family of models can do, as plain facts: so that a YAML can be judged without importing a library.

The families themselves live in `modeling/estimators`; a test proves that they say the same of themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml_lifecycle.config.brief import Task

#: The objectives that fit each task.
OBJECTIVES: Final[Mapping[Task, tuple[str, ...]]] = {
    Task.CLASSIFICATION: ("auto",),
    Task.REGRESSION: (
        "auto",
        "squared_error",
        "absolute_error",
        "huber",
        "quantile",
        "poisson",
        "gamma",
        "tweedie",
    ),
    Task.RANKING: ("auto", "lambdarank", "xendcg"),
}
_LOGARITHMIC: Final = frozenset({"poisson", "gamma", "tweedie"})


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    """What a family can do, as far as keys of the YAML depend on it.

    Args:
        objectives: The objectives that it has.
        parameters: Hyperparameters that may be fixed by hand, whatever is fitted.
        of_classes: Further ones of a classification.
        of_numbers: Further ones of a regression or a ranking.
        unless_logarithmic: Further ones where predictions are not the exponential of a sum.
        choices: The values of a hyperparameter that knows only some.
        monotone: Whether predictions can be bound to rise or fall with a feature.
        unbound: Objectives that it cannot keep monotone.
        ranks: Whether it learns the order within queries.
        in_rounds: Whether it is fitted in rounds, so that a hopeless trial can be stopped between them.
    """

    objectives: frozenset[str]
    parameters: frozenset[str]
    of_classes: frozenset[str] = frozenset()
    of_numbers: frozenset[str] = frozenset()
    unless_logarithmic: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]] | None = None
    monotone: bool = True
    unbound: frozenset[str] = frozenset()
    ranks: bool = False
    in_rounds: bool = True

    def parameters_for(self, task: Task, objective: str) -> frozenset[str]:
        """The hyperparameters that may be fixed by hand for a task and an objective."""
        by_task = self.of_classes if task is Task.CLASSIFICATION else self.of_numbers
        plain = frozenset() if objective in _LOGARITHMIC else self.unless_logarithmic
        return self.parameters | by_task | plain

    def binds(self, task: Task, objective: str) -> bool:
        """Whether it can keep predictions monotone for a task and an objective."""
        if task is Task.RANKING and self.ranks and objective == "auto":
            objective = "lambdarank"
        return self.monotone and objective in self.objectives - self.unbound


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FOREST: Final = _words(
    "class_weight criterion max_depth max_features max_leaf_nodes min_samples_leaf min_samples_split"
)
_MEDIANS: Final = _words("absolute_error quantile")

FAMILIES: Final[Mapping[str, FamilyFacts]] = {
    "lightgbm": FamilyFacts(
        _words(
            "auto squared_error absolute_error huber quantile poisson gamma tweedie lambdarank xendcg",
        ),
        _words(
            "bagging_fraction bagging_freq boost_from_average cat_l2 cat_smooth categories extra_trees "
            "feature_fraction feature_fraction_bynode is_unbalance lambda_l1 lambda_l2 lambdarank_norm "
            "lambdarank_truncation_level learning_rate max_bin max_cat_threshold max_cat_to_onehot max_delta_step "
            "max_depth min_data_in_bin min_data_in_leaf min_data_per_group min_gain_to_split min_sum_hessian_in_leaf "
            "monotone_constraints_method monotone_penalty num_leaves path_smooth scale_pos_weight"
        ),
        unbound=_MEDIANS,
        ranks=True,
    ),
    "hist_gradient_boosting": FamilyFacts(
        _words("auto squared_error absolute_error quantile poisson gamma"),
        _words(
            "class_weight l2_regularization learning_rate max_bins max_depth max_features max_leaf_nodes "
            "min_samples_leaf"
        ),
        unbound=_MEDIANS,
    ),
    "random_forest": FamilyFacts(
        _words("auto squared_error absolute_error poisson"), _FOREST | _words("bootstrap max_samples")
    ),
    "extra_trees": FamilyFacts(
        _words("auto squared_error absolute_error poisson"), _FOREST | _words("bootstrap max_samples")
    ),
    "decision_tree": FamilyFacts(
        _words("auto squared_error absolute_error poisson"),
        _FOREST | _words("ccp_alpha min_impurity_decrease splitter"),
        in_rounds=False,
    ),
    "linear": FamilyFacts(
        _words("auto squared_error poisson gamma tweedie"),
        _words("class_weight"),
        of_classes=_words("C"),
        of_numbers=_words("alpha"),
        unless_logarithmic=_words("penalty l1_ratio"),
        choices={"penalty": ("l2", "l1", "elasticnet", "none")},
        monotone=False,
    ),
    "knn": FamilyFacts(_words("auto squared_error"), _words("n_neighbors weights"), monotone=False, in_rounds=False),
    "xgboost": FamilyFacts(
        _words("auto squared_error absolute_error huber quantile poisson gamma tweedie lambdarank"),
        _words(
            "colsample_bylevel colsample_bynode colsample_bytree gamma grow_policy lambdarank_num_pair_per_sample "
            "lambdarank_pair_method learning_rate max_bin max_cat_threshold max_cat_to_onehot max_delta_step max_depth "
            "max_leaves min_child_weight reg_alpha reg_lambda scale_pos_weight subsample"
        ),
        unbound=_MEDIANS,
        ranks=True,
    ),
    "catboost": FamilyFacts(
        _words("auto squared_error absolute_error huber quantile poisson tweedie lambdarank"),
        _words(
            "auto_class_weights bagging_temperature boosting_type border_count depth grow_policy l2_leaf_reg "
            "leaf_estimation_iterations learning_rate max_ctr_complexity max_leaves min_data_in_leaf missing "
            "one_hot_max_size random_strength rsm scale_pos_weight"
        ),
        unbound=_words("lambdarank"),
        ranks=True,
    ),
}
