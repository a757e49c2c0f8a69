"""Tests of `ml_lifecycle.monitoring.alerts.delivery`: a real receiver on loopback."""

from __future__ import annotations

import logging

import pytest

from ml_lifecycle.config.alerts import AlertKind, AlertsConfig, AlertSeverity, ChannelConfig
from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.monitoring.alerts import Alert, deliver, deliver_to_each
from ml_lifecycle_tests.monitoring.alerts.receivers import Receiver, listening, mail_server

ALERT = Alert(
    "loans: a gate stopped loans_lifecycle", "schema_valid: 3 columns", "error", "loans", "r1", "fix the file"
)


def test_an_alert_arrives_as_json(receiver: Receiver) -> None:
    """The receiver gets every field, and a text that chat systems show."""
    assert deliver(ALERT, AlertsConfig(webhook=receiver.url))
    message = receiver.got[0]
    assert message["title"] == ALERT.title
    assert message["run_id"] == "r1"
    assert "What to do: fix the file" in message["text"]
    assert message["sent_at"].endswith("+00:00")


def test_a_receiver_that_fails_twice_gets_it_the_third_time(receiver: Receiver) -> None:
    """Two server errors, then success: three posts, one delivery, no error."""
    receiver.statuses = [500, 503]
    assert deliver(ALERT, AlertsConfig(webhook=receiver.url), backoff_seconds=0.01)
    assert len(receiver.got) == 3


def test_a_receiver_that_keeps_failing_is_an_error_the_caller_can_retry(receiver: Receiver) -> None:
    """After three tries a StateError names the host and the status, not the secret address."""
    receiver.statuses = [500, 429, 502]
    with pytest.raises(StateError, match="status 502") as caught:
        deliver(ALERT, AlertsConfig(webhook=receiver.url), backoff_seconds=0.01)
    assert "secret" not in str(caught.value)
    assert len(receiver.got) == 3


def test_a_refusal_is_not_repeated(receiver: Receiver) -> None:
    """A 404 will not pass by itself: one post only."""
    receiver.statuses = [404]
    with pytest.raises(StateError, match="status 404"):
        deliver(ALERT, AlertsConfig(webhook=receiver.url), backoff_seconds=0.01)
    assert len(receiver.got) == 1


def test_nobody_listening_is_an_error(receiver: Receiver) -> None:
    """A refused connection is tried again and then reported."""
    with pytest.raises(StateError, match="ConnectError"):
        deliver(ALERT, AlertsConfig(webhook="http://127.0.0.1:9/"), tries=2, backoff_seconds=0.01)
    assert receiver.got == []


def test_the_address_may_come_from_the_environment(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:NAME` is looked up when an alert is sent."""
    monkeypatch.setenv("ALERT_HOOK", receiver.url)
    assert deliver(ALERT, AlertsConfig(webhook="env:ALERT_HOOK"))
    assert len(receiver.got) == 1


def test_a_part_of_the_address_may_come_from_the_environment(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
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


def test_apprise_delivers(receiver: Receiver) -> None:
    """Title and text arrive, with the kind of message that Apprise knows."""
    config = AlertsConfig(channels=(ChannelConfig(url=receiver.apprise("a/b")),))
    assert deliver(ALERT, config)
    (message,) = receiver.got
    assert message["title"] == ALERT.title
    assert "What to do: fix the file" in message["message"]
    assert message["type"] == "failure"
    assert receiver.paths == ["/a/b"]


def test_apprise_is_asked_again_after_a_failure(receiver: Receiver) -> None:
    """First 503, then 200: two posts, one delivery."""
    receiver.statuses = [503]
    assert deliver(ALERT, AlertsConfig(channels=(ChannelConfig(url=receiver.apprise()),)), backoff_seconds=0.01)
    assert [len(receiver.got), len(receiver.took)] == [2, 1]


def test_a_broken_channel_does_not_keep_others_from_it(receiver: Receiver) -> None:
    """All are tried; the error names the one that did not take it, and no secret."""
    with listening() as broken:
        broken.statuses = [404]
        channels = (ChannelConfig(url="nosuch://${NOBODY}"), ChannelConfig(url=receiver.apprise(), name="team"))
        config = AlertsConfig(webhook=broken.url, channels=channels)
        with pytest.raises(StateError, match="NOBODY") as caught:
            deliver(ALERT, config, backoff_seconds=0.01)
    assert len(receiver.took) == 1
    assert "webhook" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_scheme_that_apprise_does_not_know_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the scheme is told."""
    monkeypatch.setenv("CHAT", "nosuch://hush/hush")
    with pytest.raises(ConfigError, match="the scheme 'nosuch'") as caught:
        deliver(ALERT, AlertsConfig(channels=(ChannelConfig(url="env:CHAT"),)))
    assert "hush" not in str(caught.value)


def test_a_channel_is_told_what_it_asks_for(receiver: Receiver) -> None:
    """By severity and by kind."""
    severe = ChannelConfig(url=receiver.apprise("severe"), min_severity=AlertSeverity.CRITICAL)
    drift = ChannelConfig(url=receiver.apprise("drift"), kinds=(AlertKind.DRIFT,))
    runs = ChannelConfig(url=receiver.apprise("runs"), kinds=(AlertKind.DRIFT, AlertKind.FAILED_RUN))
    receipts = deliver_to_each(ALERT, AlertsConfig(channels=(severe, drift, runs)))
    assert [receipt.took for receipt in receipts] == [True]
    assert receiver.paths == ["/runs"]


def test_a_mail_is_delivered() -> None:
    """Apprise hands it to a mail server; the subject is the title."""
    with mail_server() as server:
        url = (
            f"mailto://127.0.0.1:{server.port}?from=loans@example.org&to=team@example.org&smtp=127.0.0.1&mode=insecure"
        )
        server.refusals = ["451 try again later"]
        assert deliver(ALERT, AlertsConfig(channels=(ChannelConfig(url=url),)), backoff_seconds=0.01)
    (mail,) = server.mails
    assert "team@example.org" in mail
    assert "Subject:" in mail
