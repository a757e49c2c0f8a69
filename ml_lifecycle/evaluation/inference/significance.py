"""Whether one model is better than another beyond chance, judged on the same rows.

The paired bootstrap lives here: it takes any metric. Tests of one metric live in `delong` and `mcnemar`, tests over
folds in `fold_tests`, many comparisons at once in `corrections`. What follows (promote or keep) lives in
`comparison/champion`; intervals of a single model live in `intervals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from ml_lifecycle.evaluation.inference.intervals import expanded
from ml_lifecycle.evaluation.inference.resampling import Estimate, Units, influence, replicate, standard_error
from ml_lifecycle.evaluation.measures.forms import Linear
from ml_lifecycle.evaluation.metrics import Metric

#: Fewer draws that allow a value say nothing.
_FEWEST = 25


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """By how much model a is better than model b; positive means better, whatever the metric's direction.

    Args:
        difference: In units of the metric.
        low: Lower end of the two-sided interval.
        high: Upper end.
        p_value: One-sided, against the hypothesis that a is not better (by more than the margin, where one was given).
        a: The metric's value of model a.
        b: That of model b.
    """

    difference: float
    low: float
    high: float
    p_value: float
    a: float
    b: float


def paired_bootstrap(
    metric: Metric,
    y: np.ndarray,
    p_a: np.ndarray,
    p_b: np.ndarray,
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    resamples: int = 500,
    confidence: float = 0.95,
    margin: float = 0.0,
    seed: int = 0,
) -> PairedDifference:
    """Compare two models by drawing the same rows for both.

    The interval reaches as far as the wider of two: the expanded percentile bootstrap, and the jackknife's with
    Student's t. Either alone promotes a model that is no better a little too often for some metrics on few rows;
    together they keep to the level (simulated in the tests), and lose next to no power.

    Args:
        metric: What counts.
        y: Encoded targets, shape (n,).
        p_a: Predictions of model a, shape (n,) or (n, k).
        p_b: Predictions of model b, same shape.
        query: Query of each row, shape (n,); ranking only. Queries are drawn whole.
        groups: Group of each row where rows are not independent, shape (n,). Groups are drawn whole.
        resamples: How many draws.
        confidence: Level of the two-sided interval; for a one-sided test at alpha ask for 1 - 2 alpha and read `low`.
        margin: The p-value is against the hypothesis that a is not better by more than this.
        seed: Seed of the draws.
    """
    a, b = (Estimate.of(metric, metric.score(y, p, query)) for p in (p_a, p_b))
    units = Units.of(len(y), query if groups is None else groups)
    draws_a, draws_b = replicate([a, b], units, resamples=resamples, seed=seed)
    draws = metric.sign * (draws_a - draws_b)
    difference = metric.sign * (a.value - b.value)
    influences = influence(_minus(a.linear, b.linear, metric.sign), units)
    low, high, p_value = _judge(difference, draws[~np.isnan(draws)], influences, (1 - confidence) / 2, margin)
    return PairedDifference(difference, low, high, p_value, a.value, b.value)


def jackknife_difference(
    metric: Metric,
    y: np.ndarray,
    p_a: np.ndarray,
    p_b: np.ndarray,
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> tuple[float, float]:
    """By how much model a is better than model b, and the jackknife standard error of that; quick, without draws."""
    a, b = (Estimate.of(metric, metric.score(y, p, query)) for p in (p_a, p_b))
    units = Units.of(len(y), query if groups is None else groups)
    error = standard_error(influence(_minus(a.linear, b.linear, metric.sign), units))
    return metric.sign * (a.value - b.value), error


def _judge(
    difference: float, draws: np.ndarray, influences: np.ndarray, tail: float, margin: float
) -> tuple[float, float, float]:
    """Both ends and the p-value, each the more careful of bootstrap and jackknife."""
    from scipy import special

    units, error = len(influences), standard_error(influences)
    if isnan(difference) or isnan(error) or len(draws) < _FEWEST:
        return nan, nan, 1.0
    low, high = np.quantile(draws, special.ndtr([expanded(tail, units), expanded(1 - tail, units)]))
    reach = special.stdtrit(units - 1, 1 - tail) * error
    by_t = special.stdtr(units - 1, (margin - difference) / error) if error > 0 else 0.0
    by_draws = (1 + (draws <= margin).sum()) / (1 + len(draws))
    p_value = float(max(by_t, by_draws))
    return float(min(low, difference - reach)), float(max(high, difference + reach)), p_value


def _minus(a: Linear, b: Linear, sign: int) -> Linear:
    width = a.rows.shape[1]

    def combine(sums: np.ndarray) -> np.ndarray:
        return sign * (a.combine(sums[..., :width]) - b.combine(sums[..., width:]))

    return Linear(np.hstack([a.rows, b.rows]), combine)
