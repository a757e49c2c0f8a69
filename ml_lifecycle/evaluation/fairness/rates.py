"""What is compared between groups of people: rates of each group, and how far two of them surely are apart.

Which groups there are, and the tables, live in `assessment`; the named measures of the literature in `measures`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isnan, nan, sqrt

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.inference.intervals import Interval, effective_rows, expanded, wilson
from ml_lifecycle.evaluation.inference.resampling import Units, influence, standard_error
from ml_lifecycle.evaluation.measures.forms import Linear, Scored, ratio
from ml_lifecycle.evaluation.measures.labels import codes, label


@dataclass(frozen=True, slots=True)
class Rate:
    """One quantity per row that is averaged: over counted rows the mean of `of`.

    Args:
        name: Its name in the tables.
        of: The quantity, shape (n,).
        counted: Which rows count, shape (n,).
        is_share: Whether the mean is a share of rows.
        compared: Whether groups are held to be alike in it; else it is only reported.
    """

    name: str
    of: np.ndarray
    counted: np.ndarray
    is_share: bool = True
    compared: bool = True


@dataclass(frozen=True, slots=True)
class GroupRate:
    """A rate in one group: its mean, its standard error, and how many independent rows that is worth."""

    rows: int
    value: float
    error: float
    worth: float
    is_share: bool
    judged: bool

    def interval(self, tail: float) -> Interval:
        """With so much probability beyond each end."""
        if isnan(self.value) or self.worth < 2:  # noqa: PLR2004 - one row says nothing about another
            return Interval(self.value, nan, nan)
        if self.is_share:
            return wilson(self.value, self.worth, tail=tail)
        reach = expanded(1 - tail, int(self.worth)) * self.error
        return Interval(self.value, self.value - reach, self.value + reach)

    def as_row(self, tail: float) -> tuple[int, float, float, float, bool]:
        """What the table shows of it."""
        shown = self.interval(tail)
        return self.rows, shown.value, shown.low, shown.high, self.judged


def rates_of(scored: Scored, kind: Kind) -> list[Rate]:
    """The rates of a kind of problem, those that are compared and those that are only reported."""
    every = np.ones(len(scored.y), dtype=bool)
    if kind is Kind.REGRESSION:
        spread = float(np.std(scored.y))
        return [Rate("mean_error", (scored.p - scored.y) / (spread or 1.0), every, is_share=False)]
    if kind is Kind.RANKING:
        return [Rate("exposure", 1 / np.log2(_places(scored) + 2), every, is_share=False)]
    return list(_class_rates(scored, every))


def measure_group(rate: Rate, rows: np.ndarray, independent: np.ndarray | None, min_rows: int) -> GroupRate:
    """A rate in the rows of one group.

    Args:
        rate: The rate.
        rows: Which rows are of the group, shape (n,).
        independent: Unit of each row where rows are not independent, shape (n,).
        min_rows: A group of fewer (independent) rows is not judged.
    """
    counted = rows & rate.counted
    n = int(counted.sum())
    if n == 0:
        return GroupRate(0, nan, nan, 0, rate.is_share, judged=False)
    values = rate.of[counted].astype(np.float64)
    units = Units.of(n, None if independent is None else independent[counted])
    figures = np.column_stack([values, np.ones(n)])
    if rate.is_share:
        worth, error = effective_rows(figures, units), nan
    else:
        worth, error = float(units.count), standard_error(influence(Linear(figures, ratio), units))
    return GroupRate(n, float(values.mean()), error, worth, rate.is_share, judged=min(n, worth) >= min_rows)


def find_sure_gap(higher: GroupRate, lower: GroupRate, tail: float) -> float:
    """What of a gap is beyond chance: the lower bound of the difference, at least 0.

    Newcombe's interval (1998, method 10) for shares, Welch's for means.
    """
    gap = higher.value - lower.value
    if not higher.is_share:
        worth = int(min(higher.worth, lower.worth))  # fewer degrees of freedom than Welch's: the careful side
        return max(0.0, gap - expanded(1 - tail, worth) * sqrt(higher.error**2 + lower.error**2))
    below = higher.value - higher.interval(tail).low
    above = lower.interval(tail).high - lower.value
    return max(0.0, gap - sqrt(below**2 + above**2))


def bound_difference(higher: Interval, lower: Interval) -> Interval:
    """The difference of two independent values, from their own intervals (Zou and Donner 2008).

    >>> str(bound_difference(Interval(0.5, 0.4, 0.6), Interval(0.3, 0.25, 0.37)))
    '0.2000 [0.0779, 0.3118]'
    """
    gap = higher.value - lower.value
    down = sqrt((higher.value - higher.low) ** 2 + (lower.high - lower.value) ** 2)
    up = sqrt((higher.high - higher.value) ** 2 + (lower.value - lower.low) ** 2)
    return Interval(gap, gap - down, gap + up)


def bound_ratio(above: Interval, below: Interval) -> Interval:
    """The ratio of two independent values of at least 0, from their own intervals (Donner and Zou 2012).

    NaN where the lower value is divided by is zero; without an upper end (infinite) where it may be zero.

    >>> str(bound_ratio(Interval(0.3, 0.25, 0.37), Interval(0.5, 0.4, 0.6)))
    '0.6000 [0.4636, 0.8148]'
    """
    a, b = above, below
    if b.value <= 0:
        return Interval(nan, nan, nan)
    product = a.value * b.value
    low = product - sqrt(max(0.0, product**2 - a.low * b.high * (2 * a.value - a.low) * (2 * b.value - b.high)))
    under = b.high * (2 * b.value - b.high)
    low = low / under if under > 0 else 0.0
    if b.low <= 0:
        return Interval(a.value / b.value, max(0.0, low), inf)
    high = product + sqrt(max(0.0, product**2 - a.high * b.low * (2 * a.value - a.high) * (2 * b.value - b.low)))
    return Interval(a.value / b.value, max(0.0, low), high / (b.low * (2 * b.value - b.low)))


def _class_rates(scored: Scored, every: np.ndarray) -> Iterator[Rate]:
    predicted, true = label(scored), codes(scored)
    for code in [1] if scored.p.ndim == 1 else range(scored.p.shape[1]):
        suffix = "" if scored.p.ndim == 1 else f" of class {code}"
        selected, is_class = predicted == code, true == code
        yield Rate(f"selection_rate{suffix}", selected, every)
        yield Rate(f"true_positive_rate{suffix}", selected, is_class)
        yield Rate(f"false_positive_rate{suffix}", selected, ~is_class)
        yield Rate(f"false_negative_rate{suffix}", ~selected, is_class, compared=False)
        yield Rate(f"precision{suffix}", is_class, selected, compared=False)
    yield Rate("accuracy", predicted == true, every, compared=False)


def _places(scored: Scored) -> np.ndarray:
    """The place of each row in its query, 0 for the first."""
    query = np.zeros(len(scored.p)) if scored.query is None else scored.query
    return pd.Series(-scored.p).groupby(query).rank(method="average").to_numpy() - 1
