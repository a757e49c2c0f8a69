"""The loss of a row, by the kind of problem, and what its prediction lets expect of it."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.measures.forms import Sums, ratio
from ml_lifecycle.evaluation.metrics import METRICS, Metric
from ml_lifecycle.evaluation.slicing.foreseen import foreseen_losses

_CLASSES = (Kind.BINARY, Kind.MULTICLASS)


def loss_of(metric: Metric, kind: Kind) -> Metric:
    """The metric whose mean is watched row by row where this one is the primary metric.

    The squared error of probabilities for classes, since it is bounded: one confident mistake does not hide a
    thousand. For numbers that of the primary metric, if it is a mean of losses, else the squared error. In ranking the
    metric itself, by query.

    >>> from ml_lifecycle.evaluation.metrics import get_metric
    >>> [loss_of(get_metric(name), Kind.REGRESSION).name for name in ("rmse", "mae", "r2")]
    ['mse', 'mae', 'mse']
    """
    if kind in _CLASSES:
        return METRICS["brier"]
    if kind is Kind.RANKING:
        return metric.row_metric
    own = metric.row_metric
    return own if isinstance(own.function, Sums) and own.function.combine is ratio else METRICS["mse"]


def row_losses(loss: Metric, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> np.ndarray:
    """How wrong each row is, shape (n,); NaN where a row does not count. In ranking a query's is on its first row."""
    return np.asarray(loss.row_losses(loss.score(y, predictions, query)), dtype=np.float64)


def foreseen_of_probabilities(loss: Metric, kind: Kind, predictions: np.ndarray) -> np.ndarray | None:
    """The loss of each row that its probabilities let expect, shape (n,); None where there are no probabilities."""
    if kind not in _CLASSES:
        return None
    return foreseen_losses(loss, loss.score(np.zeros(len(predictions), dtype=np.int64), predictions))
