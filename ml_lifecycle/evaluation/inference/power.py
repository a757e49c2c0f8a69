"""How many rows a comparison needs, and which gain so many rows can show.

What "better" means at the gates. A candidate is promoted where the lower bound of its gain, at confidence 1 - alpha,
is above the margin. So one that is not better by more than the margin is promoted in at most alpha of cases, whatever
the number of rows; and one that is exactly so much better too, since it lies on the border. What the gate finds
reliably is a gain that is above the margin by the *detectable gain* of the rows: (z[1 - alpha] + z[power]) standard
errors. Turned round: to find a declared smallest gain worth having in `power` of cases, plan the rows for it here, and
leave the margin at 0. `ml_lifecycle_tests/benchmarks/gates.py` proves both rates by simulation.
"""

from __future__ import annotations

from math import ceil, inf, isnan, nan

import numpy as np

from ml_lifecycle.evaluation.inference.significance import jackknife_difference
from ml_lifecycle.evaluation.metrics import Metric

#: The share of real gains of the size asked for that a comparison on enough rows finds.
POWER = 0.8
#: The gate takes the wider of two intervals, which costs so much of the standard error (benchmarks/gates.py).
CARE = 1.05


def detectable_gain(error: float, *, alpha: float, power: float = POWER) -> float:
    """The gain above the margin that is found in `power` of cases.

    Args:
        error: Standard error of the difference on the rows at hand.
        alpha: The chance of promoting what is not better.
        power: The share of cases.

    >>> round(detectable_gain(0.01, alpha=0.05), 3)
    0.026
    """
    from scipy import special

    return float(special.ndtri(1 - alpha) + special.ndtri(power)) * CARE * error


def rows_needed(error: float, rows: int, gain: float, *, alpha: float, power: float = POWER) -> int | None:
    """Rows on which a gain above the margin is found in `power` of cases; None where there is no gain to find.

    Args:
        error: Standard error of the difference on the rows at hand; it falls with the square root of the rows.
        rows: The rows at hand.
        gain: By how much the gain is above the margin.
        alpha: The chance of promoting what is not better.
        power: The share of cases.

    >>> rows_needed(0.01, 1_000, 0.013, alpha=0.05)
    4034
    """
    if gain <= 0 or isnan(error) or isnan(gain):
        return None
    needed = rows * (detectable_gain(error, alpha=alpha, power=power) / gain) ** 2
    return None if needed == inf else ceil(needed)


def plan_rows(
    metric: Metric,
    y: np.ndarray,
    p_a: np.ndarray,
    p_b: np.ndarray,
    gain: float,
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    alpha: float = 0.05,
    power: float = POWER,
) -> int | None:
    """Rows on which a true gain is found in `power` of cases, from two models on rows at hand.

    Args:
        metric: What counts.
        y: Encoded targets of rows at hand, shape (n,).
        p_a: Predictions of model a, such as a first candidate, shape (n,) or (n, k).
        p_b: Predictions of model b, such as the champion.
        gain: The smallest gain worth having, in units of the metric.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        alpha: The chance of promoting what is not better.
        power: The share of cases.
    """
    error = jackknife_difference(metric, y, p_a, p_b, query=query, groups=groups)[1]
    return rows_needed(error, len(y), gain, alpha=alpha, power=power)


def error_of(low: float, high: float, confidence: float) -> float:
    """The standard error that a two-sided interval of that level implies; NaN at level 0, where it has no width.

    >>> round(error_of(-1.645, 1.645, 0.9), 3)
    1.0
    """
    from scipy import special

    if confidence <= 0:
        return nan
    return (high - low) / (2 * float(special.ndtri((1 + confidence) / 2)))
