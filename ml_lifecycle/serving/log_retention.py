"""Deleting old predictions and their outcomes for good, in the database and in the archive.

Only where the YAML names days for it. How many labelled rows have gone is kept, so that the count of labelled rows that
there ever were goes on: by it retraining knows how many are new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import sqlalchemy as sa

from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_archive import Archive, read_archived
from ml_lifecycle.serving.log_blocks import lay_out
from ml_lifecycle.serving.log_reading import LogReader
from ml_lifecycle.serving.log_tables import FAILURES, FORGOTTEN, OUTCOMES, PREDICTIONS, TABLES

_CHUNK: Final = 5_000
#: Columns whose text is most of a line.
_WIDE: Final = ("inputs", "prediction", "score", "row_key", "entity", "request_id")


class ForgetfulArchive(Archive, Protocol):
    """An archive that can forget."""

    def forget(self, project: str, before: datetime) -> int:
        """Delete lines of whole days that lie before some moment; how many.

        Raises:
            StateError: They cannot be deleted.
        """
        ...


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is deleted of a prediction log, or would be.

    Args:
        lines: Predictions in the database.
        archived: Predictions in the archive.
        outcomes: Outcomes of rows that no prediction is left of.
        bytes: Roughly what they take in the database.
        left: Predictions that stay in the database.
    """

    lines: int
    archived: int
    outcomes: int
    bytes: int
    left: int


class LogRetention:
    """The old end of a prediction log.

    Args:
        url: SQLAlchemy URL of the service tables.
        archive: Where lines lie that were moved out of the database.
    """

    def __init__(self, url: str, archive: ForgetfulArchive | None = None) -> None:
        self._database = Database(url, TABLES)
        self._archive = archive

    def look(self, project: str, before: datetime) -> Forgotten:
        """What lies before a midnight; nothing is touched.

        Raises:
            StateError: The database or the archive refuses.
        """
        lay_out(self._database)
        wide = sum(sa.func.coalesce(sa.func.length(PREDICTIONS.c[name]), 0) for name in _WIDE)
        mine = PREDICTIONS.c.project == project
        with self._database.begin() as connection:
            query = sa.select(sa.func.count(), sa.func.sum(wide)).where(mine, PREDICTIONS.c.event_time < before)
            lines, size = connection.execute(query).one()
            every = connection.execute(sa.select(sa.func.count()).select_from(PREDICTIONS).where(mine)).scalar_one()
        moved = read_archived(self._archive, project, ["event_time"], [("event_time", "<", before)])
        archived = 0 if moved is None else len(moved)
        outcomes = len(self._orphans(project, before))
        return Forgotten(int(lines), archived, outcomes, int(size or 0), int(every) - int(lines))

    def forget(self, project: str, before: datetime) -> None:
        """Delete what lies before a midnight.

        Raises:
            StateError: The database or the archive refuses; what is left goes with the next call.
        """
        lay_out(self._database)
        labelled = self._labelled(project)
        orphans = self._orphans(project, before)
        with self._database.begin() as connection:
            for table, moment in ((PREDICTIONS, "event_time"), (FAILURES, "at")):
                connection.execute(sa.delete(table).where(table.c.project == project, table.c[moment] < before))
        if self._archive is not None and self._archive.holds(project):
            self._archive.forget(project, before)
        with self._database.begin() as connection:
            for part in (orphans[start : start + _CHUNK] for start in range(0, len(orphans), _CHUNK)):
                mine = OUTCOMES.c.project == project
                connection.execute(sa.delete(OUTCOMES).where(mine, OUTCOMES.c.row_key.in_(part)))
            gone = {"project": project, "at": _utc_now(), "labelled": max(labelled - self._labelled(project), 0)}
        with self._database.begin() as connection:
            connection.execute(sa.insert(FORGOTTEN).values(**gone))

    def _labelled(self, project: str) -> int:
        return LogReader(self._database, self._archive).labelled_count(project)

    def _orphans(self, project: str, before: datetime) -> Sequence[str]:
        """Rows whose outcome is known and of which no prediction is left after that moment."""
        later = sa.select(PREDICTIONS.c.row_key).where(
            PREDICTIONS.c.project == project, PREDICTIONS.c.event_time >= before
        )
        query = sa.select(OUTCOMES.c.row_key).where(
            OUTCOMES.c.project == project, OUTCOMES.c.known_at < before, OUTCOMES.c.row_key.not_in(later)
        )
        with self._database.begin() as connection:
            found = list(connection.execute(query).scalars())
        moved = read_archived(self._archive, project, ["row_key"], [("event_time", ">=", before)]) if found else None
        staying = set() if moved is None else set(moved["row_key"])
        return [key for key in found if key not in staying]


def labelled_forgotten(database: Database, project: str) -> int:
    """How many labelled rows have been deleted so far.

    Raises:
        StateError: The database refuses.
    """
    query = sa.select(sa.func.coalesce(sa.func.sum(FORGOTTEN.c.labelled), 0)).where(FORGOTTEN.c.project == project)
    with database.begin() as connection:
        return int(connection.execute(query).scalar_one())


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
