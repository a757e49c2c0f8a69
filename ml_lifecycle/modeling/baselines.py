"""Baselines: what a model must beat to be worth its keep. Fitted on training rows, scored on validation rows.

Constants and chance; `persistence`, the level of the newest training rows carried forward (not the label of the row
before, which is mostly not known yet when a row is predicted); one feature for rankings; a linear model and a shallow
tree, both on at most `MOST_ROWS` rows so that they cost a second or two at any size. Whether the tuned model beats the
best is judged in `evaluation/gates`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.estimators import FittedModel, Goal, ModelFacts, Rounds, get_family, load_model
from ml_lifecycle.modeling.estimators.base import check_learnable
from ml_lifecycle.modeling.estimators.simple import ChanceModel, ConstantModel, SimpleModel, SingleFeatureModel
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score, is_better
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.parts import Parts

#: Rows that the linear model and the tree learn from at most.
MOST_ROWS = 20_000
#: Share of the newest training rows whose level persistence carries forward.
NEWEST_SHARE = 0.1
#: Stretches of the linear solver: it need not converge to be a fair baseline.
LINEAR_ROUNDS = 3
TREE_PARAMETERS: Mapping[str, int | bool | float] = {
    "max_depth": 4,
    "min_samples_leaf": 10,
    "max_features": 1.0,
    "bootstrap": False,
}


@dataclass(frozen=True, slots=True)
class Baselines:
    """The baselines of one project.

    Args:
        table: One row per baseline, the best first: `baseline`, `score`, `seconds`, `best`, `description`.
        metric: The name of the score.
        model: The best baseline.
    """

    table: pd.DataFrame
    metric: str
    model: FittedModel

    @property
    def best(self) -> str:
        """The name of the best baseline."""
        return str(self.table.loc[self.table["best"], "baseline"].iloc[0])

    @property
    def best_score(self) -> float:
        """Its score on the validation rows."""
        return float(self.table.loc[self.table["best"], "score"].iloc[0])

    def predict_best(self, samples: Samples) -> np.ndarray:
        """Predictions of the best baseline for any samples with the same features."""
        return self.model.predict_matrix(samples.matrix)

    def to_parts(self) -> Parts:
        """The table and the files of the best baseline."""
        table = self.table.assign(metric=self.metric)
        return Parts(tables={"baselines": table}, files=self.model.to_files())

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put them together again."""
        table = parts.tables["baselines"]
        ordered = table.sort_values("rank").reset_index(drop=True)
        return cls(ordered.drop(columns="metric"), str(table["metric"].iloc[0]), load_model(parts.files))


def fit_baselines(
    train: Samples, valid: Samples, *, kind: Kind, target: Target, score: Score, seed: int = 0, threads: int = 1
) -> Baselines:
    """Fit all baselines that fit the problem, and score them.

    Args:
        train: Training rows.
        valid: Rows to score on.
        kind: The kind of problem.
        target: The target, for its number of classes.
        score: The project's metric.
        seed: Seed of chance, caps and solvers.
        threads: Threads of fitting.

    Raises:
        ModelError: Nothing can be learnt from the training rows, or no baseline can be scored.
    """
    goal = Goal(kind, classes=len(target.classes), seed=seed, threads=threads)
    check_learnable(train, goal)
    models: dict[str, FittedModel] = {}
    rows = []
    for name, (description, make) in _makers(train, goal).items():
        began = time.perf_counter()
        models[name] = make()
        value = score(valid.y, models[name].predict_matrix(valid.matrix), valid.query)
        rows.append((name, float(value), time.perf_counter() - began, description))
    table = pd.DataFrame(rows, columns=["baseline", "score", "seconds", "description"])
    return _choose(table, models, score)


def _choose(table: pd.DataFrame, models: Mapping[str, FittedModel], score: Score) -> Baselines:
    ordered = table.sort_values("score", ascending=not score.greater_is_better, na_position="last", kind="stable")
    ordered = ordered.reset_index(drop=True)
    if not is_better(score, float(ordered["score"].to_numpy()[0]), float("nan")):
        raise ModelError(
            "no baseline can be scored on the validation rows",
            expected=f"a value of {score.name}",
            got="NaN for every baseline",
            advice="see that the validation split has enough rows and more than one class",
        )
    ordered["best"] = ordered.index == 0
    ordered["rank"] = ordered.index
    return Baselines(ordered, score.name, models[str(ordered["baseline"].iloc[0])])


def _makers(train: Samples, goal: Goal) -> dict[str, tuple[str, Callable[[], FittedModel]]]:
    """Each baseline's description, and how it is made; the decisions read as a list."""
    small = cap_rows(train, MOST_ROWS, goal)
    y = train.y
    makers: dict[str, tuple[str, Callable[[], FittedModel]]] = {}
    if goal.is_classification:
        makers["prior"] = (
            "shares of the classes for every row",
            lambda: _constant(train, goal, _level(y, goal, train.weight)),
        )
        makers["random"] = "random probabilities", lambda: _chance(train, goal)
    if goal.kind is Kind.REGRESSION:
        makers["mean"] = "the mean for every row", lambda: _constant(train, goal, _level(y, goal, train.weight))
        makers["median"] = "the median for every row", lambda: _constant(train, goal, [_median(y, train.weight)])
        makers["random"] = "values of training rows, drawn at random", lambda: _chance(train, goal)
    if goal.kind is Kind.RANKING:
        makers["random"] = "any order", lambda: _chance(train, goal)
        makers["single_feature"] = "the feature that goes most with relevance", lambda: _single(small, goal)
    elif train.time is not None:
        newest = _newest(train, train.time)
        makers["persistence"] = (
            f"the level of the newest {NEWEST_SHARE:.0%} of training rows",
            lambda: _constant(train, goal, _level(newest.y, goal, newest.weight)),
        )
    makers["linear"] = f"linear model on {len(small.y)} rows", lambda: _linear(small, goal)
    makers["tree"] = f"tree of depth {TREE_PARAMETERS['max_depth']} on {len(small.y)} rows", lambda: _tree(small, goal)
    return makers


def _level(y: np.ndarray, goal: Goal, weight: np.ndarray | None) -> list[float]:
    if goal.kind is Kind.MULTICLASS:
        counts = np.bincount(y.astype(int), weights=weight, minlength=goal.classes)
        return [float(share) for share in counts / (len(y) if weight is None else weight.sum())]
    return [float(np.average(y, weights=weight))]


def _median(y: np.ndarray, weight: np.ndarray | None) -> float:
    if weight is None:
        return float(np.median(y))
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(weight[order])
    return float(y[order[np.searchsorted(reached, reached[-1] / 2)]])


def _newest(train: Samples, when: np.ndarray) -> Samples:
    return train.take(np.argsort(when, kind="stable")[-max(1, round(len(train) * NEWEST_SHARE)) :])


def _constant(train: Samples, goal: Goal, value: list[float]) -> FittedModel:
    return _simple(ConstantModel, train, goal, {"value": value})


def _chance(train: Samples, goal: Goal) -> FittedModel:
    quantiles = np.quantile(train.y, np.linspace(0, 1, 101)).tolist() if goal.kind is Kind.REGRESSION else []
    return _simple(ChanceModel, train, goal, {"value": quantiles})


def _single(train: Samples, goal: Goal) -> FittedModel:
    """The feature with the greatest absolute correlation with relevance, in its direction."""
    values = train.matrix.values.astype(np.float64)  # noqa: PD011 - a field of FeatureMatrix, not pandas
    known = ~np.isnan(values)
    means = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - means, 0)
    together = centred.T @ (train.y - train.y.mean())
    spread = np.sqrt((centred**2).sum(axis=0))
    strength = np.divide(together, spread, out=np.zeros_like(together), where=spread > 0)
    best = int(np.argmax(np.abs(strength)))
    sign = -1.0 if strength[best] < 0 else 1.0
    return _simple(SingleFeatureModel, train, goal, {"feature": [float(best)], "sign": [sign]})


def _simple(model: type[SimpleModel], train: Samples, goal: Goal, state: Mapping[str, list[float]]) -> FittedModel:
    facts = ModelFacts(
        model.family_name,
        goal,
        names=tuple(train.matrix.names),
        categorical=tuple(train.matrix.categorical),
        parameters={},
        iterations=1,
        rows=len(train.y),
    )
    return model(facts, state)


def _linear(train: Samples, goal: Goal) -> FittedModel:
    family = get_family("linear")
    parameters = family.default_parameters(len(train.y), goal)
    return family.fit(family.prepare(train, None, goal, parameters), parameters, Rounds(most=LINEAR_ROUNDS)).model


def _tree(train: Samples, goal: Goal) -> FittedModel:
    family = get_family("random_forest")
    return family.fit(family.prepare(train, None, goal, TREE_PARAMETERS), TREE_PARAMETERS, Rounds(most=1)).model
