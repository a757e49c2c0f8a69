"""Tests of `ml_lifecycle.orchestration.housekeeping_schedule`: where something may go, and nothing is under way."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.housekeeping_schedule import housekeeping_schedules
from ml_lifecycle.orchestration.jobs import jobs_of
from ml_lifecycle.orchestration.naming import PROJECT_TAG


@pytest.fixture
def schedule(project: ProjectConfig) -> dg.ScheduleDefinition:
    """That of a project whose runs go after a year."""
    monitoring = project.monitoring
    kept = monitoring.housekeeping.model_copy(update={"runs_days": 365})
    forgetful = project.model_copy(update={"monitoring": monitoring.model_copy(update={"housekeeping": kept})})
    (made,) = housekeeping_schedules(forgetful, jobs_of(forgetful)["housekeeping"])
    return made


def _tick(schedule: dg.ScheduleDefinition, instance: dg.DagsterInstance) -> object:
    at = datetime(2026, 5, 3, 4, 30, tzinfo=UTC)
    return schedule(dg.build_schedule_context(instance, scheduled_execution_time=at))


def test_where_nothing_may_go_there_is_no_schedule(project: ProjectConfig) -> None:
    """An empty run every week would only puzzle people."""
    assert housekeeping_schedules(project, jobs_of(project)["housekeeping"]) == []


def test_it_asks_once_for_each_time_unless_a_run_is_under_way(schedule: dg.ScheduleDefinition, tmp_path: Path) -> None:
    """It is stopped until a person starts it, and another week does no harm."""
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        asked = _tick(schedule, instance)
        run = dg.DagsterRun("tiny_retrain", status=dg.DagsterRunStatus.STARTED, tags={PROJECT_TAG: "tiny"})
        instance.add_run(run)
        said = _tick(schedule, instance)
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == "tiny:housekeeping:2026-05-03T04:30"
    assert isinstance(said, dg.SkipReason)
    assert run.run_id in str(said.skip_message)
