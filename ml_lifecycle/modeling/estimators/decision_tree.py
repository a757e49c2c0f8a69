"""One decision tree by scikit-learn (Breiman 1984), shallow enough to be read. A ranking is learnt pointwise.

Codes of categories count as numbers (they are ordered by frequency). Probabilities of a leaf are drawn towards the
shares of all rows (the m-estimate, Cestnik 1990): a leaf of one class alone would else be certain of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.modeling.estimators.base import Family, Fit, Prepared, describe
from ml_lifecycle.modeling.estimators.capabilities import Capabilities, monotone_signs
from ml_lifecycle.modeling.estimators.facts import Goal
from ml_lifecycle.modeling.estimators.random_forest import FOREST_CAPABILITIES, choose_criterion
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.estimators.scikit_trees import ScikitTrees
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

#: Depth of the default tree: 16 leaves can be drawn on a page.
DEPTH = 4
#: Deepest tree of the search.
MOST_DEPTH = 12
#: For how many rows the shares of all rows count in each leaf.
PRIOR_ROWS = 1.0


class DecisionTree(Family):
    """`DecisionTreeClassifier` and `DecisionTreeRegressor`."""

    name: ClassVar[str] = "decision_tree"
    also_known: ClassVar[frozenset[str]] = frozenset(
        {"class_weight", "max_features", "max_leaf_nodes", "min_samples_split", "min_impurity_decrease", "splitter"}
    )
    most_rounds: ClassVar[int | None] = 1
    capabilities: ClassVar[Capabilities] = replace(FOREST_CAPABILITIES, interpretability="high")

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """A shallow tree with leaves that hold enough rows to be believed."""
        return {
            "max_depth": DEPTH,
            "min_samples_leaf": int(np.clip(rows // 100, 5, 100)),
            "criterion": choose_criterion(goal),
            "ccp_alpha": 0.0,
        }

    def space(self, rows: int, goal: Goal) -> Space:
        """The size of the tree."""
        space: dict[str, Range | Choice] = {
            "max_depth": Range(2, MOST_DEPTH, integer=True),
            "min_samples_leaf": Range(2, int(np.clip(rows // 20, 10, 500)), log=True, integer=True),
        }
        return space | ({"criterion": Choice(("gini", "entropy"))} if goal.is_classification else {})

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Grow the tree; there is one round."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        goal, train = prepared.goal, prepared.train
        engine = DecisionTreeClassifier if goal.is_classification else DecisionTreeRegressor
        signs = monotone_signs(train.matrix, goal)
        estimator = engine(**parameters, random_state=goal.seed, monotonic_cst=signs)
        estimator.fit(train.matrix.values, train.y, sample_weight=train.weight)
        if goal.is_classification and not goal.monotone:  # which leaves of different size would not keep
            _smooth(estimator.tree_)
        facts = describe(self.name, prepared, parameters, iterations=1, weights=estimator.feature_importances_)
        model = ScikitTrees(facts, estimator)
        watch = RoundWatch(rounds, prepared.valid)
        valid = prepared.valid
        judged = watch.scores and valid is not None
        watch.see(1, watch.score_of(model.predict(valid.matrix.values)) if judged and valid is not None else None)
        watch.stopped = "most"
        return Fit.of(model, watch)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:  # noqa: ARG002 - part of the contract
        """One tree, though its rows are sorted."""
        return 0.2


def _smooth(tree: Any) -> None:  # noqa: ANN401 - scikit-learn's compiled tree
    shares, rows = tree.value, tree.weighted_n_node_samples[:, None, None]
    mean_weight = tree.weighted_n_node_samples[0] / tree.n_node_samples[0]
    prior = PRIOR_ROWS * mean_weight
    shares[:] = (shares * rows + prior * shares[:1].copy()) / (rows + prior)
