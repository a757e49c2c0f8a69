"""Predictions as the decisions that are made of them: so that metrics of labels judge what is served.

How a decision is chosen lives in `modeling/threshold`, `modeling/decision` and `fairness/mitigation`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.metrics import Metric

#: From predictions and the raw rows they are of to class codes, as `modeling.decision.Decision.codes`.
Decide: TypeAlias = Callable[[np.ndarray, pd.DataFrame], np.ndarray]
#: Metrics of what a row is called; all others read the probability itself.
BY_LABEL: Final = frozenset(
    {"accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1_macro", "f1_weighted", "mcc", "cost"}
)


def as_decided(p: np.ndarray, codes: np.ndarray, threshold: float) -> np.ndarray:
    """Predictions that a metric at the threshold reads as these classes; only for metrics of labels.

    Args:
        p: Probabilities, shape (n,), or (n, k) for k classes.
        codes: The class of each row, shape (n,).
        threshold: Binary: what the metric calls positive.

    Returns:
        Shape of `p`: moved to the right side of the threshold where it lies on the wrong one; of several classes, 1
        for the one that is decided.

    >>> as_decided(np.array([0.3, 0.6, 0.9]), np.array([1, 0, 1]), 0.5).round(2).tolist()
    [0.5, 0.5, 0.9]
    """
    if p.ndim > 1:
        return np.asarray(np.eye(p.shape[1])[codes])
    return np.asarray(np.where(codes == 1, np.maximum(p, threshold), np.minimum(p, np.nextafter(threshold, 0))))


def for_metric(p: np.ndarray, rows: pd.DataFrame, metric: Metric, decide: Decide | None) -> np.ndarray:
    """Predictions as a metric is to see them: decided where it counts labels and something was decided."""
    if decide is None or metric.name not in BY_LABEL:
        return p
    return as_decided(p, decide(p, rows), metric.threshold)
