"""Performance: is the model in production still as good as it was on the test split?

Measured where outcomes are known, estimated through `estimation` where they are late. Metrics and their intervals come
from the room `evaluation`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Self

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.evaluation.inference.intervals import Interval, bootstrap_interval
from ml_lifecycle.evaluation.metrics import Metric, compute_metrics
from ml_lifecycle.monitoring.estimation import can_estimate, estimate_performance
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Severity, Verdict


class Status(StrEnum):
    """How the window's performance is known."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """What one window says about the model's performance.

    Args:
        metric: Name of the metric.
        greater_is_better: Its direction.
        status: Measured, estimated or not judged.
        value: The metric in the window, with the interval `low` to `high`; NaN if not judged.
        low: Lower end.
        high: Upper end.
        reference: The metric on the test split.
        tolerated: The worst value that is accepted.
        drop: Loss as a share of the reference; positive is worse.
        rows: Predictions of the window.
        labelled: Those whose outcome is known.
        lost: Whether performance is lost: even the better end of the interval is worse than tolerated.
        reason: Why the window was not judged, or on what the value rests.
        metrics: All metrics of the window, where measured.
    """

    metric: str
    greater_is_better: bool
    status: Status
    value: float
    low: float
    high: float
    reference: float
    tolerated: float
    drop: float
    rows: int
    labelled: int
    lost: bool
    reason: str
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def estimated(self) -> bool:
        """Whether the value was estimated without outcomes."""
        return self.status is Status.ESTIMATED

    def facts(self) -> dict[str, Fact]:
        """The figures in plain JSON; NaN becomes null."""
        plain = {**asdict(self), "status": str(self.status), "estimated": self.estimated}
        facts: dict[str, Fact] = orjson.loads(orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY))
        return facts

    def markdown(self) -> str:
        """The report for people."""
        lines = [_sentence(self), "", "| | value |", "|---|--:|"]
        if self.status is not Status.NOT_JUDGED:
            lines.append(f"| {self.metric}, {self.status} | {self.value:.4f} ({self.low:.4f} to {self.high:.4f}) |")
        lines += [
            f"| {self.metric} on the test split | {self.reference:.4f} |",
            f"| tolerated | {self.tolerated:.4f} |",
            f"| predictions | {self.rows} |",
            f"| with known outcome | {self.labelled} |",
        ]
        lines += [f"| {name} | {value:.4f} |" for name, value in self.metrics.items() if name != self.metric]
        return "\n".join(lines)

    def to_parts(self) -> Parts:
        """A table of one row, and the metrics beside it as JSON."""
        row = {key: value for key, value in asdict(self).items() if key != "metrics"} | {"status": str(self.status)}
        return Parts(
            {"performance": pd.DataFrame([row])},
            {"metrics.json": orjson.dumps(self.metrics, option=orjson.OPT_SERIALIZE_NUMPY)},
        )

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the report together again."""
        row = {str(key): values.tolist()[0] for key, values in parts.tables["performance"].items()}
        metrics = {
            name: float("nan") if value is None else value
            for name, value in orjson.loads(parts.files["metrics.json"]).items()
        }
        whole = {name: int(row[name]) for name in ("rows", "labelled")}
        truth = {name: bool(row[name]) for name in ("lost", "greater_is_better")}
        return cls(**(row | whole | truth | {"status": Status(row["status"]), "metrics": metrics}))


@dataclass(frozen=True, slots=True)
class _Found:
    status: Status
    reason: str
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


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
    resamples: int = 200,
    threshold: float = 0.5,
    seed: int = 0,
) -> PerformanceReport:
    """Compare the performance of a window with that on the test split.

    Args:
        y: Encoded outcomes, shape (n,), NaN where not known yet.
        predictions: Shape (n,), or (n, k) probabilities.
        metric: The project's primary metric.
        reference: Its value on the test split.
        kind: Kind of the target.
        config: How many outcomes are needed, and how large a loss is tolerated.
        query: Query code of each row, ranking only: whole queries are resampled.
        reference_estimate: What `estimate_performance` says of the test split. A model that is too sure of itself is
            estimated too well (or too badly) everywhere; the known error on the test split is taken off.
        confidence: Level of the interval.
        resamples: Resamples behind it.
        threshold: Binary: probability from which a row counts as positive.
        seed: Seed of the resampling.
    """
    outcomes = np.asarray(y, dtype=np.float64)
    known = ~np.isnan(outcomes)
    labelled = int(known.sum())
    metrics: dict[str, float] = {}
    if labelled >= config.min_labels:
        codes = None if query is None else query[known]
        truth = outcomes[known].astype(np.int64) if can_estimate(kind) else outcomes[known]
        interval = bootstrap_interval(
            metric, truth, predictions[known], query=codes, resamples=resamples, confidence=confidence, seed=seed
        )
        found = _measured(interval, labelled)
        metrics = compute_metrics(kind, truth, predictions[known], codes, threshold=threshold)
    else:
        shift = 0.0 if reference_estimate is None else reference - reference_estimate
        found = _estimated(
            metric, predictions, kind, labelled, config=config, shift=shift, confidence=confidence, seed=seed
        )
    return _report(metric, found, reference, config, rows=len(outcomes), labelled=labelled, metrics=metrics)


def _measured(interval: Interval, labelled: int) -> _Found:
    if np.isnan(interval.value):
        return _Found(
            Status.NOT_JUDGED, f"the metric is not defined on the {labelled} known outcomes (one class only?)"
        )
    return _Found(Status.MEASURED, f"from {labelled} known outcomes", interval.value, interval.low, interval.high)


def _estimated(
    metric: Metric,
    predictions: np.ndarray,
    kind: Kind,
    labelled: int,
    *,
    config: PerformanceConfig,
    shift: float,
    confidence: float,
    seed: int,
) -> _Found:
    few = f"{labelled} known outcomes, {config.min_labels} are needed"
    if not can_estimate(kind):
        return _Found(Status.NOT_JUDGED, f"{few}; a {kind} carries no probabilities to estimate from")
    if len(predictions) < config.min_labels:
        return _Found(Status.NOT_JUDGED, f"{few}; {len(predictions)} predictions are too few to estimate from")
    guess = estimate_performance(metric, predictions, kind, confidence=confidence, seed=seed)
    if guess is None:
        return _Found(Status.NOT_JUDGED, f"{few}; the metric cannot be estimated from these probabilities")
    ends = (guess.value + shift, guess.low + shift, guess.high + shift)
    return _Found(Status.ESTIMATED, f"{few}: estimated from the probabilities", *ends)


def _report(
    metric: Metric,
    found: _Found,
    reference: float,
    config: PerformanceConfig,
    *,
    rows: int,
    labelled: int,
    metrics: dict[str, float],
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
        drop=sign * (reference - found.value) / abs(reference) if reference else float("nan"),
        rows=rows,
        labelled=labelled,
        lost=found.status is not Status.NOT_JUDGED and bool(sign * best < sign * tolerated),
        reason=found.reason,
        metrics=metrics,
    )


def judge_performance(report: PerformanceReport) -> Verdict:
    """Gate `performance_kept`: the window is not provably worse than tolerated; only warns."""
    return Verdict(
        gate="performance_kept",
        passed=not report.lost,
        severity=Severity.WARN,
        summary=_sentence(report),
        facts=report.facts(),
        advice="see which features drifted and which slices suffer; let the model be trained on newer outcomes",
    )


def _sentence(report: PerformanceReport) -> str:
    if report.status is Status.NOT_JUDGED:
        return f"not judged: {report.reason}"
    word = "lost" if report.lost else "kept"
    return (
        f"{report.metric} {report.value:.4f} ({report.low:.4f} to {report.high:.4f}, {report.status}) against "
        f"{report.reference:.4f} on the test split, tolerated {report.tolerated:.4f}: {word}; {report.reason}"
    )
