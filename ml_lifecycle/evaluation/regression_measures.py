"""Regression metrics that are functions of sums. The median error depends on an order: it lives in `curve_measures`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml_lifecycle.evaluation.measures import Scored, Sums, divide, ratio


def _mean_of(loss: Callable[[Scored], np.ndarray]) -> Callable[[Scored], np.ndarray]:
    def figures(scored: Scored) -> np.ndarray:
        return np.column_stack([loss(scored), np.ones(len(scored.y))])

    return figures


def _squared(scored: Scored) -> np.ndarray:
    return np.asarray(np.square(scored.y - scored.p))


def _absolute(scored: Scored) -> np.ndarray:
    return np.asarray(np.abs(scored.y - scored.p))


def _relative(scored: Scored) -> np.ndarray:
    """The absolute error over the target; rows with target zero have none and do not count."""
    counted = scored.y != 0
    return np.column_stack([divide(_absolute(scored), np.abs(scored.y), 0), counted])


def _spreads(scored: Scored) -> np.ndarray:
    # about the mean: R2 does not change, and the difference of squares below loses no digits
    y = scored.y - scored.y.mean()
    return np.column_stack([_squared(scored), y**2, y, np.ones(len(y))])


def _r2(sums: np.ndarray) -> np.ndarray:
    spread = sums[..., 1] - divide(sums[..., 2] ** 2, sums[..., 3])
    return 1 - divide(sums[..., 0], np.where(spread > 0, spread, 0))


_SQUARED = _mean_of(_squared)

MSE = Sums(_SQUARED, ratio)
RMSE = Sums(_SQUARED, lambda sums: np.sqrt(ratio(sums)))
MAE = Sums(_mean_of(_absolute), ratio)
MAPE = Sums(_relative, ratio)
R2 = Sums(_spreads, _r2)
