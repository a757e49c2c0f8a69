"""How sure a metric's value is: bootstrap intervals. The draws live in `resampling`, differences in `significance`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np

from ml_lifecycle.evaluation.inference.resampling import Estimate, Units, influence, replicate, standard_error
from ml_lifecycle.evaluation.measures.forms import Linear, Scored, Sums, ratio
from ml_lifecycle.evaluation.metrics import Metric


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the interval it lies in with the confidence that was asked for; NaN where there is none."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Write the interval as a table shows it.

        >>> str(Interval(0.91234, 0.9, 0.92))
        '0.9123 [0.9000, 0.9200]'
        """
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def bootstrap_interval(
    metric: Metric,
    y: np.ndarray,
    p: np.ndarray,
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    resamples: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The interval of one metric; see `bootstrap_intervals`."""
    scored = metric.score(y, p, query)
    return bootstrap_intervals([metric], scored, groups=groups, resamples=resamples, confidence=confidence, seed=seed)[
        metric.name
    ]


def bootstrap_intervals(
    metrics: Sequence[Metric],
    scored: Scored,
    *,
    groups: np.ndarray | None = None,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, Interval]:
    """The intervals of several metrics over the same draws.

    Bias-corrected and accelerated bootstrap (Efron 1987) with the quantiles of Student's t in place of the normal ones
    (the expansion of Hesterberg 2015, for few units). Metrics that are a share of rows take Wilson's interval, with the
    effective number of rows where rows are drawn in groups: a bootstrap of a share near 0 or 1 covers too rarely.

    Args:
        metrics: What to compute.
        scored: Truth and predictions; its threshold counts.
        groups: Group of each row where rows are not independent, shape (n,); queries are groups by themselves.
        resamples: How many draws.
        confidence: Level of the two-sided interval.
        seed: Seed of the draws.
    """
    units = Units.of(len(scored.y), scored.query if groups is None else groups)
    estimates = [Estimate.of(metric, scored) for metric in metrics]
    estimates = _share_figures(metrics, estimates)
    found = replicate(estimates, units, resamples=resamples, seed=seed)
    return {
        metric.name: _interval(metric, scored, estimate, draws, units=units, confidence=confidence)
        for metric, estimate, draws in zip(metrics, estimates, found, strict=True)
    }


def _share_figures(metrics: Sequence[Metric], estimates: Sequence[Estimate]) -> list[Estimate]:
    """Metrics from the same figures per row point at the same array, so that its product is taken once."""
    first: dict[object, np.ndarray] = {}
    shared = []
    for metric, estimate in zip(metrics, estimates, strict=True):
        if not isinstance(metric.function, Sums):
            shared.append(estimate)
            continue
        rows = first.setdefault(metric.function.figures, estimate.linear.rows)
        shared.append(Estimate(estimate.value, type(estimate.linear)(rows, estimate.linear.combine), None))
    return shared


def _interval(
    metric: Metric, scored: Scored, estimate: Estimate, draws: np.ndarray, *, units: Units, confidence: float
) -> Interval:
    share = metric.function.share(scored) if isinstance(metric.function, Sums) and metric.function.share else None
    if share is not None:
        return share_interval(share, units, confidence=confidence)
    tail = (1 - confidence) / 2
    if isinstance(metric.function, Sums) and metric.function.is_distance:
        return _interval_of_distance(estimate.value, units.sum(estimate.linear.rows), draws, tail)
    influences = influence(estimate.linear, units)
    low, high = (quantile(estimate.value, draws, influences, level) for level in (tail, 1 - tail))
    return Interval(estimate.value, low, high)


def quantile(value: float, draws: np.ndarray, influences: np.ndarray, level: float) -> float:
    """One end of a bias-corrected and accelerated bootstrap interval.

    Args:
        value: The estimate.
        draws: Its bootstrap replicates, shape (b,).
        influences: Jackknife influences of the units, shape (m,).
        level: The one-sided level of this end, such as 0.025.
    """
    from scipy import special

    draws = draws[~np.isnan(draws)]
    units = len(influences)
    if isnan(value) or len(draws) < 2 or units < 2:  # noqa: PLR2004 - one unit says nothing about another
        return nan
    below = ((draws < value).sum() + (draws == value).sum() / 2) / len(draws)
    bias = special.ndtri(np.clip(below, 1 / len(draws), 1 - 1 / len(draws)))
    known = influences[~np.isnan(influences)]
    spread = (known**2).sum() ** 1.5
    acceleration = (known**3).sum() / (6 * spread) if spread > 0 else 0.0
    reach = expanded(level, units)
    shifted = bias + (bias + reach) / (1 - acceleration * (bias + reach))
    return float(np.quantile(draws, special.ndtr(shifted)))


def expanded(level: float, units: int) -> float:
    """The normal quantile of a level, stretched for few units as Student's t asks (Hesterberg 2015, 5.3).

    >>> round(expanded(0.025, 10_000), 2), round(expanded(0.025, 10), 2)
    (-1.96, -2.38)
    """
    from scipy import special

    return float(sqrt(units / (units - 1)) * special.stdtrit(units - 1, level))


def _interval_of_distance(value: float, figures: np.ndarray, draws: np.ndarray, tail: float) -> Interval:
    """The basic bootstrap (Davison and Hinkley 1997, 5.2.1), which takes the upward bias of a distance off again.

    Where noise alone would reach the value, the lower end is zero: the distribution at distance zero is that of a sum
    of half-normal variables (the consistency test of Broecker and Smith 2007, in closed form).

    Args:
        value: The distance.
        figures: Per unit, in all columns but the last what sums to the distance's terms, in the last the rows.
        draws: Bootstrap replicates.
        tail: Probability beyond each end.
    """
    from scipy import special

    spread = np.sqrt((figures[:, :-1] ** 2).sum(axis=0)) / figures[:, -1].sum()
    mean, error = np.sqrt(2 / np.pi) * spread.sum(), np.sqrt((1 - 2 / np.pi) * (spread**2).sum())
    low, high = 2 * value - np.nanquantile(draws, [1 - tail, tail])
    if value <= mean - special.ndtri(tail) * error:
        low = 0.0
    return Interval(value, float(np.clip(low, 0, value)), float(max(high, value)))


def share_interval(share: np.ndarray, units: Units, *, confidence: float) -> Interval:
    """Wilson's interval (1927) of a share of rows.

    Args:
        share: Numerator and denominator of each row, 0 or 1, shape (n, 2).
        units: Groups of rows that are not independent lower the effective number of rows (Kish 1965).
        confidence: Level of the two-sided interval.
    """
    hits, rows = share.sum(axis=0)
    if rows == 0:
        return Interval(nan, nan, nan)
    return wilson(float(hits / rows), effective_rows(share, units), tail=(1 - confidence) / 2)


def wilson(value: float, n: float, *, tail: float) -> Interval:
    """Wilson's interval of a share of n independent rows, with so much probability beyond each end.

    >>> str(wilson(1.0, 50, tail=0.025))
    '1.0000 [0.9287, 1.0000]'
    """
    from scipy import special

    z = -float(special.ndtri(tail))
    centre = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    return Interval(value, min(value, max(0.0, centre - half)), max(value, min(1.0, centre + half)))


def effective_rows(share: np.ndarray, units: Units) -> float:
    """How many independent rows would leave a share as uncertain as these grouped ones; at most the rows there are."""
    hits, rows = share.sum(axis=0)
    value = hits / rows
    if units.index is None or value in (0, 1):
        return float(rows) if units.index is None else float(np.count_nonzero(units.sum(share)[:, 1]))
    grouped = units.sum(share)
    error = standard_error(influence(Linear(grouped, ratio), Units(None, len(grouped))))
    return float(min(rows, value * (1 - value) / error**2)) if error > 0 else float(rows)
