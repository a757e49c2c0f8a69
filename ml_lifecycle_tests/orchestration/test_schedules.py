"""Tests of `ml_lifecycle.orchestration.schedules`, on the story of the small shop."""

from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from ml_lifecycle.orchestration.naming import TRIGGER_TAG
from ml_lifecycle_tests.small_shop import RecordRun, Story


def _at(story: Story, name: str, moment: datetime, instance: dg.DagsterInstance | None = None) -> ScheduleExecutionData:
    repository = story.site.definitions.get_repository_def()
    context = dg.build_schedule_context(instance, scheduled_execution_time=moment, repository_def=repository)
    return repository.get_schedule_def(name).evaluate_tick(context)


def test_monitoring_judges_the_window_that_has_closed(story: Story) -> None:
    """A quarter past midnight it is yesterday's turn."""
    with dg.instance_for_test() as nothing_yet:
        tick = _at(story, "loans_monitor", datetime(2025, 10, 3, 0, 15, tzinfo=UTC), nothing_yet)
    (request,) = tick.run_requests
    assert request.partition_key == "2025-10-02"
    assert request.run_key == "loans:2025-10-02"
    assert request.tags[TRIGGER_TAG] == "schedule"


def test_before_the_first_window_has_closed_there_is_nothing_to_judge(story: Story) -> None:
    """The tick says so."""
    tick = _at(story, "loans_monitor", datetime(2025, 10, 1, 12, tzinfo=UTC))
    assert not tick.run_requests
    assert "no window has closed" in str(tick.skip_message)


def test_retraining_on_a_schedule_is_there_where_the_yaml_asks(story: Story, instance: dg.DagsterInstance) -> None:
    """And only there."""
    names = {item.name for item in story.site.definitions.get_repository_def().schedule_defs}
    assert names == {"loans_monitor", "loans_retrain_on_schedule", "broken_monitor"}
    (request,) = _at(story, "loans_retrain_on_schedule", datetime(2025, 10, 5, 3, tzinfo=UTC), instance).run_requests
    assert request.tags[TRIGGER_TAG] == "drift+performance+schedule"
    assert request.run_key == "loans:1:2025-10-02:1", "the sensor would start the same one"


def test_a_scheduled_retraining_does_not_start_beside_another(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """And the tick says so."""
    record_run("retrain", dg.DagsterRunStatus.STARTED)
    tick = _at(story, "loans_retrain_on_schedule", datetime(2025, 10, 5, 3, tzinfo=UTC), instance)
    assert not tick.run_requests
    assert "under way" in str(tick.skip_message)
