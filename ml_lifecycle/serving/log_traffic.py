"""How much was asked when: predictions and failed rows of the log, counted by day or hour. Rows are read elsewhere.

The database counts, so that no line leaves it; lines that lie in the archive are counted there, by their columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_archive import Archive, read_archived
from ml_lifecycle.serving.log_blocks import lay_out
from ml_lifecycle.serving.log_tables import FAILURES, PREDICTIONS, TABLES

#: How a moment is written by its day and by its hour, and how long its text is in the database up to there.
_DAY, _HOUR = "%Y-%m-%d", "%Y-%m-%d-%H:%M"
_LETTERS: Final = {_DAY: 10, _HOUR: 13}
_STORED: Final = {_DAY: "%Y-%m-%d", _HOUR: "%Y-%m-%d %H"}
_GROUP: Final = ["window", "version", "role"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked of a project.

    Args:
        predictions: Columns window, version, role, rows; windows by event time.
        failures: Columns window, rows: rows that got an error, by the time at which they did.
    """

    predictions: pd.DataFrame
    failures: pd.DataFrame


def count_traffic(url: str, project: str, *, hourly: bool, most: int, archive: Archive | None = None) -> Traffic:
    """Count the newest stretches of a project's traffic.

    Args:
        url: SQLAlchemy URL of the service tables.
        project: The project.
        hourly: Whether a stretch is an hour; a day otherwise.
        most: So many stretches, up to the newest prediction.
        archive: Where lines lie that the database no longer holds.

    Raises:
        StateError: The database refuses, or the archive cannot be read.
    """
    database, form = Database(url, TABLES), _HOUR if hourly else _DAY
    mine = PREDICTIONS.c.project == project
    lay_out(database)
    with database.begin() as connection:
        newest = connection.execute(sa.select(sa.func.max(PREDICTIONS.c.event_time)).where(mine)).scalar()
        since = _begin(newest, form, most)
        counted = _predictions(connection, project, since, form)
        failures = _failures(connection, project, since, form)
    archived = _archived(archive, project, since, form)
    both = counted if archived.empty else pd.concat([counted, archived], ignore_index=True)
    return Traffic(both.groupby(_GROUP, as_index=False).agg({"rows": "sum"}), failures)


def _begin(newest: datetime | None, form: str, most: int) -> datetime:
    if newest is None:
        return datetime(1970, 1, 1)  # noqa: DTZ001 - the log's times are naive UTC
    length = timedelta(hours=1) if form == _HOUR else timedelta(days=1)
    first: datetime = newest.replace(minute=0, second=0, microsecond=0) - (most - 1) * length
    return first if form == _HOUR else first.replace(hour=0)


def _predictions(connection: sa.Connection, project: str, since: datetime, form: str) -> pd.DataFrame:
    table = PREDICTIONS.c
    stretch = _stretch(table.event_time, form)
    query = (
        sa.select(stretch, table.model_version, table.role, sa.func.count())
        .where(table.project == project, table.event_time >= since)
        .group_by(stretch, table.model_version, table.role)
    )
    found = pd.DataFrame(connection.execute(query).all(), columns=[*_GROUP, "rows"])
    return found.assign(window=_named(found["window"], form))


def _failures(connection: sa.Connection, project: str, since: datetime, form: str) -> pd.DataFrame:
    stretch = _stretch(FAILURES.c.at, form)
    query = (
        sa.select(stretch, sa.func.sum(FAILURES.c.rows))
        .where(FAILURES.c.project == project, FAILURES.c.at >= since)
        .group_by(stretch)
    )
    found = pd.DataFrame(connection.execute(query).all(), columns=["window", "rows"])
    return found.assign(window=_named(found["window"], form), rows=found["rows"].astype(int))


def _archived(archive: Archive | None, project: str, since: datetime, form: str) -> pd.DataFrame:
    columns = ["event_time", "model_version", "role"]
    lines = read_archived(archive, project, columns, [("event_time", ">=", since)])
    if lines is None or lines.empty:
        return pd.DataFrame(columns=[*_GROUP, "rows"])
    named = lines.assign(window=pd.to_datetime(lines["event_time"]).dt.floor("h" if form == _HOUR else "D"))
    named = named.assign(window=named["window"].dt.strftime(form)).rename(columns={"model_version": "version"})
    return named.groupby(_GROUP, as_index=False).size().rename(columns={"size": "rows"})


def _stretch(column: sa.Column[Any], form: str) -> sa.ColumnElement[str]:
    """A time's day or hour as text, in a way that both databases know."""
    return sa.func.substr(sa.cast(column, sa.Text), 1, _LETTERS[form])


def _named(stretch: pd.Series, form: str) -> pd.Series:
    """Stretches as partitions are named."""
    if form == _DAY:
        return stretch
    return pd.to_datetime(stretch, format=_STORED[form]).dt.strftime(form)
