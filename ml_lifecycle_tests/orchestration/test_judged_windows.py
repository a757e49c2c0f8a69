"""Tests of `ml_lifecycle.orchestration.judged_windows` and of the monitor schedule that asks it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster import DagsterRun
from dagster._core.utils import make_new_run_id

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.jobs import jobs_of
from ml_lifecycle.orchestration.judged_windows import JUDGED_BY, judged_at, missed_windows
from ml_lifecycle.orchestration.partitions import PARTITION_TAG, monitor_cron_of
from ml_lifecycle.orchestration.schedules import schedules_of

_SCHEDULE = "tiny_monitor"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An empty one."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def _run(instance: dg.DagsterInstance, window: str, *, scheduled: bool = False, failed: bool = False) -> None:
    """A run of the monitor job on record; one that did not fail has judged its window."""
    tags = {PARTITION_TAG: window} | ({"dagster/schedule_name": _SCHEDULE} if scheduled else {})
    status = dg.DagsterRunStatus.FAILURE if failed else dg.DagsterRunStatus.SUCCESS
    instance.add_run(DagsterRun("tiny_monitor", make_new_run_id(), status=status, tags=tags))
    if not failed:
        _judge(instance, window)


def _judge(instance: dg.DagsterInstance, window: str) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(["tiny", JUDGED_BY], partition=window))


def test_a_schedule_that_has_just_been_switched_on_has_missed_nothing(
    instance: dg.DagsterInstance, project: ProjectConfig
) -> None:
    """Only the window that has closed is asked for, whatever a person has judged before."""
    _run(instance, "2025-10-02")
    assert missed_windows(instance, project, "2025-10-09", schedule=_SCHEDULE) == ["2025-10-09"]


def test_windows_that_closed_while_nobody_looked_are_caught_up_once(
    instance: dg.DagsterInstance, project: ProjectConfig
) -> None:
    """Since the first tick; those that were judged, or asked for in vain, are not asked for again."""
    _run(instance, "2025-10-02", scheduled=True)
    _run(instance, "2025-10-04", failed=True)
    _judge(instance, "2025-10-05")
    missed = missed_windows(instance, project, "2025-10-07", schedule=_SCHEDULE)
    assert missed == ["2025-10-03", "2025-10-06", "2025-10-07"]
    for window in missed:
        _run(instance, window, scheduled=True)
    assert missed_windows(instance, project, "2025-10-07", schedule=_SCHEDULE) == []


def test_a_tick_catches_up_on_so_many(instance: dg.DagsterInstance, project: ProjectConfig) -> None:
    """The oldest first, and always the one that has just closed."""
    few = project.monitoring.model_copy(update={"catch_up_windows": 2})
    _run(instance, "2025-10-01", scheduled=True)
    missed = missed_windows(instance, project.model_copy(update={"monitoring": few}), "2025-10-09", schedule=_SCHEDULE)
    assert missed == ["2025-10-02", "2025-10-03", "2025-10-09"]


def test_a_window_was_judged_when_it_was_judged_last(instance: dg.DagsterInstance, project: ProjectConfig) -> None:
    """One that never was is absent."""
    began = datetime.now(UTC).timestamp()
    for window in ("2025-10-01", "2025-10-01", "2025-10-02"):
        _judge(instance, window)
    found = judged_at(instance, project, ["2025-10-01", "2025-10-02", "2025-10-03"])
    assert sorted(found) == ["2025-10-01", "2025-10-02"]
    assert found["2025-10-02"] >= found["2025-10-01"] >= began


def test_the_monitor_job_runs_as_often_as_windows_close(project: ProjectConfig) -> None:
    """Unless the YAML says when; an hourly project asks for each of the day's 24 windows."""
    hourly = project.model_copy(update={"monitoring": project.monitoring.model_copy(update={"cadence": "hourly"})})
    assert (monitor_cron_of(project), monitor_cron_of(hourly)) == ("15 0 * * *", "15 * * * *")
    asked = project.orchestration.model_copy(update={"monitor_cron": "@daily"})
    assert monitor_cron_of(project.model_copy(update={"orchestration": asked})) == "@daily"
    monitor = schedules_of(hourly, jobs_of(hourly))[0]
    assert monitor.cron_schedule == "15 * * * *"
