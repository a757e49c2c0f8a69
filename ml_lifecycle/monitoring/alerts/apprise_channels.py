"""The door to Apprise, which speaks to mail servers, Slack, Teams and a hundred others by one kind of URL."""

from __future__ import annotations

from typing import Final

from ml_lifecycle.config.alert_addresses import scheme_of
from ml_lifecycle.config.alerts import AlertSeverity
from ml_lifecycle.dataset.references import conceal
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.monitoring.alerts.channel import Answer
from ml_lifecycle.monitoring.alerts.message import Alert

_TYPES: Final = {
    AlertSeverity.INFO: "info",
    AlertSeverity.WARN: "warning",
    AlertSeverity.ERROR: "failure",
    AlertSeverity.CRITICAL: "failure",
}


def send_by_apprise(alert: Alert, address: str, *, template: str) -> Answer:
    """Send an alert once.

    Args:
        alert: The alert.
        address: Apprise's URL, with its secrets.
        template: The URL as the YAML has it, for what is told.

    Raises:
        ConfigError: Apprise knows no such URL.
    """
    import apprise

    scheme = scheme_of(address)
    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if service is None:
        raise ConfigError(
            "a channel for alerts is no URL that Apprise knows",
            expected="one as Apprise's documentation has it, such as mailtos://user:${PASSWORD}@host or json://host",
            got=f"the scheme {scheme!r}",
            advice="correct monitoring.alerts.channels",
        )
    kind = apprise.NotifyType(_TYPES[AlertSeverity(alert.severity)])
    with apprise.LogCapture(level=apprise.logging.WARNING, fmt="%(message)s") as said:
        taken = service.notify(title=alert.title, body=alert.text(), notify_type=kind)
        lines = said.getvalue().split("\n") if said else []
    if taken:
        return Answer(place=scheme)
    reason = next((line for line in lines if line.strip()), "the service did not take it")
    return Answer(_without_secrets(reason, address, template), place=scheme)


def _without_secrets(reason: str, address: str, template: str) -> str:
    """What Apprise says may repeat parts of the address; the shorter the better."""
    told = conceal(reason, template)
    rest = address.partition("://")[2]
    return "the service did not take it" if len(rest) > 1 and rest in told else told
