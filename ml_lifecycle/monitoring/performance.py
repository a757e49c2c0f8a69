"""Performance: is the model in production still as good as it was on the test split?

Measured where outcomes are known, estimated where they are late (`estimation` for classes, `losses/estimate` for
numbers). Metrics and their intervals come from the room `evaluation`; what else is said of the losses of labelled rows
(concept drift, slices, which inputs explain a change) is put together in `performance_look`. The report itself lives in
`performance_report`, its gates in `performance_gates`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.metrics import Metric, metrics_of
from ml_lifecycle.monitoring.estimation import Estimate, can_estimate, estimate_performance
from ml_lifecycle.monitoring.losses.estimate import can_estimate_loss, estimate_loss
from ml_lifecycle.monitoring.performance_gates import judge_concept, judge_performance, judge_slices
from ml_lifecycle.monitoring.performance_look import Grounds, Look, look_closer
from ml_lifecycle.monitoring.performance_report import PerformanceReport, Status
from ml_lifecycle.monitoring.quick_intervals import quick_intervals

__all__ = [
    "Grounds",
    "PerformanceReport",
    "Status",
    "assess_performance",
    "judge_concept",
    "judge_performance",
    "judge_slices",
]


@dataclass(frozen=True, slots=True)
class _Found:
    status: Status
    reason: str
    value: float = nan
    low: float = nan
    high: float = nan


def assess_performance(
    y: np.ndarray,
    predictions: np.ndarray,
    metric: Metric,
    reference: float,
    *,
    kind: Kind,
    config: PerformanceConfig,
    query: np.ndarray | None = None,
    reference_estimate: float | None = None,
    confidence: float = 0.95,
    threshold: float = 0.5,
    seed: int = 0,
    grounds: Grounds | None = None,
) -> PerformanceReport:
    """Compare the performance of a window with that on the test split.

    Intervals are those of the jackknife with Student's t, and Wilson's for shares: a window takes milliseconds.
    Performance counts as lost only where even the better end is worse than tolerated, so that a model as good as on
    its test split is called lost far less often than the level of the interval says.

    Args:
        y: Encoded outcomes, shape (n,), NaN where not known yet.
        predictions: Shape (n,), or (n, k) probabilities.
        metric: The project's primary metric.
        reference: Its value on the test split.
        kind: Kind of the target.
        config: How many outcomes are needed, and how large a loss is tolerated.
        query: Query code of each row, ranking only: whole queries are the units.
        reference_estimate: What `estimate_performance` says of the test split. A model that is too sure of itself is
            estimated too well (or too badly) everywhere; the known error on the test split is taken off.
        confidence: Level of the interval.
        threshold: Binary: probability from which a row counts as positive.
        seed: Seed of the estimate's draws.
        grounds: What else is known of the model and the window; without it only the metrics are judged.
    """
    outcomes = np.asarray(y, dtype=np.float64)
    known = ~np.isnan(outcomes)
    labelled = int(known.sum())
    measured = labelled >= config.min_labels
    look = Look.of(outcomes, predictions, metric, kind, query=query, grounds=grounds or Grounds())
    # A truth is held against the estimate of the same rows.
    chosen = known if measured else np.ones(len(outcomes), dtype=bool)
    shift = 0.0 if reference_estimate is None else reference - reference_estimate
    guess = _estimate(look, metric, chosen, config, shift=shift, confidence=confidence, seed=seed)
    intervals: dict[str, Interval] = {}
    if measured:
        intervals = _intervals(look, metric, known, confidence=confidence, threshold=threshold)
        found = _measured(intervals[metric.name], labelled)
    else:
        found = _estimated(guess, metric, kind, labelled, len(outcomes), config)
    report = _report(metric, found, reference, config, rows=len(outcomes), labelled=labelled)
    report = replace(
        report,
        metrics={name: item.value for name, item in intervals.items()},
        intervals=intervals,
    )
    if guess is not None:
        report = replace(report, estimate=guess.value, estimate_low=guess.low, estimate_high=guess.high)
    return look_closer(report, look, metric, config)


def _intervals(
    look: Look, metric: Metric, known: np.ndarray, *, confidence: float, threshold: float
) -> dict[str, Interval]:
    """Every metric of the kind, and the primary one."""
    scored = metric.score(look.truth(known), look.predictions[known], look.codes_of_queries(known))
    usual = {item.name: item for item in metrics_of(look.kind)} | {metric.name: metric}
    return quick_intervals(usual.values(), replace(scored, threshold=threshold), confidence=confidence)


def _measured(interval: Interval, labelled: int) -> _Found:
    if isnan(interval.value):
        return _Found(
            Status.NOT_JUDGED, f"the metric is not defined on the {labelled} known outcomes (one class only?)"
        )
    return _Found(Status.MEASURED, f"from {labelled} known outcomes", interval.value, interval.low, interval.high)


def _estimate(
    look: Look,
    metric: Metric,
    chosen: np.ndarray,
    config: PerformanceConfig,
    *,
    shift: float,
    confidence: float,
    seed: int,
) -> Estimate | None:
    """The metric of the chosen rows without their outcomes; None where it cannot be estimated."""
    if int(chosen.sum()) < config.min_labels:
        return None
    reference = look.grounds.losses
    if can_estimate(look.kind):
        guess = estimate_performance(metric, look.predictions[chosen], look.kind, confidence=confidence, seed=seed)
        return None if guess is None else Estimate(guess.value + shift, guess.low + shift, guess.high + shift)
    if reference is None or look.foreseen is None or not can_estimate_loss(metric, reference):
        return None
    return estimate_loss(metric, reference, look.foreseen[chosen], confidence=confidence)


def _estimated(
    guess: Estimate | None, metric: Metric, kind: Kind, labelled: int, rows: int, config: PerformanceConfig
) -> _Found:
    few = f"{labelled} known outcomes, {config.min_labels} are needed"
    if guess is not None:
        source = "the probabilities" if can_estimate(kind) else "a model of the loss"
        return _Found(Status.ESTIMATED, f"{few}: estimated from {source}", guess.value, guess.low, guess.high)
    if kind is Kind.RANKING:
        return _Found(Status.NOT_JUDGED, f"{few}; the scores of a ranking carry nothing to estimate {metric.name} from")
    if rows < config.min_labels:
        return _Found(Status.NOT_JUDGED, f"{few}; {rows} predictions are too few to estimate from")
    if can_estimate(kind):
        return _Found(Status.NOT_JUDGED, f"{few}; the metric cannot be estimated from these probabilities")
    return _Found(Status.NOT_JUDGED, f"{few}; the package holds no model of the loss that gives {metric.name}")


def _report(
    metric: Metric, found: _Found, reference: float, config: PerformanceConfig, *, rows: int, labelled: int
) -> PerformanceReport:
    sign = 1.0 if metric.greater_is_better else -1.0
    tolerated = reference - sign * config.max_drop * abs(reference)
    best = found.high if metric.greater_is_better else found.low
    return PerformanceReport(
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        status=found.status,
        value=found.value,
        low=found.low,
        high=found.high,
        reference=reference,
        tolerated=tolerated,
        drop=sign * (reference - found.value) / abs(reference) if reference else nan,
        rows=rows,
        labelled=labelled,
        lost=found.status is not Status.NOT_JUDGED and bool(sign * best < sign * tolerated),
        reason=found.reason,
    )
