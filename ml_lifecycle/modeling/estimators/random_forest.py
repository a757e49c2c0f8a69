"""scikit-learn's forests: random (Breiman 2001) and extremely randomised (Geurts 2006). A ranking is learnt pointwise.

Codes of categories count as numbers (they are ordered by frequency). Leaves are bounded, so that a stored forest stays
near `MOST_BYTES` whatever the number of rows and classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.modeling.estimators.base import Family, Fit, Prepared, describe
from ml_lifecycle.modeling.estimators.capabilities import Capabilities, monotone_signs
from ml_lifecycle.modeling.estimators.facts import Goal
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


#: What both forests and a single tree can do.
FOREST_CAPABILITIES = Capabilities(
    missing_values=True,
    categories=False,
    monotone=True,
    ranking=False,
    quantiles=False,
    objectives=frozenset({"auto", "squared_error", "absolute_error", "poisson"}),
    interpretability="low",
)


class RandomForest(Family):
    """`RandomForestClassifier` and `RandomForestRegressor`."""

    name: ClassVar[str] = "random_forest"
    also_known: ClassVar[frozenset[str]] = frozenset(
        {"max_depth", "class_weight", "bootstrap", "min_samples_split", "max_samples"}
    )
    most_rounds: ClassVar[int | None] = MOST_TREES
    capabilities: ClassVar[Capabilities] = FOREST_CAPABILITIES

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """Deep trees within the bound on leaves."""
        node_bytes = 64 + 8 * max(goal.classes, 1)
        return {
            "min_samples_leaf": 2 if rows < SMALL_ROWS else 5,
            "max_features": "sqrt" if goal.is_classification else 0.5,
            "max_leaf_nodes": int(np.clip(MOST_BYTES // (MOST_TREES * 2 * node_bytes), 512, 8192)),
            "criterion": choose_criterion(goal),
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
        watch = RoundWatch(rounds, prepared.valid)
        estimator = self._engine(prepared.goal)(
            **parameters,
            n_estimators=1,
            warm_start=True,
            random_state=prepared.goal.seed,
            n_jobs=prepared.goal.threads,
            monotonic_cst=monotone_signs(prepared.train.matrix, prepared.goal),
        )
        _grow(estimator, watch, prepared)
        estimator.set_params(warm_start=False)
        trees = watch.done  # more trees are never worse but by chance: the best round would only pick luck
        weights = np.asarray(estimator.feature_importances_)
        facts = describe(self.name, prepared, parameters, iterations=trees, weights=weights)
        return replace(Fit.of(ScikitTrees(facts, estimator), watch), score=watch.last_score)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:  # noqa: ARG002 - part of the contract
        """Deep trees sort all rows where LightGBM counts bins, for a regression with half of the features a split."""
        return (5.0 if goal.is_classification else 15.0) * float(max(rows / 5_000, 0.2) ** 0.8)

    def _engine(self, goal: Goal) -> Any:  # noqa: ANN401 - one of two classes
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        return RandomForestClassifier if goal.is_classification else RandomForestRegressor


class ExtraTrees(RandomForest):
    """`ExtraTreesClassifier` and `ExtraTreesRegressor`: thresholds at random, every tree on all rows."""

    name: ClassVar[str] = "extra_trees"

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """Those of a random forest, with more features per split, since thresholds are not searched."""
        return super().default_parameters(rows, goal) | {"max_features": "sqrt" if goal.is_classification else 1.0}

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:
        """Drawing a threshold is cheaper than searching it."""
        return super().cost_hint(rows, features, goal) / 3

    def _engine(self, goal: Goal) -> Any:  # noqa: ANN401 - one of two classes
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        return ExtraTreesClassifier if goal.is_classification else ExtraTreesRegressor


def choose_criterion(goal: Goal) -> str:
    """What splits are chosen by: the objective of the goal, by scikit-learn's name."""
    if goal.is_classification:
        return "gini"
    return "squared_error" if goal.objective == "auto" else goal.objective


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
