"""The probability from which a row is called positive, chosen on validation rows for the costs of the brief.

How a choice is made sure, and what it consists of, is `threshold`; costs of more than two classes are `decision`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.decision import EVEN
from ml_lifecycle.modeling.threshold import (
    Resampled,
    ThresholdChoice,
    all_between,
    conclude,
    pick_best,
    refuse_one_class,
    thin,
)

#: Resamples; the sums make them cheap.
RESAMPLES = 100


def choose_by_cost(
    y: np.ndarray, p: np.ndarray, costs: np.ndarray, *, before: float = EVEN, seed: int = 0
) -> ThresholdChoice:
    """Choose the threshold with the least mean cost, over all that divide the rows differently.

    The closed form of Elkan (2001) is told beside it: it is the better one where probabilities are calibrated and rows
    few; one far outside `low` to `high` says that they are not calibrated.

    Args:
        y: Class codes, 0 and 1, shape (n,).
        p: Probabilities of the positive class, shape (n,).
        costs: Cost of each true class (row) and predicted class (column), shape (2, 2), see `decision.cost_matrix`.
        before: The threshold in use so far.
        seed: Seed of the resamples.

    Raises:
        ConfigError: The costs make one class the cheaper answer for every row.
        ModelError: There are no rows of both classes.
    """
    refuse_one_class(y)
    closed = closed_form_threshold(costs)
    sums = _CostSums(y, p, costs)
    mean_costs = sums.mean_costs(np.ones(len(y)))
    best = pick_best(sums.tried, -mean_costs, "cost")
    rng = np.random.default_rng(seed)
    found: list[Resampled] = []
    for _ in range(RESAMPLES):
        weights = rng.multinomial(len(y), np.full(len(y), 1 / len(y))).astype(np.float64)
        threshold = pick_best(sums.tried, -sums.mean_costs(weights), "cost")
        found.append(Resampled(threshold, sums.at(threshold, (weights == 0).astype(np.float64))))
    everywhere = np.ones(len(y))
    choice = conclude(best, found, lambda threshold: sums.at(threshold, everywhere), before, sign=-1.0)
    return replace(
        choice,
        curve=thin(sums.tried, mean_costs),
        closed_form=closed,
        closed_form_value=sums.at(closed, everywhere),
    )


def closed_form_threshold(costs: np.ndarray) -> float:
    """The threshold of least expected cost for calibrated probabilities (Elkan 2001, equation 2).

    Args:
        costs: Cost of each true class (row) and predicted class (column), shape (2, 2).

    Raises:
        ConfigError: A wrong answer is not dearer than the right one for both classes.

    >>> closed_form_threshold(np.array([[0.0, 1.0], [4.0, 0.0]]))
    0.2
    """
    false_positive, false_negative = costs[0, 1] - costs[0, 0], costs[1, 0] - costs[1, 1]
    if false_positive <= 0 or false_negative <= 0:
        raise ConfigError(
            "brief.costs do not ask for a threshold",
            expected="for each true class, a wrong answer that costs more than the right one",
            got=f"a false positive that costs {false_positive:g} more, a false negative {false_negative:g} more",
            advice="correct brief.costs (true class first, predicted class below it; a gain is negative)",
        )
    return float(false_positive / (false_positive + false_negative))


class _CostSums:
    """Mean costs at all thresholds, by sums over the rows in the order of their probabilities."""

    def __init__(self, y: np.ndarray, p: np.ndarray, costs: np.ndarray) -> None:
        order = np.argsort(p, kind="stable")
        hit = y[order] == 1
        self.p = p[order]
        self.negative = np.where(hit, costs[1, 0], costs[0, 0])
        self.positive = np.where(hit, costs[1, 1], costs[0, 1])
        self.tried = all_between(p)
        self.below = np.searchsorted(self.p, self.tried, side="left")

    def mean_costs(self, weights: np.ndarray) -> np.ndarray:
        """Mean cost at each of the thresholds; `weights` of the sorted rows, shape (n,)."""
        negative = np.r_[0.0, np.cumsum(weights * self.negative)]
        positive = np.r_[0.0, np.cumsum(weights * self.positive)]
        return np.asarray((negative[self.below] + positive[-1] - positive[self.below]) / weights.sum())

    def at(self, threshold: float, weights: np.ndarray) -> float:
        """Mean cost at one threshold; NaN without rows."""
        if not weights.any():
            return float("nan")
        return float(np.average(np.where(self.p >= threshold, self.positive, self.negative), weights=weights))
