"""Residuals of a regression: bias and spread along the prediction, dependence in time; worst queries of a ranking.

The worst rows of any kind live in `error_analysis`; the pictures in `plots/choice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.inference.resampling import Units, influence, standard_error
from ml_lifecycle.evaluation.inference.time_blocks import autocovariance, means_by_time
from ml_lifecycle.evaluation.measures.forms import Combine, Linear, divide, ratio
from ml_lifecycle.evaluation.metrics import METRICS, Metric

#: Columns of the table by predicted value; error is prediction minus truth.
BIAS_COLUMNS = ("from", "to", "rows", "predicted", "true", "mean_error", "low", "high", "spread")
#: Columns of the table of autocorrelations.
LAG_COLUMNS = ("lag", "value", "low", "high")
#: Columns of the table of checks.
CHECK_COLUMNS = ("check", "value", "low", "high", "found", "meaning")
#: Columns of the table of worst queries.
QUERY_COLUMNS = ("query", "rows", "relevant", "value", "first_relevant")
#: Autocorrelations are shown up to this lag, or to a quarter of the times there are.
MOST_LAGS = 24


@dataclass(frozen=True, slots=True)
class ResidualAnalysis:
    """How the errors of a regression are distributed.

    Args:
        bias: Mean error and spread by bins of the prediction: `BIAS_COLUMNS`.
        autocorrelation: Of the errors in the order of time: `LAG_COLUMNS`; empty without a time.
        checks: Bias, uneven spread and dependence in time, each with its interval and whether it was surely found:
            `CHECK_COLUMNS`.
    """

    bias: pd.DataFrame
    autocorrelation: pd.DataFrame
    checks: pd.DataFrame

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables by name, ready to be stored or shown."""
        return {
            "residual_bias": self.bias,
            "residual_autocorrelation": self.autocorrelation,
            "residual_checks": self.checks,
        }


def analyse_residuals(
    y: np.ndarray,
    p: np.ndarray,
    *,
    time: np.ndarray | pd.Series | None = None,
    groups: np.ndarray | None = None,
    bins: int = 10,
    confidence: float = 0.95,
) -> ResidualAnalysis:
    """Look for what a regression left in its errors: error is prediction minus truth.

    Intervals are the jackknife's with Student's t; those of one table hold together (Bonferroni).

    Args:
        y: Targets, shape (n,).
        p: Predictions, shape (n,).
        time: When each row happened, shape (n,): errors at the same time are averaged, then followed in its order.
        groups: Group of each row where rows are not independent, shape (n,).
        bins: Bins of about equally many rows, by prediction.
        confidence: Level of the two-sided intervals.
    """
    error = np.asarray(p - y, dtype=np.float64)
    tail = (1 - confidence) / 2
    lags = _autocorrelate(np.zeros(0) if time is None else means_by_time(time, error), tail)
    checks = [*_checks(np.asarray(y, dtype=np.float64), p, Units.of(len(error), groups), tail)]
    if len(lags):
        value, low, high = (float(lags[name].iloc[0]) for name in ("value", "low", "high"))
        checks.append(_check(_IN_TIME, value, low, high, 0.0))
    return ResidualAnalysis(
        _bias_by_prediction(y, p, groups, bins, tail), lags, pd.DataFrame(checks, columns=list(CHECK_COLUMNS))
    )


def worst_queries(y: np.ndarray, p: np.ndarray, query: np.ndarray, metric: Metric, *, count: int = 20) -> pd.DataFrame:
    """The queries that a ranking serves worst, worst first.

    Args:
        y: Grades of relevance, shape (n,).
        p: Scores, shape (n,).
        query: Query of each row, shape (n,).
        metric: A metric of ranking; it gives the value of a query.
        count: How many queries.

    Returns:
        The columns of `QUERY_COLUMNS`; `first_relevant` is the place of the first relevant row. Queries in which
        nothing is relevant cannot be served badly: they are left out.
    """
    scored = metric.score(y, p, query)
    losses = metric.row_losses(scored)
    reciprocal = 1 - METRICS["mrr"].row_losses(scored)
    first = np.flatnonzero(np.isfinite(losses))
    chosen = first[np.argsort(-losses[first], kind="stable")[:count]]
    codes = np.unique(query, return_inverse=True)[1].reshape(-1)
    rows, relevant = np.bincount(codes), np.bincount(codes, y > 0)
    found = {
        "query": [str(name) for name in np.asarray(query)[chosen]],
        "rows": rows[codes[chosen]],
        "relevant": relevant[codes[chosen]].astype(np.int64),
        "value": 1 - losses[chosen],
        "first_relevant": np.round(1 / reciprocal[chosen]).astype(np.int64),
    }
    return pd.DataFrame(found, columns=list(QUERY_COLUMNS))


def _bias_by_prediction(
    y: np.ndarray, p: np.ndarray, groups: np.ndarray | None, bins: int, tail: float
) -> pd.DataFrame:
    place = np.searchsorted(np.unique(np.quantile(p, np.arange(1, bins) / bins)), p, side="left")
    found = []
    for code in np.unique(place):
        rows = place == code
        error = p[rows] - y[rows]
        units = Units.of(len(error), None if groups is None else np.asarray(groups)[rows])
        mean, low, high = _of_sums(np.column_stack([error, np.ones(len(error))]), ratio, units, tail / bins)
        inside = p[rows]
        shown = (inside.min(), inside.max(), len(inside), inside.mean(), y[rows].mean())
        found.append((*shown, mean, low, high, error.std(ddof=1) if len(error) > 1 else np.nan))
    return pd.DataFrame(found, columns=list(BIAS_COLUMNS)).astype(
        {name: "int64" if name == "rows" else "float64" for name in BIAS_COLUMNS}
    )


def _checks(y: np.ndarray, p: np.ndarray, units: Units, tail: float) -> list[tuple[object, ...]]:
    ones = np.ones(len(y))
    about, centred = y - y.mean(), p - p.mean()  # slopes and correlations do not change, and no digits are lost
    size = np.abs(p - y)
    place = np.argsort(np.argsort(p)) / len(p)
    mean = _of_sums(np.column_stack([p - y, ones]), ratio, units, tail)
    slope = _of_sums(_moments(centred, about), _slope, units, tail)
    spread = _of_sums(_moments(place, size - size.mean()), _correlation, units, tail)
    return [_check(_BIAS, *mean, 0.0), _check(_SLOPE, *slope, 1.0), _check(_SPREAD, *spread, 0.0)]


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    below: str
    above: str
    none: str


_BIAS = _Check("mean error", "predictions are too low", "predictions are too high", "no bias on the whole")
_SLOPE = _Check(
    "slope of truth on prediction",
    "predictions are spread too widely: high ones too high, low ones too low",
    "predictions are spread too narrowly: high ones too low, low ones too high",
    "high and low predictions are right on average",
)
_SPREAD = _Check(
    "size of error along the prediction",
    "errors are larger where predictions are low",
    "errors are larger where predictions are high: consider a logarithm of the target, or a Poisson objective",
    "errors are about as large for low and for high predictions",
)
_IN_TIME = _Check(
    "autocorrelation in time",
    "errors swing back: a high one is followed by a low one",
    "errors persist in time: lags of the target or of the error would help",
    "errors that follow each other do not depend on each other",
)


def _check(check: _Check, value: float, low: float, high: float, neutral: float) -> tuple[object, ...]:
    meaning = check.below if high < neutral else check.above if low > neutral else check.none
    return check.name, value, low, high, bool(high < neutral or low > neutral), meaning


def _of_sums(figures: np.ndarray, combine: Combine, units: Units, tail: float) -> tuple[float, float, float]:
    """A function of sums, and the ends of its interval."""
    from scipy import special

    linear = Linear(figures, combine)
    value = float(combine(figures.sum(axis=0)))
    influences = influence(linear, units)
    reach = float(special.stdtrit(max(1, len(influences) - 1), 1 - tail)) * standard_error(influences)
    return value, value - reach, value + reach


def _moments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])


def _slope(sums: np.ndarray) -> np.ndarray:
    n, x, y, xx, xy, _ = np.moveaxis(sums, -1, 0)
    return divide(n * xy - x * y, n * xx - x**2)


def _correlation(sums: np.ndarray) -> np.ndarray:
    n, x, y, xx, xy, yy = np.moveaxis(sums, -1, 0)
    return divide(n * xy - x * y, np.sqrt(np.maximum((n * xx - x**2) * (n * yy - y**2), 0)))


def _autocorrelate(series: np.ndarray, tail: float) -> pd.DataFrame:
    """Autocorrelations with the interval that those of independent values have (Bartlett 1946)."""
    from scipy import special

    lags = min(MOST_LAGS, len(series) // 4)
    covariance = autocovariance(series, lags) if lags else np.zeros(0)
    if lags == 0 or covariance[0] == 0:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in LAG_COLUMNS}).astype({"lag": "int64"})
    values = covariance[1:] / covariance[0]
    reach = -float(special.ndtri(tail / lags)) / np.sqrt(len(series))
    return pd.DataFrame({"lag": np.arange(1, lags + 1), "value": values, "low": values - reach, "high": values + reach})
