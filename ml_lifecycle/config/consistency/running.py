"""What Dagster and the receivers of alerts take of the YAML: schedules, tags and addresses in the form they want."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ml_lifecycle.config.alert_addresses import FROM_ENVIRONMENT, scheme_of
from ml_lifecycle.config.consistency.conflict import Conflict
from ml_lifecycle.config.cron import find_cron_fault

if TYPE_CHECKING:
    from ml_lifecycle.config.alerts import AlertsConfig
    from ml_lifecycle.config.project import ProjectConfig

_TAG_KEY: Final = re.compile(r"(?:[A-Za-z0-9_.-]{1,63}/)?[A-Za-z0-9_.-]{1,63}")
_TAG_VALUE: Final = re.compile(r"[A-Za-z0-9_.-]{0,63}")
_MAIL: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_SIGNS: Final = "at most 63 letters, digits, _, - and ."


def find_running_conflicts(project: ProjectConfig) -> Iterator[Conflict]:
    """What is wrong with the schedules, the tags, the owner, the rollout's evidence and the addresses."""
    settings = project.orchestration
    for name in ("monitor_cron", "retrain_cron"):
        text = getattr(settings, name)
        fault = "" if text is None else find_cron_fault(text)
        if fault:
            expected = "minute, hour, day of the month, month and day of the week, such as `15 0 * * *`"
            yield Conflict(f"orchestration.{name}", expected, f"{fault} in {text!r}", "correct what is named")
    for key, value in settings.tags.items():
        if not _TAG_KEY.fullmatch(key):
            yield Conflict(f"orchestration.tags.{key}", f"a key of {_SIGNS}", repr(key), "rename it")
        if not _TAG_VALUE.fullmatch(value):
            yield Conflict(f"orchestration.tags.{key}", f"a value of {_SIGNS}", repr(value), "shorten it")
    yield from _judge_owner(project.brief.owner.strip())
    if project.release.rollout.strategy != "all_at_once" and not project.serving.log:
        advice = "set serving.log to true, or the strategy to all_at_once"
        expected = "serving.log: true, which its evidence is taken from"
        yield Conflict("release.rollout.strategy", expected, "serving.log: false", advice)
    webhook = project.monitoring.alerts.webhook
    if webhook is not None and not _is_address(webhook):
        expected = "an address that begins with http:// or https://, or env:NAME of one"
        got = repr(webhook.partition(":")[0])  # the rest may be a secret
        yield Conflict("monitoring.alerts.webhook", expected, got, "correct the address")
    yield from _judge_channels(project.monitoring.alerts)


def _judge_channels(alerts: AlertsConfig) -> Iterator[Conflict]:
    """Whether Apprise knows a scheme is known when a message is sent; `ml-lifecycle alerts --test` tells."""
    for number, channel in enumerate(alerts.channels):
        key, url = f"monitoring.alerts.channels[{number}]", channel.url
        whole = url.startswith(FROM_ENVIRONMENT) and url.removeprefix(FROM_ENVIRONMENT).isidentifier()
        if not (whole or url.startswith("${") or _SCHEME.fullmatch(scheme_of(url))):
            expected = "an Apprise URL such as json://host/path, or env:NAME of one"
            yield Conflict(f"{key}.url", expected, f"one without a scheme of {len(url)} signs", "correct the address")
        least = channel.min_severity
        if least is not None and least.rank < alerts.min_severity.rank:
            expected = f"at least what alerts.min_severity says, {alerts.min_severity.value}"
            yield Conflict(f"{key}.min_severity", expected, least.value, "lower alerts.min_severity")


def _judge_owner(owner: str) -> Iterator[Conflict]:
    named = _MAIL.fullmatch(owner) if "@" in owner else any(sign.isalnum() for sign in owner.removeprefix("team:"))
    if owner and not named:
        yield Conflict("brief.owner", "a mail address or the name of a team", repr(owner), "correct it or remove it")


def _is_address(text: str) -> bool:
    if "${" in text:  # what it will be is known when an alert is sent
        return True
    if text.startswith("env:"):
        return text.removeprefix("env:").isidentifier()
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(sign.isspace() for sign in text)
