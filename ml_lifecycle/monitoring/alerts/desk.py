"""`AlertDesk`: tells each thing once, again when it lasts, and that it is over; what was not taken is tried again.

Delivery is at least once: a process that dies between a receiver's answer and the line in the log sends again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ml_lifecycle.config.alerts import AlertsConfig, AlertSeverity
from ml_lifecycle.monitoring.alerts.alert_log import AlertLog
from ml_lifecycle.monitoring.alerts.alert_tables import AlertRecord, Outcome
from ml_lifecycle.monitoring.alerts.channel import Channel
from ml_lifecycle.monitoring.alerts.delivery import channels_of, log_alert, send, wanting
from ml_lifecycle.monitoring.alerts.digest import digest_of
from ml_lifecycle.monitoring.alerts.message import RESOLVED, Alert

#: Pause after the first failed look at a channel; it doubles with each, up to the longest.
_FIRST_PAUSE: Final = timedelta(seconds=20)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_HOUR: Final = timedelta(hours=1)
#: So many alerts may be refused in one look before the channel itself is taken to be broken.
_REFUSALS: Final = 2


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of the alerts that were due.

    Args:
        delivered: Alerts by channel that were taken.
        problems: Why others were not, by channel.
        waiting: Alerts that have not reached everybody they are for.
    """

    delivered: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    waiting: int = 0


class AlertDesk:
    """Raises, resolves and sends the alerts of one project.

    Args:
        project: The project.
        config: Where alerts go, and how often.
        log: What was told before.
        owner: Who has to act, where the YAML names nobody for the kind.
        now: The time, naive UTC.
        seconds: Longest time that one look may take; what is left is sent at the next.
        backoff_seconds: Pause between two tries of one look.
    """

    def __init__(
        self,
        project: str,
        config: AlertsConfig,
        log: AlertLog,
        *,
        owner: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None),
        seconds: float = 25.0,
        backoff_seconds: float = 0.5,
    ) -> None:
        self._project, self._config, self._log, self._owner = project, config, log, owner
        self._now, self._seconds, self._backoff = now, seconds, backoff_seconds
        self._channels = channels_of(config)

    def tell(self, alerts: Iterable[Alert]) -> list[AlertRecord]:
        """Write down what is news; `post` sends it.

        Raises:
            StateError: The database refuses; nothing is lost if the caller comes again.
        """
        owned = [alert.owned(self._config, self._owner) for alert in alerts]
        asked = [(alert, wanting(alert, self._channels)) for alert in owned]
        repeat = timedelta(hours=self._config.repeat_hours)
        raised = self._log.raise_news(asked, at=self._now(), repeat=repeat) if asked else []
        for record in raised:
            log_alert(record.alert)
        return raised

    def standing(self) -> list[AlertRecord]:
        """What was told and is not over."""
        return self._log.standing(self._project)

    def resolve(self, is_over: Callable[[AlertRecord], bool]) -> list[AlertRecord]:
        """Note what is over; those who were told of it hear so, once for all that was told of the same key.

        Raises:
            StateError: The database refuses.
        """
        over = [record for record in self.standing() if is_over(record)]
        last = {record.alert.key: record for record in over}
        self._log.note(over, Outcome.RESOLVED, at=self._now())
        for key, record in last.items():
            told = frozenset[str]().union(*(item.took for item in over if item.alert.key == key))
            if told and self._config.tell_resolved:
                said = self._log.add(_resolved(record, self._now()), tuple(sorted(told)), at=self._now())
                self._log.note([said], Outcome.RESOLVED, at=self._now())
        return over

    def post(self) -> Posted:
        """Send what has not reached everybody, each channel by itself.

        Raises:
            StateError: The database refuses.
        """
        ends, posted = time.monotonic() + self._seconds, Posted()
        waiting = self._log.unsettled(self._project)
        for channel in self._channels:
            mine = [record for record in waiting if channel.name in record.missing]
            delivered, problem = self._post_to(channel, mine, ends)
            problems = posted.problems | ({channel.name: problem} if problem else {})
            posted = replace(posted, delivered=posted.delivered + delivered, problems=problems)
        left = self._settle()
        return replace(posted, waiting=left)

    def _post_to(self, channel: Channel, records: Sequence[AlertRecord], ends: float) -> tuple[int, str]:
        """Send to one channel: how many alerts it took, and what is wrong with it."""
        now = self._now()
        past = self._log.channel(self._project, channel.name, since=now - _HOUR)
        if past.failed_at is not None and now - past.failed_at < _pause(past.failures):
            records = [record for record in records if record.tries == 0]  # those that were refused wait
        single, rest = _within(records, self._config.max_per_hour - past.sent)
        delivered, refused, problem = 0, 0, ""
        for record in single:
            if time.monotonic() > ends or refused == _REFUSALS:
                break
            receipt = send(record.alert, channel, backoff_seconds=self._backoff)
            event = Outcome.DELIVERED if receipt.took else Outcome.FAILED
            self._log.note([record], event, at=self._now(), channel=channel.name, said=receipt.problem)
            delivered, problem = delivered + receipt.took, receipt.problem or problem
            refused += _REFUSALS if not (receipt.took or receipt.final) else not receipt.took
        quiet = past.digested_at is None or now - past.digested_at >= _HOUR
        if rest and quiet and not problem and time.monotonic() < ends:
            receipt = send(digest_of(self._project, rest), channel, backoff_seconds=self._backoff)
            event = Outcome.DIGESTED if receipt.took else Outcome.FAILED
            self._log.note(rest if receipt.took else rest[:1], event, at=now, channel=channel.name)
            delivered, problem = delivered + len(rest) * receipt.took, receipt.problem
        return delivered, problem

    def _settle(self) -> int:
        """Close what has reached everybody who still is in the YAML; how many are left."""
        there = {channel.name for channel in self._channels}
        records = self._log.unsettled(self._project)
        done = [record for record in records if not record.missing & there]
        self._log.note(done, Outcome.SETTLED, at=self._now())
        return len(records) - len(done)


def _within(records: Sequence[AlertRecord], room: int) -> tuple[list[AlertRecord], list[AlertRecord]]:
    """Those that may go by themselves, the least tried and the most severe first, and the rest.

    Critical ones always may, and so does a single one more than there is room for, if there is any.
    """
    ranked = sorted(records, key=lambda record: (record.tries, -record.alert.rank, record.number))
    critical = [record for record in ranked if record.alert.severity == AlertSeverity.CRITICAL]
    others = [record for record in ranked if record.alert.severity != AlertSeverity.CRITICAL]
    free = max(0, room - len(critical))
    return critical + others[:free], others[free:]


def _pause(failures: int) -> timedelta:
    """How long a channel is left alone after so many failures on end."""
    doubled: int = 2 ** min(max(failures - 1, 0), 20)
    return min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)


def _resolved(record: AlertRecord, now: datetime) -> Alert:
    lasted = now - record.at
    return replace(
        record.alert,
        title=f"over: {record.alert.title}",
        body=f"What was told at {record.at:%Y-%m-%d %H:%M} UTC no longer stands, {_length(lasted)} later.",
        severity=AlertSeverity.INFO.value,
        what_to_do="",
        kind=RESOLVED,
        key=f"{RESOLVED}:{record.alert.key}",
    )


def _length(lasted: timedelta) -> str:
    minutes = round(lasted.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004 - for reading only
