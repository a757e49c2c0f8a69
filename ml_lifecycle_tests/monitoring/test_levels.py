"""Tests of `ml_lifecycle.monitoring.levels` and `operations`: service levels of plain records."""

import math
from datetime import datetime, timedelta

import pytest

from ml_lifecycle.config.brief import Constraints
from ml_lifecycle.config.operations import OperationsConfig
from ml_lifecycle.monitoring.levels import assess_operations
from ml_lifecycle.monitoring.operations import (
    Delay,
    Ending,
    OperationsReport,
    Records,
    Training,
    judge_level,
    judge_levels,
)
from ml_lifecycle.monitoring.uptime import Uptime
from ml_lifecycle.release.ledger import Entry, State
from ml_lifecycle.serving.latencies import Latencies

_START = datetime(2026, 5, 1)  # noqa: DTZ001 - naive UTC
_END = _START + timedelta(days=30)
_CONFIG = OperationsConfig(min_events=2)


def _training(ending: Ending, *, day: float = 1, cpu: float = 0.0, cost: float = 0.0) -> Training:
    ended = _START + timedelta(days=day)
    return Training(f"run-{ending.name}", ended - timedelta(hours=1), ended, ending, cpu, cost)


def _entry(version: str, state: State, day: float = 1) -> Entry:
    return Entry("p", version, state, "somebody", _START + timedelta(days=day))


def _delay(hours: float) -> Delay:
    return Delay("window 2026-05-02", _START, _START + timedelta(hours=hours))


def _assess(records: Records, config: OperationsConfig = _CONFIG, **limits: float) -> OperationsReport:
    return assess_operations(records, config, Constraints(**limits), _START, _END)


def test_a_gate_that_stops_a_model_has_answered() -> None:
    """It counts as a training that ended well."""
    level = _assess(Records(trainings=[_training(Ending.MADE), _training(Ending.REFUSED)])).level("training_success")
    assert level.value == 1.0
    assert level.passed


def test_a_crash_counts_against_training_and_is_named() -> None:
    """The run is found without searching."""
    level = _assess(Records(trainings=[_training(Ending.MADE), _training(Ending.CRASHED)])).level("training_success")
    assert level.value == 0.5
    assert not level.passed
    assert "run-CRASHED" in level.note


def test_what_ended_before_the_period_is_not_in_it() -> None:
    """Nor what ended after it."""
    trainings = [_training(Ending.CRASHED, day=-1), _training(Ending.CRASHED, day=31)]
    assert _assess(Records(trainings=trainings)).level("training_success").events == 0


def test_few_events_are_not_judged() -> None:
    """One crash among too few runs says nothing about a share."""
    report = _assess(Records(trainings=[_training(Ending.CRASHED)]))
    verdict = judge_level(report, "training_success")
    assert verdict.passed
    assert "not judged" in verdict.summary


def test_a_version_that_was_taken_back_was_a_failed_deployment() -> None:
    """The one that rose in its place was none."""
    ledger = [
        _entry("1", State.CHAMPION),
        _entry("1", State.RETIRED),
        _entry("2", State.CHAMPION),
        _entry("2", State.ROLLED_BACK),
        _entry("1", State.CHAMPION),
    ]
    level = _assess(Records(ledger=ledger)).level("deployment_success")
    assert level.value == pytest.approx(2 / 3)
    assert "version 2 was taken back" in level.note


def test_a_version_that_a_rollout_refused_was_refused_in_time() -> None:
    """It never was in production, so no deployment has failed."""
    ledger = [_entry("1", State.CHAMPION), _entry("2", State.CANARY), _entry("2", State.ROLLED_BACK)]
    assert _assess(Records(ledger=ledger)).level("deployment_success").value == 1.0


def test_a_step_that_broke_was_a_failed_deployment() -> None:
    """Though the ledger knows nothing of it."""
    level = _assess(Records(ledger=[_entry("1", State.CHAMPION)], broken_deployments=["r"])).level("deployment_success")
    assert level.value == 0.5


@pytest.mark.parametrize(("hours", "passed"), [((1, 2, 23), True), ((1, 2, 25), False)])
def test_the_longest_time_must_keep_the_limit(hours: tuple[float, ...], passed: object) -> None:
    """One event is enough to judge it."""
    level = _assess(Records(detections=[_delay(item) for item in hours])).level("detection_time")
    assert level.value == max(hours)
    assert level.passed is passed


def test_latencies_are_held_against_the_brief() -> None:
    """A percentile without a limit is a figure."""
    report = _assess(Records(latencies=Latencies({100: 98, 900: 2})), latency_p95_ms=5, latency_p99_ms=5)
    assert report.level("latency_p95").passed
    assert not report.level("latency_p99").passed
    assert not report.level("latency_p50").judged


def test_costs_are_added_up_and_limited_where_the_yaml_says_so() -> None:
    """Processor time is told without a limit."""
    trainings = [_training(Ending.MADE, cpu=10, cost=2), _training(Ending.CRASHED, cpu=5, cost=1)]
    report = _assess(Records(trainings=trainings), OperationsConfig(cost=2.5))
    assert report.level("training_cpu").value == 15
    assert not report.level("cost").passed


def test_uptime_is_judged_where_a_server_was_heard() -> None:
    """Otherwise it is not."""
    heard = Uptime(timedelta(hours=9), timedelta(hours=1), 1, 2)
    assert not _assess(Records(uptime=heard)).level("uptime").passed
    assert not _assess(Records()).level("uptime").judged


def test_every_level_with_a_gate_only_warns() -> None:
    """Operations stop nothing."""
    verdicts = judge_levels(_assess(Records(trainings=[_training(Ending.CRASHED)] * 3)))
    assert [verdict.gate for verdict in verdicts if not verdict.passed] == ["training_success"]
    assert not any(verdict.blocks for verdict in verdicts)


def test_a_report_is_put_together_again() -> None:
    """What was never known stays so."""
    report = _assess(Records(detections=[_delay(30)]))
    again = OperationsReport.from_parts(report.to_parts())
    assert again.markdown() == report.markdown()
    assert math.isnan(again.level("cost").limit)
    assert "**no**" in report.markdown()
