"""Tests of `ml_lifecycle.orchestration.sensors`: each is asked as Dagster's daemon asks it, on the small shop."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.naming import FINDING_TAG, PROJECT_TAG, TRIGGER_TAG
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.small_shop import DRIFTED_DAYS, WEBHOOK, RecordRun, Story

_LONG_AGO = "2000-01-01T00:00:00+00:00"


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


class _Receiver(HTTPServer):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.messages: list[dict[str, str]] = []
        self.status = 204


class _Door(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def receiver(story: Story, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Receiver]:
    """A chat system's webhook on loopback, whose address the project takes from the environment."""
    del story
    server = _Receiver()
    monkeypatch.setenv(WEBHOOK, f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_gate_that_stopped_a_run_is_posted_once(
    story: Story, instance: dg.DagsterInstance, receiver: _Receiver
) -> None:
    """With what happened and what to do; the cursor keeps it from being told again."""
    tick = _ask(story, instance, "broken_alerts", _LONG_AGO)
    gates = [item for item in receiver.messages if item["title"] == "broken: a gate stopped broken_lifecycle"]
    assert len(gates) == 1
    assert "raw_data.not_empty" in gates[0]["text"]
    assert "What to do: check dataset.sources" in gates[0]["text"]
    told = len(receiver.messages)
    assert f"{told} alerts delivered" in str(tick.skip_message)
    _ask(story, instance, "broken_alerts", tick.cursor)
    assert len(receiver.messages) == told


def test_the_first_look_tells_nothing_of_the_past(
    story: Story, instance: dg.DagsterInstance, receiver: _Receiver
) -> None:
    """A sensor that is switched on later does not flood people; it begins at that moment."""
    tick = _ask(story, instance, "broken_alerts")
    assert tick.cursor
    assert receiver.messages == []


def test_an_alert_that_nobody_took_is_told_again(
    story: Story, instance: dg.DagsterInstance, receiver: _Receiver
) -> None:
    """The tick fails, so that its cursor stays where it was."""
    receiver.status = 403
    with pytest.raises(StateError, match="status 403"):
        _ask(story, instance, "broken_alerts", _LONG_AGO)
