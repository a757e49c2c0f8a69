"""`Score`: what training, tuning and baselines ask of a metric. The metrics themselves live in `evaluation/metrics`."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Score(Protocol):
    """A figure of merit that is handed in, because this room may not import the room that defines it."""

    @property
    def name(self) -> str:
        """The metric's name, such as `roc_auc`."""
        ...

    @property
    def greater_is_better(self) -> bool:
        """Whether a larger value is a better one."""
        ...

    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        """Score predictions.

        Args:
            y: Encoded targets, shape (n,).
            predictions: Shape (n,), or (n, k) probabilities for k classes.
            query: Query code of each row, shape (n,); ranking only.
        """
        ...


def is_better(score: Score, a: float, b: float) -> bool:
    """Whether value `a` is strictly better than value `b`, whatever the direction of the score.

    NaN is never better than anything, and any number is better than NaN.
    """
    if np.isnan(a) or np.isnan(b):
        return bool(not np.isnan(a) and np.isnan(b))
    return a > b if score.greater_is_better else a < b
