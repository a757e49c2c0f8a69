"""Tests of `ml_lifecycle.orchestration.sensors`: each is asked as Dagster's daemon asks it, on the small shop."""

import dagster as dg
from dagster._core.definitions.sensor_definition import SensorExecutionData

from ml_lifecycle.orchestration.naming import FINDING_TAG, PROJECT_TAG, TRIGGER_TAG
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.small_shop import DRIFTED_DAYS, RecordRun, Story


def _ask(story: Story, instance: dg.DagsterInstance, name: str, cursor: str | None = None) -> SensorExecutionData:
    repository = story.site.definitions.get_repository_def()
    context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository)
    return repository.get_sensor_def(name).evaluate_tick(context)


def test_drift_starts_one_retraining(story: Story, instance: dg.DagsterInstance) -> None:
    """The run key is the same at every tick, so that Dagster starts it once; the tags say why."""
    first = _ask(story, instance, "loans_retrain_on_drift")
    second = _ask(story, instance, "loans_retrain_on_drift")
    (request,) = first.run_requests
    assert request.run_key == f"loans:1:{DRIFTED_DAYS[1]}:1"
    assert second.run_requests[0].run_key == request.run_key
    wanted = {PROJECT_TAG: "loans", TRIGGER_TAG: "drift+performance", FINDING_TAG: f"1:{DRIFTED_DAYS[1]}"}
    assert wanted.items() <= request.tags.items()


def test_drift_starts_nothing_while_a_run_is_queued(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """And the tick says so."""
    record_run("retrain", dg.DagsterRunStatus.QUEUED)
    tick = _ask(story, instance, "loans_retrain_on_drift")
    assert not tick.run_requests
    assert "queued or under way" in str(tick.skip_message)


def test_drift_starts_nothing_within_the_cooldown(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """A retraining for the window before has just ended."""
    story.shop.edit("loans", monitoring={"retrain": {"windows_needed": 1}})
    try:
        record_run("retrain", dg.DagsterRunStatus.SUCCESS, {FINDING_TAG: f"1:{DRIFTED_DAYS[0]}"})
        tick = _ask(story, instance, "loans_retrain_on_drift")
    finally:
        story.shop.edit("loans", monitoring={"retrain": {"windows_needed": 2}})
    assert not tick.run_requests
    assert "cooldown: 1 windows" in str(tick.skip_message)


def test_nothing_is_rolled_out_where_no_candidate_waits(story: Story, instance: dg.DagsterInstance) -> None:
    """The lifecycle has deployed it itself."""
    tick = _ask(story, instance, "loans_rollout")
    assert not tick.run_requests
    assert tick.skip_message == "no candidate waits"


def test_a_candidate_that_was_not_deployed_is_rolled_out(another_shop: Story) -> None:
    """As after a crash between the registration and the deployment; once per version."""
    Workspace(another_shop.project).ledger.append("loans", "2", "candidate", by="test")
    with another_shop.site.instance() as instance:
        (request,) = _ask(another_shop, instance, "loans_rollout").run_requests
    assert request.run_key == "loans:rollout:2"
    assert request.tags[TRIGGER_TAG] == "rollout"
