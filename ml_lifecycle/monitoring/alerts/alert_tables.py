"""The two tables of the alerts, and what is read from them: what was told, and what became of it.

How they are read and written lives in `alert_log`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from ml_lifecycle.monitoring.alerts.message import Alert
from ml_lifecycle.release.append_only import APPEND_ONLY

#: Columns of the history as a table.
COLUMNS: Final = (
    "at",
    "project",
    "kind",
    "severity",
    "title",
    "body",
    "owner",
    "what_to_do",
    "run_id",
    "key",
    "delivered",
    "tries",
    "resolved_at",
    "channels",
)


class Outcome(StrEnum):
    """What can become of an alert."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DIGESTED = "digested"
    RESOLVED = "resolved"
    SETTLED = "settled"


TABLES = sa.MetaData()
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ALERTS = sa.Table(
    "alerts",
    TABLES,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.Column("body", sa.Text(), nullable=False),
    sa.Column("owner", sa.Text(), nullable=False),
    sa.Column("what_to_do", sa.Text(), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("key", sa.Text(), nullable=False),
    sa.Column("wanted", sa.Text(), nullable=False),
    sa.Index("alerts_by_project", "project", "id"),
    info={APPEND_ONLY: True},
)
EVENTS = sa.Table(
    "alert_events",
    TABLES,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("alert", _NUMBER, nullable=False),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("event", sa.String(20), nullable=False),
    sa.Column("channel", sa.String(100), nullable=False),
    sa.Column("said", sa.Text(), nullable=False),
    sa.Index("alert_events_by_alert", "alert", "id"),
    sa.Index("alert_events_by_project", "project", "channel", "id"),
    info={APPEND_ONLY: True},
)


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as it stands.

    Args:
        number: Its number in the log.
        at: When it was raised, naive UTC.
        alert: The alert.
        wanted: The channels that it is for.
        took: The channels that took it, by itself or in a digest.
        tries: How often sending it was tried.
        resolved_at: Since when it no longer stands; None as long as it does.
    """

    number: int
    at: datetime
    alert: Alert
    wanted: tuple[str, ...] = ()
    took: frozenset[str] = field(default_factory=frozenset)
    tries: int = 0
    resolved_at: datetime | None = None

    @property
    def missing(self) -> frozenset[str]:
        """The channels that have not taken it yet."""
        return frozenset(self.wanted) - self.took


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """What a channel did of late.

    Args:
        sent: Messages that it took since the time asked for.
        digested_at: When it took a digest last.
        failures: Failed tries since it last took one.
        failed_at: When the last of them was.
    """

    sent: int = 0
    digested_at: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None
