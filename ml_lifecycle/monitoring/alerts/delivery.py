"""Sending an alert to the channels of the YAML, each by itself: one that is broken keeps none of the others from it.

What was sent before, and what is tried again later, is remembered by `desk`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ml_lifecycle.config.alert_addresses import FROM_ENVIRONMENT
from ml_lifecycle.config.alerts import WEBHOOK, AlertKind, AlertsConfig, AlertSeverity
from ml_lifecycle.dataset.references import resolve
from ml_lifecycle.errors import ConfigError, LifecycleError, StateError
from ml_lifecycle.monitoring.alerts.apprise_channels import send_by_apprise
from ml_lifecycle.monitoring.alerts.channel import Answer, Channel
from ml_lifecycle.monitoring.alerts.message import Alert
from ml_lifecycle.monitoring.alerts.webhook import post_to_webhook

_log = logging.getLogger(__name__)
_KINDS: Final = frozenset(kind.value for kind in AlertKind)
_LEVELS: Final = {
    AlertSeverity.INFO: logging.INFO,
    AlertSeverity.WARN: logging.WARNING,
    AlertSeverity.ERROR: logging.ERROR,
    AlertSeverity.CRITICAL: logging.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an alert at one channel.

    Args:
        channel: The channel's name.
        problem: Why it did not take the alert; empty if it did.
        final: Whether trying again at once is useless.
        error: The error of the YAML or the environment, if that is why.
    """

    channel: str
    problem: str = ""
    final: bool = False
    error: LifecycleError | None = None

    @property
    def took(self) -> bool:
        """Whether the channel took it."""
        return not self.problem


def deliver(alert: Alert, config: AlertsConfig, *, tries: int = 3, backoff_seconds: float = 0.5) -> bool:
    """Log an alert and send it to every channel that wants it, without looking whether it was told before.

    Args:
        alert: The alert.
        config: Where to.
        tries: Attempts at a channel before giving up.
        backoff_seconds: Pause after the first failed attempt; it doubles each time.

    Returns:
        Whether it was sent; False where no channel is there that wants it.

    Raises:
        ConfigError: A channel's address, or a part of it, is missing from the environment, or is none.
        StateError: A receiver did not take it; the caller may try again later. All others have been tried.
    """
    log_alert(alert)
    receipts = deliver_to_each(alert, config, tries=tries, backoff_seconds=backoff_seconds)
    broken = [receipt for receipt in receipts if not receipt.took]
    for receipt in broken:
        if receipt.error is not None and len(broken) == 1:
            raise receipt.error
    if broken:
        raise StateError(
            "an alert could not be delivered",
            expected=f"{', '.join(receipt.channel for receipt in broken)} to take it",
            got="; ".join(receipt.problem for receipt in broken),
            advice="see whether the receiver is up and monitoring.alerts is right; the alert stands in the log",
        )
    return bool(receipts)


def deliver_to_each(
    alert: Alert, config: AlertsConfig, *, tries: int = 3, backoff_seconds: float = 0.5
) -> list[Receipt]:
    """Send an alert to every channel that wants it, and say of each what came of it."""
    wanted = [channel for channel in channels_of(config) if channel.wants(alert, _KINDS)]
    return [send(alert, channel, tries=tries, backoff_seconds=backoff_seconds) for channel in wanted]


def wanting(alert: Alert, channels: Sequence[Channel]) -> tuple[str, ...]:
    """The names of the channels that an alert is for."""
    return tuple(channel.name for channel in channels if channel.wants(alert, _KINDS))


def send(
    alert: Alert,
    channel: Channel,
    *,
    tries: int = 3,
    backoff_seconds: float = 0.5,
    pause: Callable[[float], None] = time.sleep,
) -> Receipt:
    """Send an alert to one channel, several times if need be."""
    answer = Answer("it was not tried")
    for attempt in range(tries):
        if attempt:
            pause(backoff_seconds * 2 ** (attempt - 1))
        try:
            answer = channel.send(alert)
        except LifecycleError as error:
            return Receipt(channel.name, str(error), final=True, error=error)
        if not answer.problem:
            return Receipt(channel.name)
        _log.warning(
            "alert not delivered to %s, attempt %d of %d: %s", channel.name, attempt + 1, tries, answer.problem
        )
        if answer.final:
            break
    return Receipt(channel.name, f"{answer.place}: {answer.problem}", final=answer.final)


def channels_of(config: AlertsConfig) -> list[Channel]:
    """The places that the YAML names: the webhook, then those of Apprise."""
    found = []
    if config.webhook is not None:
        found.append(Channel(WEBHOOK, partial(_to_webhook, template=config.webhook), config.min_severity))
    for item in config.channels:
        least = config.min_severity if item.min_severity is None else item.min_severity
        kinds = frozenset(kind.value for kind in item.kinds)
        found.append(Channel(item.title, partial(_by_apprise, template=item.url), least, kinds))
    return found


def log_alert(alert: Alert) -> None:
    """Write an alert to the log of the process, at its severity."""
    level = _LEVELS[AlertSeverity(alert.severity)]
    _log.log(level, "%s: %s %s", alert.title, alert.body, alert.what_to_do)


def _to_webhook(alert: Alert, *, template: str) -> Answer:
    return post_to_webhook(alert, _address(template, "monitoring.alerts.webhook"))


def _by_apprise(alert: Alert, *, template: str) -> Answer:
    return send_by_apprise(alert, _address(template, "monitoring.alerts.channels"), template=template)


def _address(template: str, key: str) -> str:
    if not template.startswith(FROM_ENVIRONMENT):
        return resolve(template)
    name = template.removeprefix(FROM_ENVIRONMENT)
    address = os.environ.get(name, "")
    if not address:
        raise ConfigError(
            "the address for alerts is not set",
            expected=f"an address in the environment variable {name}",
            got="nothing",
            advice=f"set {name}, or change {key}",
        )
    return address
