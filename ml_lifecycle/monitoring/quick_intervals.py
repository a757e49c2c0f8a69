"""Intervals of several metrics of the same rows in one go, for windows by the thousand.

Like those that `evaluation/inference/quick_intervals` gives one at a time: the jackknife with Student's t, Wilson's for
shares, DeLong's variance for the area under the ROC curve. Figures that several metrics are made of are counted once.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import nan, sqrt

import numpy as np

from ml_lifecycle.evaluation.inference.intervals import Interval, expanded, share_interval
from ml_lifecycle.evaluation.inference.resampling import Units, influence, standard_error
from ml_lifecycle.evaluation.measures.curves import ROC_AUC
from ml_lifecycle.evaluation.measures.forms import Linear, Scored, Sums
from ml_lifecycle.evaluation.metrics import Metric

_FEWEST = 2  # units, below which there is no error


def quick_intervals(metrics: Iterable[Metric], scored: Scored, *, confidence: float) -> dict[str, Interval]:
    """Value and interval of each metric, by name.

    Args:
        metrics: What to compute; their thresholds are those of the scored rows.
        scored: Truth and predictions; queries are the units where there are any.
        confidence: Level of the two-sided intervals.
    """
    units = Units.of(len(scored.y), scored.query)
    figures: dict[object, np.ndarray] = {}
    return {metric.name: _interval(metric, scored, units, figures, confidence) for metric in metrics}


def _interval(
    metric: Metric, scored: Scored, units: Units, figures: dict[object, np.ndarray], confidence: float
) -> Interval:
    function = metric.function
    if isinstance(function, Sums):
        share = function.share(scored) if function.share else None
        if share is not None:
            return share_interval(share, units, confidence=confidence)
        if function.figures not in figures:
            figures[function.figures] = function.figures(scored)
        linear = Linear(figures[function.figures], function.combine)
    elif function is ROC_AUC and scored.p.ndim == 1:
        return _area(scored, confidence)
    else:
        linear = function.linear(scored)
    value = float(linear.combine(linear.rows.sum(axis=0)))
    if units.count < _FEWEST:
        return Interval(value, nan, nan)
    reach = -expanded((1 - confidence) / 2, units.count) * standard_error(influence(linear, units))
    return Interval(value, value - reach, value + reach)


def _area(scored: Scored, confidence: float) -> Interval:
    """The area with the variance of its placement values (DeLong, DeLong and Clarke-Pearson 1988)."""
    positive = scored.y == 1
    above, below = np.sort(scored.p[positive]), np.sort(scored.p[~positive])
    if len(above) == 0 or len(below) == 0:
        return Interval(nan, nan, nan)
    right = _placed(below, above) / len(below)
    value = float(right.mean())
    if min(len(above), len(below)) < _FEWEST:
        return Interval(value, nan, nan)
    left = 1 - _placed(above, below) / len(above)
    error = sqrt(float(right.var(ddof=1)) / len(above) + float(left.var(ddof=1)) / len(below))
    reach = -expanded((1 - confidence) / 2, len(scored.y)) * error
    return Interval(value, value - reach, value + reach)


def _placed(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How many of the others lie below each value, half for ties; both in rising order."""
    return (np.searchsorted(others, values, side="left") + np.searchsorted(others, values, side="right")) / 2
