"""Baselines that read no feature or one, and how the levels they predict are computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import FittedModel, Goal, ModelFacts
from ml_lifecycle.modeling.estimators.simple import ChanceModel, ConstantModel, SimpleModel, SingleFeatureModel
from ml_lifecycle.modeling.samples import Samples

#: Regression: quantiles of the training target that chance draws from, and those it draws between.
_QUANTILES = np.linspace(0, 1, 101)
_BETWEEN = (0.01, 0.99)


def class_shares(y: np.ndarray, classes: int, weight: np.ndarray | None = None) -> np.ndarray:
    """Share of each class, by weight; shape (classes,)."""
    counts = np.bincount(y.astype(np.intp), weights=weight, minlength=classes)
    return np.asarray(counts / counts.sum())


def level(y: np.ndarray, goal: Goal, weight: np.ndarray | None = None) -> list[float]:
    """The figures a constant model predicts: the mean, the positive share, or the share of each class."""
    if goal.kind is Kind.MULTICLASS:
        return [float(share) for share in class_shares(y, goal.classes, weight)]
    return [float(np.average(y, weights=weight))]


def median(y: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The median, or the value that half of the weight lies at or below."""
    if weight is None:
        return float(np.median(y))
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(weight[order])
    return float(y[order[np.searchsorted(reached, reached[-1] / 2)]])


def newest_rows(train: Samples, when: np.ndarray, share: float) -> Samples:
    """The newest share of the rows, at least one."""
    return train.take(np.argsort(when, kind="stable")[-max(1, round(len(train) * share)) :])


def constant(train: Samples, goal: Goal, value: list[float]) -> FittedModel:
    """The same prediction for every row."""
    return _simple(ConstantModel, train, goal, {"value": value})


def most_frequent(train: Samples, goal: Goal) -> FittedModel:
    """The most frequent class, named with the greatest certainty that log loss allows on so many rows."""
    top = int(class_shares(train.y, goal.classes, train.weight).argmax())
    sure = _certainty(train, goal)
    if goal.kind is not Kind.MULTICLASS:
        return constant(train, goal, [sure if top == 1 else 1 - sure])
    others = (1 - sure) / (goal.classes - 1)
    return constant(train, goal, [sure if code == top else others for code in range(goal.classes)])


def stratified(train: Samples, goal: Goal) -> FittedModel:
    """Draws from the training rows: a class by its share, or one of the quantiles of the target."""
    if goal.kind is Kind.REGRESSION:
        return _simple(ChanceModel, train, goal, {"value": np.quantile(train.y, _QUANTILES).tolist()})
    shares = class_shares(train.y, goal.classes, train.weight).tolist()
    return _simple(ChanceModel, train, goal, {"shares": shares, "sure": [_certainty(train, goal)]})


def uniform(train: Samples, goal: Goal) -> FittedModel:
    """Draws what is equally likely: any probabilities, any order, or any number of the usual range."""
    between = np.quantile(train.y, _BETWEEN).tolist() if goal.kind is Kind.REGRESSION else []
    return _simple(ChanceModel, train, goal, {"range": between} if between else {})


def single_feature(train: Samples, goal: Goal) -> FittedModel:
    """The feature with the greatest absolute correlation with relevance, in its direction."""
    values = train.matrix.values.astype(np.float64)
    known = ~np.isnan(values)
    means = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - means, 0)
    together = centred.T @ (train.y - train.y.mean())
    spread = np.sqrt((centred**2).sum(axis=0))
    strength = np.divide(together, spread, out=np.zeros_like(together), where=spread > 0)
    best = int(np.argmax(np.abs(strength)))
    sign = -1.0 if strength[best] < 0 else 1.0
    return _simple(SingleFeatureModel, train, goal, {"feature": [float(best)], "sign": [sign]})


def _certainty(train: Samples, goal: Goal) -> float:
    """As if every other class had been seen once more: a probability of 0 would make one error infinitely bad."""
    return 1 - (goal.classes - 1) / (len(train) + goal.classes)


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
