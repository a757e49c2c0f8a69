"""Heartbeats: that a worker of a server was there, in which stretch of time, with which version.

A worker writes one line when it begins, moves its end every few seconds, and says so when it was told to stop; one that
was killed leaves a line that ends without that. A gap between two beats, or another version, begins a new line, so that
the table grows with what happens and not with time. What the lines say about uptime is judged in monitoring.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.database import Database

#: Seconds between two beats.
BEAT_SECONDS: Final = 5.0
#: Beats that may be missed before a worker counts as having been away.
_MISSED: Final = 6
#: How long after its last beat a worker may still have been there.
TOLERANCE: Final = timedelta(seconds=BEAT_SECONDS * _MISSED)
_TABLES = sa.MetaData()
_BEATS = sa.Table(
    "server_stretches",
    _TABLES,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("worker", sa.String(200), nullable=False),
    sa.Column("version", sa.String(63), nullable=False),
    sa.Column("began", sa.DateTime(), nullable=False),
    sa.Column("seen", sa.DateTime(), nullable=False),
    sa.Column("stopped", sa.Boolean(), nullable=False),
    sa.Index("server_stretches_by_time", "project", "seen"),
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedStretch:
    """A stretch of time in which a worker served.

    Args:
        worker: Host and process.
        version: The version that answered; empty for none.
        began: When it began; naive UTC.
        seen: When it was heard of last.
        stopped: Whether it was told to end, or went on with another version; False for one that was killed, hangs or
            still serves.
    """

    worker: str
    version: str
    began: datetime
    seen: datetime
    stopped: bool


class Heartbeats:
    """The stretches of all servers of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, _TABLES)

    def stretches(self, project: str, since: datetime) -> list[ServedStretch]:
        """What was heard of a project's servers since some moment, oldest first; naive UTC.

        Raises:
            StateError: The database refuses.
        """
        columns = [_BEATS.c[name] for name in ServedStretch.__dataclass_fields__]
        query = sa.select(*columns).where(_BEATS.c.project == project, _BEATS.c.seen >= since).order_by(_BEATS.c.began)
        with self._database.begin() as connection:
            return [ServedStretch(*row) for row in connection.execute(query)]

    def write(self, stretch_id: str, project: str, stretch: ServedStretch) -> None:
        """Write a stretch as it is now.

        Raises:
            StateError: The database refuses.
        """
        insert = self._database.insert(_BEATS).values(
            id=stretch_id,
            project=project,
            **{name: getattr(stretch, name) for name in ServedStretch.__dataclass_fields__},
        )
        moved = {"seen": insert.excluded.seen, "stopped": insert.excluded.stopped}
        with self._database.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=[_BEATS.c.id], set_=moved))

    def forget(self, project: str, before: datetime) -> int:
        """Delete stretches that ended before some moment; how many there were.

        Raises:
            StateError: The database refuses.
        """
        with self._database.begin() as connection:
            gone = sa.delete(_BEATS).where(_BEATS.c.project == project, _BEATS.c.seen < before)
            return int(connection.execute(gone).rowcount)

    def count(self, project: str, before: datetime) -> int:
        """How many stretches ended before some moment.

        Raises:
            StateError: The database refuses.
        """
        query = sa.select(sa.func.count()).where(_BEATS.c.project == project, _BEATS.c.seen < before)
        with self._database.begin() as connection:
            return int(connection.execute(query).scalar_one())


class Heart:
    """The heart of one worker. That it cannot be heard is said in the log once, and is no reason not to serve.

    Args:
        heartbeats: Where it is heard.
        project: The project that is served.
        seconds: Between two beats.
        away: A longer gap between two beats means that it was away.
    """

    def __init__(
        self, heartbeats: Heartbeats, project: str, *, seconds: float = BEAT_SECONDS, away: timedelta = TOLERANCE
    ) -> None:
        self._heartbeats = heartbeats
        self._project = project
        self._seconds = seconds
        self._away = away
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._id = ""
        self._now: ServedStretch | None = None
        self._due = 0.0
        self._silent = False
        self._ended = False
        self._lock = threading.Lock()

    def beat(self, version: str) -> None:
        """Say that the worker is there; at most once in so many seconds, or at once where the version has changed."""
        with self._lock:  # a beat that is under way when the server ends must not come after the end
            if not self._ended:
                self._beat(version)

    def stop(self) -> None:
        """Say that the worker was told to end."""
        with self._lock:
            self._ended = True
            if self._now is not None:
                self._say(replace(self._now, seen=_utc_now(), stopped=True))

    def _beat(self, version: str) -> None:
        before, clock, now = self._now, time.monotonic(), _utc_now()
        if before is not None and before.version == version and clock < self._due:
            return
        self._due = clock + self._seconds
        if before is not None and now - before.seen > self._away:
            before = None  # it was away: the line that was begun stays as it is
        if before is not None and before.version == version:
            self._say(replace(before, seen=now))
            return
        if before is not None:
            self._say(replace(before, seen=now, stopped=True))
        self._id = str(uuid.uuid4())
        self._say(ServedStretch(self._worker, version, now, now, stopped=False))

    def _say(self, stretch: ServedStretch) -> None:
        try:
            self._heartbeats.write(self._id, self._project, stretch)
        except StateError as error:
            if not self._silent:
                _log.warning("%s: heartbeats cannot be written: %s", self._project, error)
            self._silent = True
        else:
            self._silent = False
            self._now = stretch


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
