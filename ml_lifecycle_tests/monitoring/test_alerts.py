"""Tests of `ml_lifecycle.monitoring.alerts`: a real receiver on loopback."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ml_lifecycle.config.alerts import AlertsConfig
from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.monitoring.alerts import Alert, deliver

ALERT = Alert(
    "loans: a gate stopped loans_lifecycle", "schema_valid: 3 columns", "error", "loans", "r1", "fix the file"
)


class _Receiver(ThreadingHTTPServer):
    """Answers with the statuses it is given, one a request, then with 200; keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        self.got: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/secret"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, _Receiver)
        server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(server.statuses.pop(0) if server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the tests' output clean."""


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    """A receiver that listens on a free port of loopback."""
    server = _Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_arrives_as_json(receiver: _Receiver) -> None:
    """The receiver gets every field, and a text that chat systems show."""
    assert deliver(ALERT, AlertsConfig(webhook=receiver.url))
    message = receiver.got[0]
    assert message["title"] == ALERT.title
    assert message["run_id"] == "r1"
    assert "What to do: fix the file" in message["text"]
    assert message["sent_at"].endswith("+00:00")


def test_a_receiver_that_fails_twice_gets_it_the_third_time(receiver: _Receiver) -> None:
    """Two server errors, then success: three posts, one delivery, no error."""
    receiver.statuses = [500, 503]
    assert deliver(ALERT, AlertsConfig(webhook=receiver.url), backoff_seconds=0.01)
    assert len(receiver.got) == 3


def test_a_receiver_that_keeps_failing_is_an_error_the_caller_can_retry(receiver: _Receiver) -> None:
    """After three tries a StateError names the host and the status, not the secret address."""
    receiver.statuses = [500, 429, 502]
    with pytest.raises(StateError, match="status 502") as caught:
        deliver(ALERT, AlertsConfig(webhook=receiver.url), backoff_seconds=0.01)
    assert "secret" not in str(caught.value)
    assert len(receiver.got) == 3


def test_a_refusal_is_not_repeated(receiver: _Receiver) -> None:
    """A 404 will not pass by itself: one post only."""
    receiver.statuses = [404]
    with pytest.raises(StateError, match="status 404"):
        deliver(ALERT, AlertsConfig(webhook=receiver.url), backoff_seconds=0.01)
    assert len(receiver.got) == 1


def test_nobody_listening_is_an_error(receiver: _Receiver) -> None:
    """A refused connection is tried again and then reported."""
    with pytest.raises(StateError, match="ConnectError"):
        deliver(ALERT, AlertsConfig(webhook="http://127.0.0.1:9/"), tries=2, backoff_seconds=0.01)
    assert receiver.got == []


def test_the_address_may_come_from_the_environment(receiver: _Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:NAME` is looked up when an alert is sent."""
    monkeypatch.setenv("ALERT_HOOK", receiver.url)
    assert deliver(ALERT, AlertsConfig(webhook="env:ALERT_HOOK"))
    assert len(receiver.got) == 1


def test_a_part_of_the_address_may_come_from_the_environment(
    receiver: _Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key is named, never written."""
    monkeypatch.setenv("ALERT_KEY", "k")
    assert deliver(ALERT, AlertsConfig(webhook=f"{receiver.url}?key=${{ALERT_KEY}}"))
    assert len(receiver.got) == 1


def test_a_missing_variable_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable."""
    monkeypatch.delenv("ALERT_HOOK", raising=False)
    with pytest.raises(ConfigError, match="set ALERT_HOOK"):
        deliver(ALERT, AlertsConfig(webhook="env:ALERT_HOOK"))


@pytest.mark.parametrize("address", ["example.org/hook", "ftp://example.org", "http://", "http://exa mple:x/"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """Only http and https addresses with a host are posted to."""
    with pytest.raises(ConfigError, match="no address"):
        deliver(ALERT, AlertsConfig(webhook=address))


def test_without_a_webhook_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    """No webhook: logged at its severity, and False says that nothing was posted."""
    with caplog.at_level(logging.WARNING):
        assert not deliver(ALERT, AlertsConfig())
    assert caplog.records[0].levelno == logging.ERROR
    assert "schema_valid" in caplog.text
