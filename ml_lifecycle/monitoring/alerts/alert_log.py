"""`AlertLog`: every alert of every project and what became of it. Lines are only added, as in the ledger.

The tables lie in `alert_tables`. Which alert is news, and when it is sent, is decided in `desk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from ml_lifecycle.monitoring.alerts.alert_tables import (
    ALERTS,
    COLUMNS,
    EVENTS,
    TABLES,
    AlertRecord,
    ChannelRecord,
    Outcome,
)
from ml_lifecycle.monitoring.alerts.message import Alert
from ml_lifecycle.release.database import Database

if TYPE_CHECKING:
    import pandas as pd


class AlertLog:
    """The alerts of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._database = Database(url, TABLES)

    def raise_news(
        self, alerts: Sequence[tuple[Alert, tuple[str, ...]]], *, at: datetime, repeat: timedelta
    ) -> list[AlertRecord]:
        """Write those alerts that are news: two who tell the same at once write it once.

        An alert is news if its key does not stand, if it has become more severe, or if it was told longer ago than
        `repeat`. What a run has caused and is over is not told of that run again.

        Args:
            alerts: Each with the channels that it is for.
            at: Now, naive UTC.
            repeat: After which time what still stands is told again.

        Raises:
            StateError: The database refuses.
        """
        raised = []
        with self._database.begin_alone(ALERTS) as connection:
            for alert, wanted in alerts:
                if _is_news(connection, alert, at=at, repeat=repeat):
                    raised.append(_write(connection, alert, wanted, at))
        return raised

    def add(self, alert: Alert, wanted: tuple[str, ...], *, at: datetime) -> AlertRecord:
        """Write an alert whether it is news or not."""
        with self._database.begin_alone(ALERTS) as connection:
            return _write(connection, alert, wanted, at)

    def note(
        self, records: Iterable[AlertRecord], event: Outcome, *, at: datetime, channel: str = "", said: str = ""
    ) -> None:
        """Write what became of alerts."""
        lines = [
            {
                "alert": item.number,
                "project": item.alert.project,
                "at": at,
                "event": event.value,
                "channel": channel,
                "said": said[:500],
            }
            for item in records
        ]
        if lines:
            with self._database.begin() as connection:
                connection.execute(EVENTS.insert(), lines)

    def standing(self, project: str) -> list[AlertRecord]:
        """What is not resolved, the oldest first."""
        return self._records(project, _without(Outcome.RESOLVED))

    def unsettled(self, project: str) -> list[AlertRecord]:
        """What has not reached everybody it is for, the oldest first."""
        return self._records(project, _without(Outcome.SETTLED))

    def history(self, project: str, limit: int | None = None) -> list[AlertRecord]:
        """The last alerts of a project, the newest first."""
        return self._records(project, sa.true(), limit)[::-1]

    def history_table(self, project: str, limit: int | None = None) -> pd.DataFrame:
        """The same as a table of `COLUMNS`: `delivered` is whether all channels took it, `channels` those that did."""
        import pandas as pd

        rows = [
            {
                "at": item.at,
                **asdict(item.alert),
                "delivered": bool(item.wanted) and not item.missing,
                "tries": item.tries,
                "resolved_at": item.resolved_at,
                "channels": ", ".join(sorted(item.took)),
            }
            for item in self.history(project, limit)
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"resolved_at": "datetime64[ns]"})

    def channel(self, project: str, name: str, *, since: datetime) -> ChannelRecord:
        """What a channel did of late."""
        mine = (EVENTS.c.project == project) & (EVENTS.c.channel == name)
        query = sa.select(EVENTS.c.event, EVENTS.c.at).where(mine).order_by(EVENTS.c.id.desc()).limit(1000)
        with self._database.begin() as connection:
            events = [(Outcome(event), at) for event, at in connection.execute(query)]
        failed: list[datetime] = []
        for event, at in events:
            if event is not Outcome.FAILED:
                break
            failed.append(at)
        return ChannelRecord(
            sent=sum(event is Outcome.DELIVERED and at > since for event, at in events),
            digested_at=next((at for event, at in events if event is Outcome.DIGESTED), None),
            failures=len(failed),
            failed_at=failed[0] if failed else None,
        )

    def _records(self, project: str, condition: sa.ColumnElement[bool], limit: int | None = None) -> list[AlertRecord]:
        asked = (ALERTS.c.project == project) & condition
        query = sa.select(ALERTS).where(asked).order_by(ALERTS.c.id.desc()).limit(limit)
        with self._database.begin() as connection:
            rows = connection.execute(query).mappings().all()
            events = _events(connection, project, [row["id"] for row in rows])
        return [_record(row, events.get(row["id"], [])) for row in reversed(rows)]


def _is_news(connection: sa.Connection, alert: Alert, *, at: datetime, repeat: timedelta) -> bool:
    same = (ALERTS.c.project == alert.project) & (ALERTS.c.key == alert.identity)
    query = sa.select(ALERTS.c.at, ALERTS.c.severity).where(same & _without(Outcome.RESOLVED))
    standing = [(told, severity) for told, severity in connection.execute(query)]
    if not standing:
        over = sa.select(ALERTS.c.id).where(same & (ALERTS.c.run_id == alert.run_id)).limit(1)
        return not alert.run_id or connection.execute(over).first() is None
    worse = all(alert.rank > _rank(severity) for _, severity in standing)
    return worse or all(at - told >= repeat for told, _ in standing)


def _rank(severity: str) -> int:
    return Alert("", "", severity, "", "", "").rank


def _write(connection: sa.Connection, alert: Alert, wanted: tuple[str, ...], at: datetime) -> AlertRecord:
    line = {**asdict(alert), "key": alert.identity, "at": at, "wanted": orjson.dumps(list(wanted)).decode()}
    number = connection.execute(ALERTS.insert().returning(ALERTS.c.id), line).scalar_one()
    return AlertRecord(int(number), at, alert, wanted)


def _without(event: Outcome) -> sa.ColumnElement[bool]:
    same = (EVENTS.c.alert == ALERTS.c.id) & (EVENTS.c.event == event.value)
    return ~sa.exists().where(same)


def _events(connection: sa.Connection, project: str, numbers: Sequence[int]) -> dict[int, list[sa.RowMapping]]:
    found: dict[int, list[sa.RowMapping]] = {}
    if numbers:
        asked = (EVENTS.c.project == project) & EVENTS.c.alert.between(min(numbers), max(numbers))
        for row in connection.execute(sa.select(EVENTS).where(asked).order_by(EVENTS.c.id)).mappings():
            found.setdefault(row["alert"], []).append(row)
    return found


def _record(row: sa.RowMapping, events: Sequence[Mapping[Any, Any]]) -> AlertRecord:
    given = {name: row[name] for name in Alert.__dataclass_fields__}
    outcomes = [(Outcome(event["event"]), event["channel"], event["at"]) for event in events]
    return AlertRecord(
        number=row["id"],
        at=row["at"],
        alert=Alert(**given),
        wanted=tuple(orjson.loads(row["wanted"])),
        took=frozenset(name for event, name, _ in outcomes if event in {Outcome.DELIVERED, Outcome.DIGESTED}),
        tries=sum(event in {Outcome.DELIVERED, Outcome.FAILED, Outcome.DIGESTED} for event, _, _ in outcomes),
        resolved_at=next((at for event, _, at in outcomes if event is Outcome.RESOLVED), None),
    )
