"""Tests of `ml_lifecycle.orchestration.queued_runs`, on the small shop; the daemon itself is in `e2e`."""

import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.utils import make_new_run_id
from dagster._daemon.types import DaemonHeartbeat

from ml_lifecycle.errors import BusyError, StateError
from ml_lifecycle.orchestration.findings import decide_retraining
from ml_lifecycle.orchestration.naming import FINDING_TAG, TRIGGER_TAG
from ml_lifecycle.orchestration.queued_runs import enqueue, retrain_tags
from ml_lifecycle_tests.small_shop import DRIFTED_DAYS, LOANS, RecordRun, Story, call

_PRIORITY = "dagster/priority"


@pytest.fixture
def daemon(instance: dg.DagsterInstance) -> Iterator[None]:
    """A daemon that has just been heard of."""
    for name in ("SENSOR", "QUEUED_RUN_COORDINATOR"):
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), name, make_new_run_id(), []))
    yield
    instance.wipe_daemon_heartbeats()


def test_a_retraining_for_drift_handles_what_was_found(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """So that the sensor does not start another one for the same windows."""
    tags = retrain_tags(instance, story.project, trigger="drift", priority="high")
    assert tags[FINDING_TAG] == f"1:{DRIFTED_DAYS[1]}"
    assert (tags[TRIGGER_TAG], tags[_PRIORITY]) == ("drift", "10")
    record_run("retrain", DagsterRunStatus.SUCCESS, tags)
    assert not decide_retraining(instance, story.project).retrain


def test_one_without_a_reason_handles_nothing(story: Story, instance: dg.DagsterInstance) -> None:
    """A person wants a new model; what was found is still there."""
    tags = retrain_tags(instance, story.project, trigger="command", priority="low")
    assert FINDING_TAG not in tags
    assert tags[_PRIORITY] == "-10"


def test_without_a_daemon_nothing_is_queued(story: Story) -> None:
    """It would wait for ever, and the command says what to do."""
    del story
    done = call("retrain", LOANS, "--queue")
    assert done.code == 2
    assert "start `ml-lifecycle up`" in done.said


def test_a_queued_retraining_waits_for_the_daemon(story: Story, instance: dg.DagsterInstance, daemon: None) -> None:
    """With its priority, and only one of them."""
    del daemon
    done = call("retrain", LOANS, "--trigger", "drift", "--priority", "high", "--queue", "--json")
    run_id = done.json["queued"]
    try:
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status is DagsterRunStatus.QUEUED
        assert run.tags[_PRIORITY] == "10"
        with pytest.raises(BusyError, match="queued"):
            enqueue(story.site, instance, story.project, "retrain", tags={})
    finally:
        instance.delete_run(run_id)


def test_a_daemon_that_is_no_more_is_no_daemon(story: Story, instance: dg.DagsterInstance) -> None:
    """Its last word is too old."""
    long_ago = time.time() - 10_000
    instance.add_daemon_heartbeat(DaemonHeartbeat(long_ago, "SENSOR", make_new_run_id(), []))
    with pytest.raises(StateError, match="nobody would start"):
        enqueue(story.site, instance, story.project, "retrain", tags={})
    instance.wipe_daemon_heartbeats()
