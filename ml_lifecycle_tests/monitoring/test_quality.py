"""Tests of `ml_lifecycle.monitoring.quality`."""

import math
from datetime import datetime, timedelta

import pandas as pd

from ml_lifecycle.config.quality import QualityConfig
from ml_lifecycle.monitoring import quality
from ml_lifecycle.monitoring.quality import LatencyLimits, QualityReport, assess_quality
from ml_lifecycle.monitoring.volume import UsualVolume

_DAY = datetime(2026, 1, 5)  # noqa: DTZ001 - naive UTC
_USUAL = UsualVolume(4.0, 2.0, 6.0, 8, "weekday")


def _report(
    minutes: tuple[int, ...] = (0, 60, 120, 1380),
    failed: int = 0,
    config: QualityConfig | None = None,
    usual: UsualVolume = _USUAL,
) -> QualityReport:
    answered = pd.DataFrame(
        {
            "event_time": [_DAY + timedelta(minutes=minute) for minute in minutes],
            "latency_ms": [float(place + 1) for place in range(len(minutes))],
        }
    )
    failures = pd.DataFrame({"column": ["age", ""], "check": ["number", "no row"], "rows": [failed, 0]})
    return assess_quality(
        _DAY,
        _DAY + timedelta(days=1),
        answered,
        failures,
        usual,
        config or QualityConfig(),
        limits=LatencyLimits(p95=3.0),
    )


def test_a_sound_window_passes() -> None:
    """Its figures are those of its rows."""
    report = _report()
    assert (report.rows, report.failed, report.age_minutes, report.p50) == (4, 0, 60.0, 2.5)
    gates = [quality.judge_volume, quality.judge_fresh, quality.judge_few_violations]
    assert all(gate(report).passed for gate in gates)


def test_refused_rows_are_counted_by_what_was_wrong() -> None:
    """And their share is held against the limit."""
    report = _report(failed=4)
    verdict = quality.judge_few_violations(report)
    assert not verdict.passed
    assert not verdict.blocks
    assert report.failures["age: number"] == 4
    assert "4 of 8 rows (50.00%)" in verdict.summary


def test_stale_predictions_are_told() -> None:
    """Where nothing came at all, and where it stopped too early for the YAML."""
    assert not quality.judge_fresh(_report(())).passed
    assert not quality.judge_fresh(_report(config=QualityConfig(max_age_minutes=30))).passed


def test_slow_answers_are_told() -> None:
    """Only limits that are set count."""
    verdict = quality.judge_latency(_report())
    assert not verdict.passed
    assert verdict.summary.startswith("p95 3.8 ms, limit 3.0 ms")


def test_unusual_volume_is_told() -> None:
    """And says what is usual."""
    verdict = quality.judge_volume(_report((0,)))
    assert not verdict.passed
    assert "8 earlier windows of the same weekday had 4 on average, 2 to 6 are usual" in verdict.summary


def test_a_report_survives_storage() -> None:
    """One row for each window; what is not known is missing."""
    nan = float("nan")
    report = _report((), usual=UsualVolume(nan, nan, nan, 0, "nothing"))
    again = QualityReport.from_parts(report.to_parts())
    assert again.facts() == report.facts()
    assert math.isnan(again.p95)
    assert again.limits == report.limits
    assert "not known yet" in again.markdown()
