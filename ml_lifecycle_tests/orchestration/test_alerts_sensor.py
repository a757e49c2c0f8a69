"""Tests of `ml_lifecycle.orchestration.alerts_sensor`: asked as Dagster's daemon asks it, with a real receiver."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.execution.plan.objects import StepFailureData
from dagster._core.remote_origin import RemoteInstigatorOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    TickData,
    TickStatus,
)
from dagster._utils.error import SerializableErrorInfo

from ml_lifecycle.monitoring.alerts.desk import AlertDesk
from ml_lifecycle.orchestration.alert_look import look_around
from ml_lifecycle.orchestration.alert_schedules import alerts_of_schedules
from ml_lifecycle.orchestration.naming import AGAIN_TAG, ATTEMPT_TAG, FINDING_TAG, PROCESS_TAG
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.monitoring.alerts.receivers import Receiver, listening
from ml_lifecycle_tests.small_shop import BROKEN, LOANS, WEBHOOK, RecordRun, Story, add_run

_LONG_AGO = "2000-01-01T00:00:00+00:00"


def _ask(story: Story, instance: dg.DagsterInstance, name: str, cursor: str | None = None) -> SensorExecutionData:
    repository = story.site.definitions.get_repository_def()
    context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository)
    return repository.get_sensor_def(name).evaluate_tick(context)


@pytest.fixture
def receiver(story: Story, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A chat system's webhook on loopback, whose address the project takes from the environment."""
    with listening() as server:
        monkeypatch.setenv(WEBHOOK, server.url)
        yield server
    for path in story.shop.home.rglob("service.db"):  # what was told in one test is news in the next
        _forget(path)


def _forget(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        for table in ("alerts", "alert_events"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")


def _crash(instance: dg.DagsterInstance, run: dg.DagsterRun, message: str = "the machine was switched off") -> str:
    began = datetime.now(UTC).isoformat()
    instance.report_run_failed(run, message=message)
    return began


def test_a_gate_that_stopped_a_run_is_posted_once(
    story: Story, instance: dg.DagsterInstance, receiver: Receiver
) -> None:
    """With what happened and what to do; neither the next tick nor the same one made again tells it twice."""
    tick = _ask(story, instance, "broken_alerts", _LONG_AGO)
    (message,) = [item for item in receiver.took if item["title"] == "broken: a gate stopped broken_lifecycle"]
    assert "raw_data.not_empty" in message["text"]
    assert "What to do: check dataset.sources" in message["text"]
    assert message["kind"] == "data_quality"
    told = len(receiver.took)
    assert f"{told} alerts delivered" in str(tick.skip_message)
    _ask(story, instance, "broken_alerts", tick.cursor)
    _ask(story, instance, "broken_alerts", _LONG_AGO)
    assert len(receiver.took) == told


def test_the_first_look_tells_nothing_of_the_past(
    story: Story, instance: dg.DagsterInstance, receiver: Receiver
) -> None:
    """A sensor that is switched on later does not flood people; it begins at that moment."""
    tick = _ask(story, instance, "broken_alerts")
    assert tick.cursor
    assert receiver.got == []


def test_an_alert_that_nobody_took_is_sent_at_a_later_tick(
    story: Story, instance: dg.DagsterInstance, receiver: Receiver
) -> None:
    """It waits in the service database, whatever becomes of the cursor."""
    receiver.statuses = [403] * 10
    tick = _ask(story, instance, "broken_alerts", _LONG_AGO)
    assert "not delivered: webhook" in str(tick.skip_message)
    receiver.statuses = []
    later = datetime.now(UTC) + timedelta(hours=2)
    desk_time = later.replace(tzinfo=None)
    broken = story.site.project(BROKEN)
    desk = AlertDesk(BROKEN, broken.monitoring.alerts, Workspace(broken).alerts, now=lambda: desk_time)
    assert desk.post().delivered == len(receiver.took) > 0
    assert desk.post().delivered == 0


def test_drift_and_lost_performance_are_told(story: Story, instance: dg.DagsterInstance, receiver: Receiver) -> None:
    """By what the reports' checks say, to the channel that wants it, with advice; as long as they stand, once."""
    story.shop.edit(LOANS, monitoring={"alerts": {"webhook": f"env:{WEBHOOK}", "owners": {"drift": "data team"}}})
    try:
        tick = _ask(story, instance, "loans_alerts", _LONG_AGO)
        _ask(story, instance, "loans_alerts", tick.cursor)
    finally:
        story.shop.edit(LOANS, monitoring={"alerts": {}})
    kinds = [message["kind"] for message in receiver.took]
    assert kinds.count("drift") == kinds.count("performance") == 1
    drift = next(message for message in receiver.took if message["kind"] == "drift")
    assert drift["owner"] == "data team"
    assert "drift_report.no_drift" in drift["body"]
    assert drift["what_to_do"]


def test_a_training_that_crashed_is_started_again_once(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun, receiver: Receiver
) -> None:
    """Quietly; the second crash is told."""
    del receiver
    first = record_run("retrain", dg.DagsterRunStatus.STARTED, {"ml_lifecycle/set/modeling.seed": "3"})
    tick = look_around(instance, story.project, _crash(instance, first))
    (request,) = tick.requests
    assert request.job_name == "loans_retrain"
    assert request.run_key == f"loans:again:{first.run_id}"
    assert request.tags[AGAIN_TAG] == first.run_id
    assert request.tags["ml_lifecycle/set/modeling.seed"] == "3"
    assert [alert.severity for alert in tick.news] == ["info"]
    second = record_run("retrain", dg.DagsterRunStatus.STARTED, dict(request.tags))
    _crash(instance, second)
    tick = look_around(instance, story.project, str(tick.cursor))
    assert not tick.requests
    assert [alert.severity for alert in tick.news] == ["error"]
    assert "2 attempts have failed" in tick.news[0].body


@pytest.mark.slow
def test_a_sensor_asks_for_the_run_again(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun, receiver: Receiver
) -> None:
    """Dagster takes the request: the job is one of the sensor's."""
    del receiver
    run = record_run("lifecycle", dg.DagsterRunStatus.STARTED)
    tick = _ask(story, instance, "loans_alerts", _crash(instance, run))
    (request,) = tick.run_requests
    assert request.job_name == "loans_lifecycle"
    assert request.tags[ATTEMPT_TAG] == "1"


@pytest.mark.parametrize("tags", [{PROCESS_TAG: "host:1"}, {FINDING_TAG: "1:2030-01-01"}])
def test_a_crash_that_somebody_else_cares_for_is_only_told(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun, receiver: Receiver, tags: dict[str, str]
) -> None:
    """A person at a terminal, or the policy of retraining."""
    del receiver
    run = record_run("retrain", dg.DagsterRunStatus.STARTED, tags)
    tick = look_around(instance, story.project, _crash(instance, run))
    assert not tick.requests
    assert len(tick.news) == 1


def test_a_run_that_lacked_resources_is_queued_later_and_behind_others(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun, receiver: Receiver
) -> None:
    """After the delay of the YAML; not if a later run has been started meanwhile."""
    del receiver
    run = record_run("retrain", dg.DagsterRunStatus.STARTED)
    began = _crash(instance, run, "[Errno 28] No space left on device")
    tick = look_around(instance, story.project, began)
    assert not tick.requests
    assert "resources are lacking" in tick.news[0].body.lower()
    assert json.loads(str(tick.cursor))["waiting"]
    later = datetime.now(UTC) + timedelta(minutes=11)
    (request,) = look_around(instance, story.project, str(tick.cursor), now=later).requests
    assert request.tags["dagster/priority"] == "-10"
    record_run("retrain", dg.DagsterRunStatus.QUEUED)
    assert not look_around(instance, story.project, str(tick.cursor), now=later).requests


@pytest.mark.slow
def test_a_failure_is_over_when_the_job_ends_well(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun, receiver: Receiver
) -> None:
    """A later run of the same job does it."""
    del receiver
    run = record_run("monitor", dg.DagsterRunStatus.STARTED)
    tick = look_around(instance, story.project, _crash(instance, run))
    log = Workspace(story.project).alerts
    keys = [item.alert.key for item in log.standing(LOANS)]
    assert "failed_run:loans_monitor" in keys
    good = record_run("monitor", dg.DagsterRunStatus.STARTED)
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, "loans_monitor", message="well"), good.run_id
    )
    look_around(instance, story.project, str(tick.cursor))
    assert "failed_run:loans_monitor" not in [item.alert.key for item in log.standing(LOANS)]


def test_a_rollback_is_told_once(another_shop: Story) -> None:
    """Whoever did it; and it is over when another version goes into production."""
    project, ledger = another_shop.project, Workspace(another_shop.project).ledger
    with another_shop.site.instance() as instance:
        cursor = str(look_around(instance, project, None).cursor)
        for state in ("champion", "rolled_back"):
            ledger.append(LOANS, "2", state, by="somebody", evidence={"why": "it was wrong"})
        ledger.append(LOANS, "1", "champion", by="somebody", evidence={"rolled_back_from": "2"})
        first = look_around(instance, project, cursor)
        second = look_around(instance, project, str(first.cursor))
        assert [alert.kind for alert in first.news] == ["rollback"]
        assert "it was wrong" in first.news[0].body
        assert not second.news
        ledger.append(LOANS, "3", "champion", by="somebody")
        assert "1 over" in look_around(instance, project, str(second.cursor)).said


def _break_card(instance: dg.DagsterInstance, story: Story, version: str) -> str:
    """A run that puts a version into production, and breaks at the model's card."""
    run = add_run(instance, "retrain", dg.DagsterRunStatus.STARTED)
    Workspace(story.project).ledger.append(LOANS, version, "champion", by=f"drift, run {run.run_id}")
    error = SerializableErrorInfo("RuntimeError: no disk", [], "RuntimeError")
    broken = dg.DagsterEvent(
        dg.DagsterEventType.STEP_FAILURE.value,
        run.job_name,
        step_key="loans__model_card",
        event_specific_data=StepFailureData(error, None),
        message="broken",
    )
    instance.report_dagster_event(broken, run.run_id)
    return _crash(instance, run)


@pytest.mark.slow
def test_a_version_that_does_not_answer_after_it_rose_is_taken_back(another_shop: Story) -> None:
    """The run broke after the version went into production: the last good one is restored, and the alert says so."""
    ledger = Workspace(another_shop.project).ledger
    with another_shop.site.instance() as instance:
        began = _break_card(instance, another_shop, "2")  # there is no such package
        look = look_around(instance, another_shop.project, began)
    (told,) = [alert for alert in look.news if alert.kind == "rollback"]
    assert told.severity == "critical"
    assert "version 2 was rolled back after its deployment failed" in told.title
    assert "version 1 is in production" in told.body
    assert ledger.champion(LOANS) == "1"


@pytest.mark.slow
def test_a_version_that_answers_stays_although_its_run_broke(another_shop: Story) -> None:
    """Nothing is taken back for a card that could not be written; people are told."""
    ledger = Workspace(another_shop.project).ledger
    with another_shop.site.instance() as instance:
        look = look_around(instance, another_shop.project, _break_card(instance, another_shop, "1"))
    (told,) = [alert for alert in look.news if alert.kind == "failed_run"]
    assert "Version 1 answers as it must and stays in production" in told.body
    assert ledger.champion(LOANS) == "1"


def test_a_schedule_that_is_late_is_told_until_it_catches_up(
    story: Story, instance: dg.DagsterInstance, receiver: Receiver
) -> None:
    """It is switched on, was due, and nothing has come of it; a tick that ended well is the end of it."""
    del receiver
    project, state = story.project, _switch_on(instance, story)
    now = datetime(2030, 1, 3, 0, 20, tzinfo=UTC)
    assert alerts_of_schedules(instance, project, now=now - timedelta(days=1)) == []
    assert alerts_of_schedules(instance, project, now=now) == []
    (late,) = alerts_of_schedules(instance, project, now=now + timedelta(minutes=60))
    assert late.title == "loans: the schedule loans_monitor is late"
    assert "2030-01-03 00:15 UTC" in late.body
    tick = instance.create_tick(
        TickData(
            state.instigator_origin_id,
            "loans_monitor",
            InstigatorType.SCHEDULE,
            TickStatus.SUCCESS,
            timestamp=now.timestamp(),
            run_ids=[],
            selector_id=state.selector_id,
        )
    )
    assert tick
    assert alerts_of_schedules(instance, project, now=now + timedelta(minutes=60)) == []
    instance.delete_instigator_state(state.instigator_origin_id, state.selector_id)


def _switch_on(instance: dg.DagsterInstance, story: Story) -> InstigatorState:
    (told,) = instance.get_runs(limit=1)
    assert told.remote_job_origin is not None
    origin = RemoteInstigatorOrigin(told.remote_job_origin.repository_origin, "loans_monitor")
    began = datetime(2030, 1, 2, 12, tzinfo=UTC).timestamp()
    data = ScheduleInstigatorData(story.project.orchestration.monitor_cron or "15 0 * * *", began)
    state = InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.RUNNING, data)
    return instance.add_instigator_state(state)
