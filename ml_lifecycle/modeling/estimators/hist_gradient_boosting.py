"""scikit-learn's histogram gradient boosting. A ranking is learnt pointwise, as a regression on relevance.

scikit-learn fits all rounds in one call and knows neither a deadline nor our scores, so rounds are made in groups by
`warm_start`, which gives the same trees as one call. A checkpoint is the estimator after a group, generators and all,
so a resumed fit is one more warm start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.modeling.estimators.base import Family, Fit, Prepared, describe
from ml_lifecycle.modeling.estimators.capabilities import ORDER_STATISTICS, Capabilities, monotone_signs
from ml_lifecycle.modeling.estimators.checkpoints import Checkpoint
from ml_lifecycle.modeling.estimators.facts import Goal
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.estimators.scikit_trees import ScikitTrees
from ml_lifecycle.modeling.estimators.skops_files import dump_estimator, load_estimator
from ml_lifecycle.modeling.search_space import Parameter, Range, Space

#: Trees between two looks at the score; every group bins the data again, so groups are not too small.
GROUP = 20
#: Below so many rows the default takes few leaves.
SMALL_ROWS = 50_000
#: Categories that scikit-learn takes per column; columns with more count as numbers.
MOST_CATEGORIES = 255


class HistGradientBoosting(Family):
    """`HistGradientBoostingClassifier` and `HistGradientBoostingRegressor`."""

    name: ClassVar[str] = "hist_gradient_boosting"
    also_known: ClassVar[frozenset[str]] = frozenset({"max_bins", "max_depth", "class_weight"})
    patience: ClassVar[int | None] = 50
    capabilities: ClassVar[Capabilities] = Capabilities(
        missing_values=True,
        categories=True,
        monotone=True,
        ranking=False,
        quantiles=True,
        objectives=frozenset({"auto", "squared_error", "absolute_error", "quantile", "poisson", "gamma"}),
        interpretability="medium",
        free_objectives=ORDER_STATISTICS,
    )

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """A slow learning rate; early stopping chooses the number of trees."""
        return {
            "learning_rate": 0.05 if goal.outputs == 1 else 0.1,
            "max_leaf_nodes": 31 if rows < SMALL_ROWS or goal.outputs > 1 else 63,
            "min_samples_leaf": int(np.clip(rows // 100, 5, 20)),
            "l2_regularization": 1.0,
            "max_features": 0.8,
        }

    def space(self, rows: int, goal: Goal) -> Space:  # noqa: ARG002 - part of the contract
        """What acts most on boosted trees."""
        return {
            "learning_rate": Range(0.02, 0.3, log=True),
            "max_leaf_nodes": Range(4, int(np.clip(rows // 50, 8, 127)), log=True, integer=True),
            "min_samples_leaf": Range(2, int(np.clip(rows // 50, 10, 200)), log=True, integer=True),
            "l2_regularization": Range(1e-3, 30.0, log=True),
            "max_features": Range(0.3, 1.0),
        }

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Boost in groups of rounds, watching the score of the validation rows; with a checkpoint, go on from it."""
        from threadpoolctl import threadpool_limits

        watch = RoundWatch(rounds, prepared.valid)
        checkpoint = Checkpoint(rounds, prepared, parameters, self.name)
        stored = checkpoint.read(watch)
        estimator = _make(prepared, parameters) if stored is None else load_estimator(stored)
        step = max(1, GROUP // prepared.goal.outputs)
        if rounds.deadline is None and rounds.checkpoint is None and not watch.scores:
            step = rounds.most
        with threadpool_limits(prepared.goal.threads):
            _boost(estimator, watch, prepared, step=step, checkpoint=checkpoint)
        checkpoint.remove()
        _forget_training(estimator, watch.best_round)
        gains = _gains(estimator, len(prepared.train.matrix.names))
        facts = describe(self.name, prepared, parameters, iterations=watch.best_round, weights=gains)
        return Fit.of(ScikitTrees(facts, estimator), watch)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:  # noqa: ARG002 - part of the contract
        """Slower by the binning that every group of rounds repeats."""
        return 3.0


def _make(prepared: Prepared, parameters: Mapping[str, Parameter]) -> Any:  # noqa: ANN401 - one of two classes
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    matrix, goal = prepared.train.matrix, prepared.goal
    nominal = [
        column for column in matrix.categorical if np.nanmax(matrix.values[:, column], initial=0) < MOST_CATEGORIES - 1
    ]
    engine = HistGradientBoostingClassifier if goal.is_classification else HistGradientBoostingRegressor
    loss: dict[str, Any] = {} if goal.objective == "auto" else {"loss": goal.objective}
    if goal.objective == "quantile":
        loss["quantile"] = goal.level
    return engine(
        **parameters,
        **loss,
        monotonic_cst=monotone_signs(matrix, goal),
        max_iter=1,
        categorical_features=nominal or None,
        early_stopping=False,
        warm_start=True,
        random_state=goal.seed,
    )


def _boost(
    estimator: Any,  # noqa: ANN401
    watch: RoundWatch,
    prepared: Prepared,
    *,
    step: int,
    checkpoint: Checkpoint,
) -> None:
    stop = False
    while not stop:
        if watch.done and checkpoint.due:
            checkpoint.write(watch, dump_estimator(estimator))
        done = min(watch.done + step, watch.rounds.most)
        estimator.set_params(max_iter=done)
        estimator.fit(prepared.train.matrix.values, prepared.train.y, sample_weight=prepared.train.weight)
        value = None
        if watch.scores and prepared.valid is not None:
            value = watch.score_of(ScikitTrees.ask(estimator, prepared.valid.matrix.values, prepared.goal))
        stop = watch.see(done, value)


def _forget_training(estimator: Any, rounds: int) -> None:  # noqa: ANN401
    """Cut the trees after the best round, and what only a continued training would need.

    scikit-learn has no public way to do so; a fit with `max_iter=rounds` would give the same at the cost of a fit.
    """
    estimator.set_params(max_iter=rounds, warm_start=False)
    del estimator._predictors[rounds:]  # noqa: SLF001
    estimator._feature_subsample_rng = np.random.default_rng(0)  # noqa: SLF001


def _gains(estimator: Any, features: int) -> np.ndarray:  # noqa: ANN401
    """Gain of each feature over all splits; scikit-learn keeps it in the nodes but does not offer it."""
    gains = np.zeros(features)
    for trees in estimator._predictors:  # noqa: SLF001
        for tree in trees:
            splits = tree.nodes[tree.nodes["is_leaf"] == 0]
            np.add.at(gains, splits["feature_idx"], splits["gain"])
    # Categorical features come first in the trees; put them back into their places.
    nominal = estimator.is_categorical_
    if nominal is None:
        return gains
    order = np.r_[np.flatnonzero(nominal), np.flatnonzero(~nominal)]
    placed = np.empty(features)
    placed[order] = gains
    return placed
