"""Tests of the asset `operations_report` and of what it collects, on the records of a shop that has lived."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.monitoring.operations import Ending
from ml_lifecycle.orchestration.assets.operations import operations_report_asset, period_of
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.operations_records import OperationsRecords
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.small_shop import RecordRun, Story


def _today() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def test_every_window_keeps_its_levels(project: ProjectConfig) -> None:
    """One row for each, also where nothing has happened yet."""
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize([operations_report_asset(project)], instance=instance, partition_key="2025-10-01")
    assert done.success
    assert all(item.passed for item in done.get_asset_check_evaluations())
    history = Lake(Workspace(project).home.lake).history(("tiny", "operations_report"), "levels")
    assert history is not None
    assert {"level", "value", "limit", "passed", "events", "unit", "window"} <= set(history.columns)
    assert set(history["window"]) == {"2025-10-01"}
    assert not history["judged"].any()


def test_a_closed_window_looks_at_the_days_before_its_end(project: ProjectConfig) -> None:
    """So that it says the same whenever it is judged; the newest one looks until now."""
    start, end = period_of(project, "2025-10-01")
    assert (start, end) == (datetime(2025, 9, 2), datetime(2025, 10, 2))  # noqa: DTZ001 - naive UTC
    newest = f"{_today() - timedelta(days=1):%Y-%m-%d}"
    assert _today() - period_of(project, newest)[1] < timedelta(minutes=1)


def test_what_has_happened_in_a_shop_is_found(story: Story, instance: dg.DagsterInstance) -> None:
    """Its trainings with what they have cost, its deployment, and how soon drift was found once a model was there."""
    start = _today() - timedelta(days=1)
    found = OperationsRecords(instance, story.project, start).between(start, _today() + timedelta(minutes=1))
    assert [item.ending for item in found.trainings] == [Ending.MADE, Ending.MADE]
    assert sum(item.cpu_seconds > 0 for item in found.trainings) == 1  # the second one gave an earlier result again
    assert [entry.state.value for entry in found.ledger if entry.state.value == "champion"] == ["champion"]
    assert [item.what for item in found.detections] == ["window 2025-10-01"]
    assert 0 < found.detections[0].hours < 1
    assert found.broken_deployments == []


def test_runs_of_a_shop_that_crash_count_and_cancelled_ones_do_not(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """A run that ended without saying when is left out, too."""
    start = _today() - timedelta(days=1)
    for status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED):
        run = record_run("retrain", status)
        if status is dg.DagsterRunStatus.STARTED:
            instance.report_run_failed(run)
    found = OperationsRecords(instance, story.project, start).between(start, _today() + timedelta(minutes=1))
    assert sorted(item.ending for item in found.trainings) == sorted([Ending.MADE, Ending.MADE, Ending.CRASHED])


@pytest.mark.usefixtures("story")
def test_the_period_before_knows_nothing_of_today(story: Story, instance: dg.DagsterInstance) -> None:
    """Records are read once and cut by time."""
    start = _today() - timedelta(days=40)
    found = OperationsRecords(instance, story.project, start).between(start, start + timedelta(days=30))
    assert not found.trainings
    assert not found.detections
