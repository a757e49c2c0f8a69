"""scikit-learn's random forest (Breiman 2001). A ranking is learnt pointwise, as a regression on relevance.

Codes of categories count as numbers (they are ordered by frequency). Leaves are bounded, so that a stored forest stays
near `MOST_BYTES` whatever the number of rows and classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.modeling.estimators.base import Family, Fit, Prepared
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts, normalise
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.estimators.scikit_trees import ScikitTrees
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

#: Trees of a forest; beyond this the error hardly falls (Probst & Boulesteix 2018).
MOST_TREES = 200
#: Trees between two looks at the score and the deadline.
GROUP = 20
#: Below so many rows the default takes small leaves.
SMALL_ROWS = 50_000
#: Size in memory that the bound on leaves aims at.
MOST_BYTES = 200_000_000


class RandomForest(Family):
    """`RandomForestClassifier` and `RandomForestRegressor`."""

    name: ClassVar[str] = "random_forest"
    also_known: ClassVar[frozenset[str]] = frozenset(
        {"max_depth", "class_weight", "bootstrap", "min_samples_split", "max_samples"}
    )
    most_rounds: ClassVar[int | None] = MOST_TREES

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """Deep trees within the bound on leaves."""
        node_bytes = 64 + 8 * max(goal.classes, 1)
        return {
            "min_samples_leaf": 2 if rows < SMALL_ROWS else 5,
            "max_features": "sqrt" if goal.is_classification else 0.5,
            "max_leaf_nodes": int(np.clip(MOST_BYTES // (MOST_TREES * 2 * node_bytes), 512, 8192)),
            "criterion": "gini" if goal.is_classification else "squared_error",
        }

    def space(self, rows: int, goal: Goal) -> Space:
        """Size of leaves and features per split; more is hardly worth a search (Probst et al. 2019)."""
        space: dict[str, Range | Choice] = {
            "min_samples_leaf": Range(1, int(np.clip(rows // 50, 2, 50)), log=True, integer=True),
            "max_features": Choice(("sqrt", 0.3, 0.5, 0.8, 1.0)),
        }
        return space | ({"criterion": Choice(("gini", "entropy"))} if goal.is_classification else {})

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Grow trees in groups until there are enough or the deadline has come."""
        estimator = _make(prepared, parameters)
        watch = RoundWatch(rounds, prepared.valid)
        _grow(estimator, watch, prepared)
        estimator.set_params(warm_start=False)
        trees = watch.done  # more trees are never worse but by chance: the best round would only pick luck
        names = tuple(prepared.train.matrix.names)
        facts = ModelFacts(
            self.name,
            prepared.goal,
            names=names,
            categorical=tuple(prepared.train.matrix.categorical),
            parameters=dict(parameters),
            iterations=trees,
            rows=len(prepared.train.y),
            importance=normalise(names, np.asarray(estimator.feature_importances_)),
        )
        return Fit(ScikitTrees(facts, estimator), watch.last_score, trees, watch.stopped or "most")


def _make(prepared: Prepared, parameters: Mapping[str, Parameter]) -> Any:  # noqa: ANN401 - one of two classes
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    goal = prepared.goal
    engine = RandomForestClassifier if goal.is_classification else RandomForestRegressor
    return engine(**parameters, n_estimators=1, warm_start=True, random_state=goal.seed, n_jobs=goal.threads)


def _grow(estimator: Any, watch: RoundWatch, prepared: Prepared) -> None:  # noqa: ANN401
    """Begin with one tree per thread, so that a deadline is met even where a tree takes seconds."""
    done = 0
    stop = False
    while not stop:
        done = min(max(prepared.goal.threads, min(2 * done, done + GROUP)), watch.rounds.most)
        estimator.set_params(n_estimators=done, n_jobs=prepared.goal.threads)
        estimator.fit(prepared.train.matrix.values, prepared.train.y, sample_weight=prepared.train.weight)
        estimator.set_params(n_jobs=1)  # several threads would add up the trees in any order
        value = None
        if watch.scores and prepared.valid is not None:
            value = watch.score_of(ScikitTrees.ask(estimator, prepared.valid.matrix.values, prepared.goal))
        stop = watch.see(done, value)
