"""The webhook of the YAML: plain JSON over HTTP. Further places are reached by `apprise_channels`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import httpx

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.monitoring.alerts.channel import Answer
from ml_lifecycle.monitoring.alerts.message import Alert

_TIMEOUT_SECONDS: Final = 5.0
#: Statuses below 500 that may pass by themselves: the request timed out, or there were too many.
_PASSING: Final = frozenset({408, 425, 429})
_SERVER_ERROR, _CLIENT_ERROR = 500, 400


def post_to_webhook(alert: Alert, address: str) -> Answer:
    """Post an alert once.

    Args:
        alert: The alert.
        address: Where to, with its secrets.

    Raises:
        ConfigError: It is no address.
    """
    url = _parse(address)
    try:
        answer = httpx.post(url, json=alert.as_json(datetime.now(UTC)), timeout=_TIMEOUT_SECONDS)
    except httpx.TransportError as error:
        return Answer(f"{type(error).__name__}: {error}", place=url.host)
    if answer.status_code < _CLIENT_ERROR:
        return Answer(place=url.host)
    refused = answer.status_code < _SERVER_ERROR and answer.status_code not in _PASSING
    return Answer(f"status {answer.status_code}", final=refused, place=url.host)


def _parse(address: str) -> httpx.URL:
    """The address; it often holds a secret, so that no message may repeat more than its host."""
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
