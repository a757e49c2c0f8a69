"""Data quality in production: what of a window was refused, how much came, how old it was, how long callers waited.

The rows are those of the prediction log, see `serving`; what volume is usual is `volume`. Whether the inputs have
moved is `drift`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Self

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.config.quality import QualityConfig
from ml_lifecycle.monitoring.volume import UsualVolume
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Severity, Verdict

_MOST_REASONS, _NAN = 20, float("nan")


@dataclass(frozen=True, slots=True)
class LatencyLimits:
    """Milliseconds that callers may wait; None where nothing is asked."""

    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The quality of one window; of the partition itself, not of the rolling window that ends with it.

    Args:
        start: The first moment.
        end: The moment after the last.
        rows: Predictions.
        failed: Rows that got an error instead of an answer.
        failures: How many of them by column and check.
        volume: How many rows are usual.
        age_minutes: Age of the newest row at the end of the window; NaN where it has none.
        max_age_minutes: From this age on predictions are stale.
        p50: Median latency in milliseconds; NaN where none is on record, as p95 and p99.
        p95: Its 95th percentile.
        p99: Its 99th.
        limits: What is asked of them.
        max_failed_share: What share of rows may fail.
    """

    start: datetime
    end: datetime
    rows: int
    failed: int
    volume: UsualVolume
    age_minutes: float
    max_age_minutes: float
    p50: float
    p95: float
    p99: float
    limits: LatencyLimits
    max_failed_share: float
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed_share(self) -> float:
        """Share of the rows that came which got an error; 0 where none came."""
        return self.failed / max(self.rows + self.failed, 1)

    def facts(self) -> dict[str, Fact]:
        """The figures in plain JSON; what is not known is null."""
        plain = {
            **{name: getattr(self, name) for name in _FIGURES},
            "failed_share": round(self.failed_share, 6),
            "failures": dict(self.failures),
            **{f"volume_{name}": value for name, value in asdict(self.volume).items()},
        }
        facts: dict[str, Fact] = orjson.loads(orjson.dumps(plain))
        return facts

    def markdown(self) -> str:
        """The report for people."""
        usual = f"{self.volume.low:,.0f} to {self.volume.high:,.0f}" if self.volume.judged else "not known yet"
        lines = [
            "| | | limit |",
            "|---|--:|--:|",
            f"| predictions | {self.rows:,} | {usual} |",
            f"| rows that failed | {self.failed:,} ({self.failed_share:.2%}) | {self.max_failed_share:.2%} |",
            f"| age of the newest row, minutes | {self.age_minutes:.1f} | {self.max_age_minutes:.0f} |",
            f"| latency p50, ms | {self.p50:.1f} | |",
            f"| latency p95, ms | {self.p95:.1f} | {_said(self.limits.p95)} |",
            f"| latency p99, ms | {self.p99:.1f} | {_said(self.limits.p99)} |",
        ]
        if self.failures:
            lines += ["", "| what was wrong | rows |", "|---|--:|"]
            lines += [
                f"| {reason.replace('|', chr(92) + '|')} | {count:,} |" for reason, count in self.failures.items()
            ]
        return "\n".join(lines)

    def to_parts(self) -> Parts:
        """A table of one row, and what was wrong as JSON."""
        row = {name: getattr(self, name) for name in _FIGURES} | {"failed_share": self.failed_share}
        row |= {f"volume_{name}": value for name, value in asdict(self.volume).items()}
        limits = {f"limit_{name}": _NAN if value is None else value for name, value in asdict(self.limits).items()}
        table = pd.DataFrame([{"start": self.start, "end": self.end, **row, **limits}])
        return Parts({"quality": table}, {"failures.json": orjson.dumps(dict(self.failures))})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the report together again."""
        row = {str(name): values.tolist()[0] for name, values in parts.tables["quality"].items()}
        figures = {name: row[name] for name in _FIGURES} | {name: int(row[name]) for name in ("rows", "failed")}
        volume = {name: row[f"volume_{name}"] for name in ("expected", "low", "high", "windows", "alike")}
        limits = {name: row[f"limit_{name}"] for name in ("p95", "p99")}
        return cls(
            start=pd.Timestamp(row["start"]).to_pydatetime(),
            end=pd.Timestamp(row["end"]).to_pydatetime(),
            **figures,
            volume=UsualVolume(**{**volume, "windows": int(volume["windows"])}),
            limits=LatencyLimits(**{name: None if np.isnan(value) else value for name, value in limits.items()}),
            failures=orjson.loads(parts.files["failures.json"]),
        )


_FIGURES = ("rows", "failed", "age_minutes", "max_age_minutes", "p50", "p95", "p99", "max_failed_share")


def assess_quality(
    start: datetime,
    end: datetime,
    answered: pd.DataFrame,
    failures: pd.DataFrame,
    volume: UsualVolume,
    config: QualityConfig,
    *,
    limits: LatencyLimits,
) -> QualityReport:
    """Look at what came in a window.

    Args:
        start: The first moment; naive UTC.
        end: The moment after the last.
        answered: The predictions of the window: `event_time` and `latency_ms`.
        failures: What got an error: `column`, `check` and `rows`.
        volume: How many rows are usual.
        config: Limits.
        limits: What is asked of the latency.
    """
    newest = answered["event_time"].max() if len(answered) else None
    age = _NAN if newest is None else (end - pd.Timestamp(newest).to_pydatetime()) / timedelta(minutes=1)
    waited = answered["latency_ms"].to_numpy(dtype=np.float64)
    waited = waited[~np.isnan(waited)]
    p50, p95, p99 = np.percentile(waited, [50, 95, 99]).tolist() if len(waited) else (_NAN, _NAN, _NAN)
    whole = (end - start) / timedelta(minutes=1)
    return QualityReport(
        start=start,
        end=end,
        rows=len(answered),
        failed=int(failures["rows"].sum()) if len(failures) else 0,
        volume=volume,
        age_minutes=float(age),
        max_age_minutes=whole if config.max_age_minutes is None else config.max_age_minutes,
        p50=p50,
        p95=p95,
        p99=p99,
        limits=limits,
        max_failed_share=config.max_failed_share,
        failures=_reasons(failures),
    )


def _reasons(failures: pd.DataFrame) -> dict[str, int]:
    """Failed rows by what was wrong with them, the most frequent first."""
    found: dict[str, int] = {}
    for column, check, rows in zip(failures["column"], failures["check"], failures["rows"], strict=True):
        reason = f"{column}: {check}" if column else str(check)
        found[reason] = found.get(reason, 0) + int(rows)
    return dict(sorted(found.items(), key=lambda item: -item[1])[:_MOST_REASONS])


def judge_few_violations(report: QualityReport) -> Verdict:
    """Gate `few_violations`: not too many rows got an error instead of an answer; only warns."""
    came = report.rows + report.failed
    return _verdict(
        report,
        "few_violations",
        passed=report.failed_share <= report.max_failed_share,
        summary=f"{report.failed:,} of {came:,} rows ({report.failed_share:.2%}) got an error instead of an answer, "
        f"the limit is {report.max_failed_share:.2%}",
        advice="see what was wrong with them: mend what sends the rows, or correct the schema and train again",
    )


def judge_volume(report: QualityReport) -> Verdict:
    """Gate `volume_normal`: as many predictions as windows like this one usually have; only warns."""
    usual = report.volume
    like = "" if usual.alike == "nothing" else f" of the same {usual.alike}"
    said = (
        f"{report.rows:,} predictions; {usual.windows} earlier windows{like} had {usual.expected:,.0f} on average, "
        f"{usual.low:,.0f} to {usual.high:,.0f} are usual"
        if usual.judged
        else f"{report.rows:,} predictions; not judged: {usual.windows} earlier windows are too few to compare with"
    )
    advice = "look whether a caller has stopped or sends rows twice; a holiday may be the reason as well"
    return _verdict(report, "volume_normal", passed=usual.holds(report.rows), summary=said, advice=advice)


def judge_fresh(report: QualityReport) -> Verdict:
    """Gate `fresh_predictions`: the newest row was not old when the window ended; only warns."""
    none = np.isnan(report.age_minutes)
    age = "no row came" if none else f"the newest row was {report.age_minutes:,.1f} minutes old at the window's end"
    return _verdict(
        report,
        "fresh_predictions",
        passed=not none and report.age_minutes <= report.max_age_minutes,
        summary=f"{age}, the limit is {report.max_age_minutes:,.0f} minutes",
        advice="look whether the server is up, whether callers reach it, and whether the batch has been delivered",
    )


def judge_latency(report: QualityReport) -> Verdict:
    """Gate `latency_kept`: callers waited no longer than allowed; only warns."""
    asked = {
        name: (value, limit)
        for name, value, limit in (
            ("p95", report.p95, report.limits.p95),
            ("p99", report.p99, report.limits.p99),
        )
        if limit is not None
    }
    said = [f"{name} {value:.1f} ms, limit {limit:.1f} ms" for name, (value, limit) in asked.items()]
    return _verdict(
        report,
        "latency_kept",
        passed=not any(value > limit for value, limit in asked.values()),
        summary="; ".join(said) or f"p95 {report.p95:.1f} ms, p99 {report.p99:.1f} ms; no limit is set",
        advice="give the server more workers, or make the model smaller: see modeling.optimize",
    )


def _verdict(report: QualityReport, gate: str, *, passed: bool, summary: str, advice: str) -> Verdict:
    return Verdict(gate, passed, summary, severity=Severity.WARN, facts=report.facts(), advice=advice)


def _said(limit: float | None) -> str:
    return "" if limit is None else f"{limit:.1f}"
