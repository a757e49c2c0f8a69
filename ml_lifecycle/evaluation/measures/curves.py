"""Metrics that depend on an order: areas under the ROC and the precision-recall curve, gain, lift, the median error.

Each comes as a value, for weighted rows (quick per resample, since the order is found once), and as a first-order
approximation by the influence of each row. Metrics that are functions of sums live in the other `*_measures`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml_lifecycle.evaluation.measures.forms import Linear, Ordered, Scored, Weigh, divide


class _Steps:
    """Rows in the order of falling score, tied rows as one step.

    Args:
        score: Shape (n,).
        positive: 1 for positive rows, 0 else, shape (n,).
    """

    def __init__(self, score: np.ndarray, positive: np.ndarray) -> None:
        self.order = np.argsort(-score, kind="stable")
        self.positive = positive[self.order].astype(np.float64)
        falling = score[self.order]
        first = np.r_[True, falling[1:] != falling[:-1]]
        self.starts = np.flatnonzero(first)
        self.step = np.cumsum(first) - 1  # of each row, in order

    def sum(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights of positive and negative rows per step, shape (c, steps) each; weights (c, n) in the rows' order."""
        ordered = weights[:, self.order]
        positive = ordered * self.positive
        negative = ordered - positive
        if len(self.starts) == len(self.order):
            return positive, negative
        return np.add.reduceat(positive, self.starts, axis=1), np.add.reduceat(negative, self.starts, axis=1)

    def is_positive(self) -> np.ndarray:
        """1 for positive rows, in the rows' own order."""
        out = np.empty(len(self.order))
        out[self.order] = self.positive
        return out

    def back(self, values: np.ndarray) -> np.ndarray:
        """From values per step to values per row, in the rows' own order."""
        out = np.empty(len(self.order))
        out[self.order] = values[self.step]
        return out


def _roc_of_steps(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """The chance that a positive row scores above a negative one, half for ties."""
    above = np.cumsum(positive, axis=1) - positive / 2
    total = positive.sum(axis=1) * negative.sum(axis=1)
    return divide(np.einsum("ij,ij->i", above, negative), total)


def _precision_of_steps(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Average precision: the mean, over positive rows, of the precision at their score."""
    found = np.cumsum(positive, axis=1)
    precision = divide(found, found + np.cumsum(negative, axis=1), 0)
    return divide(np.einsum("ij,ij->i", precision, positive), found[:, -1])


def _roc_influence(steps: _Steps) -> Linear:
    """DeLong's placement values: for each row the share of the other class that it is ranked rightly against."""
    positive, negative = (part[0] for part in steps.sum(np.ones((1, len(steps.order)))))
    above = np.cumsum(positive) - positive / 2
    below = negative.sum() - np.cumsum(negative) + negative / 2
    is_positive = steps.is_positive()
    of_positive = steps.back(divide(below, negative.sum(), 0))
    of_negative = steps.back(divide(above, positive.sum(), 0))
    value = float(divide(np.asarray(above @ negative), np.asarray(positive.sum() * negative.sum())))
    rest = 1 - is_positive
    rows = np.column_stack([is_positive * of_positive, is_positive, rest * of_negative, rest])

    def combine(sums: np.ndarray) -> np.ndarray:
        return np.asarray(divide(sums[..., 0], sums[..., 1]) + divide(sums[..., 2], sums[..., 3]) - value)

    return Linear(rows, combine)


def _precision_influence(steps: _Steps) -> Linear:
    """The derivative of the average precision by each row's weight (infinitesimal jackknife, Jaeckel 1972)."""
    positive, negative = (part[0] for part in steps.sum(np.ones((1, len(steps.order)))))
    found = np.cumsum(positive)
    seen = found + np.cumsum(negative)
    precision, total = found / seen, positive.sum()
    value = float(divide(np.asarray(precision @ positive), np.asarray(total)))
    # a row adds to the count of every step at or below its own score: sums from its step to the end
    later_hit = np.cumsum((positive * (1 - precision) / seen)[::-1])[::-1]
    later_miss = np.cumsum((positive * precision / seen)[::-1])[::-1]
    hit = divide(precision - value + later_hit, np.asarray(total))
    miss = divide(-later_miss, np.asarray(total))
    influence = np.where(steps.is_positive() == 1, steps.back(hit), steps.back(miss))
    return Linear(influence[:, None], lambda sums: value + sums[..., 0])


def _curve(of_steps: Callable[[np.ndarray, np.ndarray], np.ndarray], influence: Callable[[_Steps], Linear]) -> Ordered:
    """A curve's area; with k classes the mean over the classes that occur, each against the rest."""

    def steps_of(scored: Scored) -> list[_Steps]:
        y = scored.y.astype(np.intp, copy=False)
        if scored.p.ndim == 1:
            return [_Steps(scored.p, y == 1)]
        return [_Steps(scored.p[:, k], y == k) for k in np.unique(y)]

    def weigh(scored: Scored) -> Weigh:
        per_class = steps_of(scored)
        return lambda weights: _mean_of([of_steps(*steps.sum(weights)) for steps in per_class])

    def value(scored: Scored) -> float:
        return float(weigh(scored)(np.ones((1, len(scored.y))))[0])

    def linear(scored: Scored) -> Linear:
        parts = [influence(steps) for steps in steps_of(scored)]
        width = parts[0].rows.shape[1]

        def combine(sums: np.ndarray) -> np.ndarray:
            pieces = (sums[..., place * width : (place + 1) * width] for place in range(len(parts)))
            return _mean_of([part.combine(piece) for part, piece in zip(parts, pieces, strict=True)])

        return Linear(np.hstack([part.rows for part in parts]), combine)

    return Ordered(value, weigh, linear)


def _mean_of(values: list[np.ndarray]) -> np.ndarray:
    """The mean over classes, without those that a resample has lost; NaN where none is left."""
    stacked = np.stack(values)
    there = ~np.isnan(stacked)
    return divide(np.where(there, stacked, 0).sum(axis=0), there.sum(axis=0))


def _taken(total: np.ndarray, share: float) -> np.ndarray:
    """How much of each step is among the first rows, as a share of the step; shape (c, steps) as the total."""
    cumulated = np.cumsum(total, axis=1)
    return divide(np.clip(share * cumulated[:, -1:] - (cumulated - total), 0, total), total, 0)


def _gain_of_steps(positive: np.ndarray, negative: np.ndarray, share: float) -> np.ndarray:
    captured = np.einsum("ij,ij->i", positive, _taken(positive + negative, share))
    return divide(captured, positive.sum(axis=1))


def _gain_influence(steps: _Steps, share: float) -> tuple[float, np.ndarray]:
    """The gain, and its derivative by each row's weight.

    A row moves the cut by its weight: what comes in there has the share of positives near the cut, which is estimated
    over n^(2/3) rows, the rate that balances bias and variance of a density.
    """
    positive, negative = steps.sum(np.ones((1, len(steps.order))))
    value = float(_gain_of_steps(positive, negative, share)[0])
    n, cut = len(steps.order), share * len(steps.order)
    reach = max(1.0, min(n ** (2 / 3) / 2, cut, n - cut))
    near = steps.positive[int(max(cut - reach, 0)) : int(np.ceil(cut + reach))].mean()
    of_row, taken = steps.is_positive(), steps.back(_taken(positive + negative, share)[0])
    return value, divide(taken * (of_row - near) + near * share - value * of_row, of_row.sum())


def _first_rows(share: float, factor: float) -> Ordered:
    def weigh(scored: Scored) -> Weigh:
        steps = _Steps(scored.p, scored.y == 1)
        return lambda weights: factor * _gain_of_steps(*steps.sum(weights), share)

    def value(scored: Scored) -> float:
        return float(weigh(scored)(np.ones((1, len(scored.y))))[0])

    def linear(scored: Scored) -> Linear:
        gained, rows = _gain_influence(_Steps(scored.p, scored.y == 1), share)
        return Linear(rows[:, None], lambda sums: factor * (gained + sums[..., 0]))

    return Ordered(value, weigh, linear)


def gain(share: float) -> Ordered:
    """The share of all positive rows that are among the rows of the highest scores; tied rows count in part.

    Args:
        share: How many rows are looked at, as a share of all.
    """
    return _first_rows(share, 1.0)


def lift(share: float) -> Ordered:
    """How much more frequent positive rows are among the rows of the highest scores than among all.

    Args:
        share: How many rows are looked at, as a share of all.
    """
    return _first_rows(share, 1 / share)


def _absolute_error(scored: Scored) -> np.ndarray:
    return np.asarray(np.abs(scored.y - scored.p))


def _weigh_median(scored: Scored) -> Weigh:
    error = _absolute_error(scored)
    order = np.argsort(error)
    rising = error[order]

    def weigh(weights: np.ndarray) -> np.ndarray:
        cumulated = np.cumsum(weights[:, order], axis=1)
        half = cumulated[:, -1:] / 2
        lower = rising[np.argmax(cumulated >= half, axis=1)]
        upper = rising[np.argmax(cumulated > half, axis=1)]
        return np.asarray((lower + upper) / 2)

    return weigh


def _median_influence(scored: Scored) -> Linear:
    """(1/2 - 1[error below median]) / density at the median, the density by a difference quotient of quantiles."""
    error = _absolute_error(scored)
    n, median = len(error), float(np.median(error))
    half_width = min(0.49, n ** (-1 / 3))  # the rate of Hall and Sheather (1988)
    low, high = np.quantile(error, [0.5 - half_width, 0.5 + half_width])
    slope = (high - low) / (2 * half_width)
    influence = (0.5 - (error < median) - 0.5 * (error == median)) * slope / n
    return Linear(influence[:, None], lambda sums: median + sums[..., 0])


ROC_AUC = _curve(_roc_of_steps, _roc_influence)
PR_AUC = _curve(_precision_of_steps, _precision_influence)
MEDIAN_AE = Ordered(lambda scored: float(np.median(_absolute_error(scored))), _weigh_median, _median_influence)
