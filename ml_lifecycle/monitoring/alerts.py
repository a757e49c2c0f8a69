"""Alerts: tell people, in the log and at the webhook of the YAML. What is worth an alert is decided by the caller."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from ml_lifecycle.config.alerts import AlertsConfig
from ml_lifecycle.dataset.references import resolve
from ml_lifecycle.errors import ConfigError, StateError

_log = logging.getLogger(__name__)
_REFERENCE = "env:"
_TIMEOUT_SECONDS = 5.0
#: Statuses below 500 that may pass by themselves: the request timed out, or there were too many.
_PASSING = frozenset({408, 425, 429})
_SERVER_ERROR, _CLIENT_ERROR = 500, 400


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should know.

    Args:
        title: One line.
        body: What has happened, with figures.
        severity: `error` or `warn`.
        project: The project it is about.
        run_id: The run it comes from, or an empty text.
        what_to_do: Advice.
    """

    title: str
    body: str
    severity: str
    project: str
    run_id: str
    what_to_do: str

    def as_json(self, now: datetime) -> dict[str, Any]:
        """The message as it is posted; `text` is what chat systems show."""
        advice = f"\nWhat to do: {self.what_to_do}" if self.what_to_do else ""
        return {**asdict(self), "text": f"{self.title}\n{self.body}{advice}", "sent_at": now.isoformat()}


def deliver(alert: Alert, config: AlertsConfig, *, tries: int = 3, backoff_seconds: float = 0.5) -> bool:
    """Log an alert and post it to the webhook, if there is one.

    Args:
        alert: The alert.
        config: Where to.
        tries: Attempts at the webhook before giving up.
        backoff_seconds: Pause after the first failed attempt; it doubles each time.

    Returns:
        Whether it was posted; False where no webhook is configured.

    Raises:
        ConfigError: The webhook's address, or a part of it, is missing from the environment, or is none.
        StateError: The receiver did not take it; the caller may try again later.
    """
    level = logging.ERROR if alert.severity == "error" else logging.WARNING
    _log.log(level, "%s: %s %s", alert.title, alert.body, alert.what_to_do)
    if config.webhook is None:
        return False
    url = _resolve(config.webhook)
    message = alert.as_json(datetime.now(UTC))
    problem = ""
    for attempt in range(tries):
        if attempt:
            time.sleep(backoff_seconds * 2 ** (attempt - 1))
        problem, final = _post(url, message)
        if not problem:
            return True
        _log.warning("alert not delivered to %s, attempt %d of %d: %s", url.host, attempt + 1, tries, problem)
        if final:
            break
    raise StateError(
        "an alert could not be delivered",
        expected=f"the webhook at {url.host} to take it",
        got=problem,
        advice="see whether the receiver is up and monitoring.alerts.webhook is right; the alert stands in the log",
    )


def _post(url: httpx.URL, message: dict[str, Any]) -> tuple[str, bool]:
    """Post once: what went wrong (empty if nothing), and whether trying again is useless."""
    try:
        answer = httpx.post(url, json=message, timeout=_TIMEOUT_SECONDS)
    except httpx.TransportError as error:
        return f"{type(error).__name__}: {error}", False
    if answer.status_code < _CLIENT_ERROR:
        return "", True
    return f"status {answer.status_code}", answer.status_code < _SERVER_ERROR and answer.status_code not in _PASSING


def _resolve(webhook: str) -> httpx.URL:
    """The address; it often holds a secret, so that no message may repeat more than its host."""
    address = resolve(webhook)
    if webhook.startswith(_REFERENCE):
        name = webhook.removeprefix(_REFERENCE)
        address = os.environ.get(name, "")
        if not address:
            raise ConfigError(
                "the webhook for alerts is not set",
                expected=f"an address in the environment variable {name}",
                got="nothing",
                advice=f"set {name}, or change monitoring.alerts.webhook",
            )
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise _no_address(str(error)) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise _no_address(f"the scheme {url.scheme!r} and the host {url.host!r}")
    return url


def _no_address(got: str) -> ConfigError:
    return ConfigError(
        "the webhook for alerts is no address",
        expected="an address that begins with http:// or https://",
        got=got,
        advice="correct monitoring.alerts.webhook",
    )
