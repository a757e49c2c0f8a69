"""The probability from which a row is called positive, chosen on validation rows for a metric.

For costs it is chosen in `cost_threshold`; what a threshold then does is `decision`; thresholds by group are those of
`evaluation/fairness/assessment`; metrics live in `evaluation/metrics` and come in as a function. The rows should not be
those that the model learnt from; those that the calibration was fitted on are good enough, since it moves all
probabilities alike.

The best threshold on a few thousand rows is mostly the luck of those rows. So it is sought on many resamples of them,
and the mean of what they say is taken (bagging, Breiman 1996): in simulations that halves what the choice costs against
the best threshold there is. Their spread is the interval, and the rows that a resample left out judge it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.decision import EVEN
from ml_lifecycle.modeling.score import Score

#: Thresholds that a metric is computed at, spread evenly over the rows of each class, and on each resample.
CANDIDATES, RESAMPLED_CANDIDATES = 200, 60
#: Resamples, and rows of a resample at most.
RESAMPLES, RESAMPLED_ROWS = 30, 20_000
#: Share of the resamples that the interval holds.
CONFIDENCE = 0.9
#: Points of the curve that are kept for a plot.
CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A threshold and how sure it is.

    Args:
        threshold: The probability from which a row is called positive.
        value: What it gives on the rows it was chosen on; flattered by the choice.
        held_out: What thresholds of resamples give on the rows that these left out, on average: the honest figure.
        before: What the former threshold gives on all rows.
        low: Lower end of where the thresholds of 90 % of the resamples lie.
        high: Upper end.
        empirical: The best threshold on all rows as they are.
        metric: What it was chosen for: the name of the metric, or `cost` (mean cost of a row).
        curve: `threshold` and `value`, to be drawn.
        closed_form: Costs: the threshold that the costs imply for perfectly calibrated probabilities (Elkan 2001).
        closed_form_value: Costs: the mean cost at it.
    """

    threshold: float
    value: float
    held_out: float
    before: float
    low: float
    high: float
    empirical: float
    metric: str = "cost"
    curve: pd.DataFrame = field(default_factory=pd.DataFrame)
    closed_form: float | None = None
    closed_form_value: float | None = None

    def describe(self) -> dict[str, float | str | None]:
        """Figures to log and to show, plain JSON."""
        names = ("threshold", "metric", "value", "held_out", "before", "low", "high", "empirical")
        return {name: getattr(self, name) for name in (*names, "closed_form", "closed_form_value")}


class Resampled(NamedTuple):
    """What resamples of the rows chose.

    Args:
        threshold: The threshold that one chose.
        value: What it gives on the rows that the resample left out; NaN where it left out none.
    """

    threshold: float
    value: float


def choose_by_metric(
    y: np.ndarray, p: np.ndarray, at: Callable[[float], Score], *, before: float = EVEN, seed: int = 0
) -> ThresholdChoice:
    """Choose the threshold that makes a metric best.

    Args:
        y: Class codes, 0 and 1, shape (n,).
        p: Probabilities of the positive class, shape (n,).
        at: The metric at a threshold, such as `Metric.at`.
        before: The threshold in use so far.
        seed: Seed of the resamples.

    Raises:
        ModelError: There are no rows of both classes, or the metric has a value at no threshold.
    """
    refuse_one_class(y)
    metric = at(before)
    sign = 1.0 if metric.greater_is_better else -1.0
    tried = _spread_out(y, p, CANDIDATES)
    values = np.array([float(at(threshold)(y, p)) for threshold in tried])
    best = pick_best(tried, sign * values, metric.name)
    few = _spread_out(y, p, RESAMPLED_CANDIDATES)
    rng = np.random.default_rng(seed)
    found: list[Resampled] = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(y), min(len(y), RESAMPLED_ROWS))
        left_out = np.setdiff1d(np.arange(len(y)), rows)
        left_out = left_out[:: max(len(left_out) // RESAMPLED_ROWS, 1)]
        told = np.array([sign * float(at(one)(y[rows], p[rows])) for one in few])
        if len(left_out) and not np.isnan(told).all():
            threshold = pick_best(few, told, metric.name)
            found.append(Resampled(threshold, float(at(threshold)(y[left_out], p[left_out]))))
    choice = conclude(best, found, lambda threshold: float(at(threshold)(y, p)), before, sign=sign)
    return replace(choice, metric=metric.name, curve=thin(tried, values))


def conclude(
    empirical: float, found: Sequence[Resampled], value: Callable[[float], float], before: float, *, sign: float
) -> ThresholdChoice:
    """Take the mean of the resamples, or the best of all rows where the mean lies in a valley between two peaks.

    Args:
        empirical: The best threshold on all rows.
        found: What the resamples chose.
        value: What a threshold gives on all rows.
        before: The threshold in use so far.
        sign: 1 where more is better, -1 else.
    """
    chosen = np.array([one.threshold for one in found] or [empirical])
    known = [one.value for one in found if not np.isnan(one.value)]
    held_out = float(np.mean(known)) if known else float("nan")
    threshold = float(chosen.mean())
    if sign * value(threshold) < sign * held_out:
        threshold = empirical
    low, high = np.quantile(chosen, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return ThresholdChoice(
        threshold=threshold,
        value=value(threshold),
        held_out=held_out,
        before=value(before),
        low=float(low),
        high=float(high),
        empirical=empirical,
    )


def all_between(p: np.ndarray) -> np.ndarray:
    """All that divide the rows differently: between two neighbouring probabilities, and below and above all."""
    known = np.unique(p)
    return np.asarray(np.r_[0.0, (known[1:] + known[:-1]) / 2, 1.0])


def _spread_out(y: np.ndarray, p: np.ndarray, count: int) -> np.ndarray:
    """At most so many of them, half by the rows of each class: a rare class has few rows where most of the others lie.

    Those that call all rows or none positive are left out.
    """
    between = np.unique(all_between(p)[1:-1])
    if len(between) <= count:
        return between if len(between) else np.array([EVEN])
    steps = np.linspace(0, 1, max(count // 2, 2))
    rows = np.concatenate([np.quantile(p[y == code], steps, method="inverted_cdf") for code in (0, 1)])
    return np.unique(between[np.maximum(np.searchsorted(between, rows) - 1, 0)])  # just below each of these rows


def pick_best(tried: np.ndarray, values: np.ndarray, metric: str) -> float:
    """The best of the thresholds; among neighbours of the same value the middle one.

    Args:
        tried: Thresholds in order, shape (t,).
        values: Their values, shape (t,); more is better.
        metric: The name of what is valued.

    Raises:
        ModelError: All values are NaN.
    """
    if np.isnan(values).all():
        raise ModelError(
            "no threshold can be chosen",
            expected=f"a value of {metric} at one threshold at least",
            got="NaN at all of them",
            advice="choose another modeling.threshold.metric",
        )
    first = int(np.nanargmax(values))
    last = first
    while last + 1 < len(values) and values[last + 1] == values[first]:
        last += 1
    return float(tried[(first + last) // 2])


def thin(tried: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    """A curve of at most `CURVE_POINTS` points."""
    places = np.unique(np.linspace(0, len(tried) - 1, min(len(tried), CURVE_POINTS)).astype(int))
    return pd.DataFrame({"threshold": tried[places], "value": values[places]})


def refuse_one_class(y: np.ndarray) -> None:
    """See that both classes are there.

    Raises:
        ModelError: They are not.
    """
    if len(np.unique(y)) < 2:  # noqa: PLR2004 - both classes
        raise ModelError(
            "no threshold can be chosen",
            expected="validation rows of both classes",
            got=f"{len(y)} rows of {len(np.unique(y))} classes",
            advice="give validation more rows, or set modeling.threshold.method to fixed",
        )
