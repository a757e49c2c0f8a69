"""Regression metrics that are functions of sums. The median error depends on an order: it lives in `curves`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml_lifecycle.evaluation.measures.forms import Scored, Sums, divide, ratio


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


def _squared_of_logarithms(scored: Scored) -> np.ndarray:
    """(log(1 + prediction) - log(1 + truth))^2; no number for all rows where one has no such logarithm."""
    if min(scored.y.min(), scored.p.min()) <= -1:
        return np.full(len(scored.y), np.nan)
    return np.asarray(np.square(np.log1p(scored.p) - np.log1p(scored.y)))


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
RMSLE = Sums(_mean_of(_squared_of_logarithms), lambda sums: np.sqrt(ratio(sums)))


def quantile_loss(level: float) -> Sums:
    """The pinball loss (Koenker and Bassett 1978), which the quantile of this level makes least.

    Args:
        level: Above 0, below 1.
    """

    def loss(scored: Scored) -> np.ndarray:
        error = scored.y - scored.p
        return np.asarray(np.maximum(level * error, (level - 1) * error))

    return Sums(_mean_of(loss), ratio)


def tweedie_deviance(power: float) -> Sums:
    """The mean deviance of a Tweedie distribution (Jorgensen 1997), as scikit-learn has it.

    No number where a target is negative or a prediction not above zero.

    Args:
        power: Of the variance as a power of the mean: 1 is Poisson, 2 is gamma (targets above zero), between them
            compound Poisson.
    """

    def loss(scored: Scored) -> np.ndarray:
        y, p = scored.y, scored.p
        if p.min() <= 0 or y.min() < 0 or (power == 2 and y.min() == 0):  # noqa: PLR2004 - gamma
            return np.full(len(y), np.nan)
        if power == 1:
            return np.asarray(2 * (y * np.log(np.where(y > 0, y / p, 1)) - y + p))
        if power == 2:  # noqa: PLR2004 - gamma
            return np.asarray(2 * (np.log(p / y) + y / p - 1))
        below, rest = 1 - power, 2 - power
        return np.asarray(2 * (y**rest / (below * rest) - y * p**below / below + p**rest / rest))

    return Sums(_mean_of(loss), ratio)


POISSON_DEVIANCE = tweedie_deviance(1)
