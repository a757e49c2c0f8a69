"""`LogReader`: lines of the prediction log with their outcomes, from the database and from the archive, each once.

The database is read before the archive: a line that is moved meanwhile is then seen in one of them or in both. What
becomes of the lines is the business of `log_frames`; who asks, of `prediction_log`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_archive import COLUMNS, Archive, join_archived, read_archived
from ml_lifecycle.serving.log_frames import Joined
from ml_lifecycle.serving.log_lines import CHAMPION, NUL
from ml_lifecycle.serving.log_tables import FAILURES, ID_LENGTH, OUTCOMES, PREDICTIONS, WANTED, joined

if TYPE_CHECKING:
    import pandas as pd

_CHUNK: Final = 5_000


class _Kept(sa.types.TypeDecorator[Any]):
    """A time as the driver gives it."""

    impl = sa.Text
    cache_ok = True


_ANSWERS: Final = tuple(name for name in COLUMNS if name not in {"inputs", "request_id"})
#: The same as `WANTED`, times as the database keeps them.
_AS_KEPT: Final = tuple(
    sa.type_coerce(column, _Kept()).label(column.name) if isinstance(column.type, sa.DateTime) else column
    for column in WANTED
)
Outcomes = dict[str, tuple[str, datetime]]


class LogReader:
    """Reads what was kept.

    Args:
        database: The service database, with the log's tables in place.
        archive: Where lines lie that it no longer holds.
    """

    def __init__(self, database: Database, archive: Archive | None) -> None:
        self._database = database
        self._archive = archive

    def of_window(
        self, project: str, start: datetime, end: datetime, *, as_of: datetime | None, role: str
    ) -> Sequence[Sequence[Any]]:
        """The predictions of a stretch of event time in their order, with the outcomes known at some moment.

        Returns:
            The cells of `Joined`; times may be texts, as SQLite keeps them, for making them one by one takes longer
            than all the rest.
        """
        known = OUTCOMES.c.known_at <= as_of if as_of is not None else sa.true()
        query = (
            sa.select(*_AS_KEPT)
            .select_from(joined(known, outer=True))
            .where(PREDICTIONS.c.project == project, PREDICTIONS.c.role == role)
            .where(PREDICTIONS.c.event_time >= start, PREDICTIONS.c.event_time < end)
            .order_by(PREDICTIONS.c.event_time, PREDICTIONS.c.prediction_id)
        )
        with self._database.begin() as connection:
            live = connection.execute(query).all()
        where = [("event_time", ">=", start), ("event_time", "<", end), ("role", "=", role)]
        moved = read_archived(self._archive, project, COLUMNS, where)
        if moved is None or moved.empty:
            return live
        outcomes = self._outcomes_of(project, moved["row_key"].unique().tolist(), known)
        both = _once(map(_with_times, live), join_archived(moved, outcomes, outer=True))
        return sorted(both, key=lambda line: (line.event_time, line.prediction_id))

    def start_of_last(self, project: str, before: datetime, rows: int, role: str) -> datetime | None:
        """The event time of the oldest of so many last predictions before a moment; None where there are none."""
        table = PREDICTIONS.c
        mine = (table.project == project) & (table.role == role) & (table.event_time < before)
        ordered = sa.select(table.event_time).where(mine).order_by(table.event_time.desc())
        with self._database.begin() as connection:
            found: datetime | None = connection.execute(ordered.limit(1).offset(rows - 1)).scalar()
            if found is None:
                found = connection.execute(sa.select(sa.func.min(table.event_time)).where(mine)).scalar()
        where = [("event_time", "<", before), ("role", "=", role)]
        moved = read_archived(self._archive, project, ["event_time"], where)
        if moved is None or moved.empty:
            return found
        return self._start_with(moved, ordered, rows)

    def _start_with(self, moved: pd.DataFrame, ordered: sa.Select[Any], rows: int) -> datetime:
        """As `start_of_last`, with lines of the archive beside those of the database."""
        ids = ordered.add_columns(PREDICTIONS.c.prediction_id).limit(rows)
        with self._database.begin() as connection:
            live: dict[str, datetime] = {row[1]: row[0] for row in connection.execute(ids)}
        archived = zip(moved["prediction_id"], _plain_times(moved["event_time"]), strict=True)
        times: list[datetime] = sorted((live | dict(archived)).values(), reverse=True)
        return times[min(rows, len(times)) - 1]

    def touched_since(self, project: str, since: datetime, most: int) -> list[tuple[datetime, datetime]]:
        """Event times of predictions whose outcome was written after a moment, with when that was, newest first."""
        query = (
            sa.select(PREDICTIONS.c.event_time, OUTCOMES.c.written_at)
            .select_from(joined(OUTCOMES.c.written_at > since, outer=False))
            .where(PREDICTIONS.c.project == project)
            .order_by(OUTCOMES.c.written_at.desc())
            .limit(most)
        )
        with self._database.begin() as connection:
            live = [(row[0], row[1]) for row in connection.execute(query)]
            keys = sa.select(OUTCOMES.c.row_key, OUTCOMES.c.written_at).where(
                OUTCOMES.c.project == project, OUTCOMES.c.written_at > since
            )
            if self._archive is None or not self._archive.holds(project):
                return live
            written = {row[0]: row[1] for row in connection.execute(keys)}
        where = [("row_key", "in", list(written))]
        moved = read_archived(self._archive, project, ["event_time", "row_key"], where) if written else None
        if moved is None or moved.empty:
            return live
        times = zip(_plain_times(moved["event_time"]), moved["row_key"], strict=True)
        return [*live, *((moment, written[key]) for moment, key in times)]

    def labelled(self, project: str, since: datetime | None) -> list[Joined]:
        """All predictions whose outcome is known, or has become known after some moment, the oldest first."""
        known = OUTCOMES.c.known_at > since if since is not None else sa.true()
        query = (
            sa.select(*WANTED)
            .select_from(joined(known, outer=False))
            .where(PREDICTIONS.c.project == project)
            .order_by(PREDICTIONS.c.event_time, PREDICTIONS.c.logged_at, PREDICTIONS.c.prediction_id)
        )
        live = self._joined(query)
        if self._archive is None or not self._archive.holds(project):
            return live
        outcomes = self._outcomes(project, known)
        where = [("row_key", "in", list(outcomes))]
        moved = read_archived(self._archive, project, COLUMNS, where) if outcomes else None
        if moved is None:
            return live
        both = _once(live, join_archived(moved, outcomes, outer=False))
        return sorted(both, key=lambda line: (line.event_time, line.logged_at, line.prediction_id))

    def answers(self, project: str, since: datetime, roles: Sequence[str]) -> list[Joined]:
        """What was predicted since some moment, without the inputs, in the order in which it was."""
        plain = [sa.literal("").label("inputs") if column.name == "inputs" else column for column in WANTED]
        query = (
            sa.select(*plain)
            .select_from(joined(sa.true(), outer=True))
            .where(PREDICTIONS.c.project == project, PREDICTIONS.c.role.in_(roles))
            .where(PREDICTIONS.c.logged_at >= since)
            .order_by(PREDICTIONS.c.logged_at, PREDICTIONS.c.prediction_id)
        )
        live = self._joined(query)
        moved = read_archived(
            self._archive, project, _ANSWERS, [("logged_at", ">=", since), ("role", "in", list(roles))]
        )
        if moved is None or moved.empty:
            return live
        outcomes = self._outcomes_of(project, moved["row_key"].unique().tolist(), sa.true())
        both = _once(live, join_archived(moved, outcomes, outer=True))
        return sorted(both, key=lambda line: (line.logged_at, line.prediction_id))

    def failures(
        self, project: str, since: datetime, until: datetime | None = None
    ) -> list[tuple[str, str, str, str, int]]:
        """Version, role, column, check and rows of what got an error since some moment, and before another."""
        ended = FAILURES.c.at < until if until is not None else sa.true()
        group = [FAILURES.c[name] for name in ("model_version", "role", "column", "check")]
        query = (
            sa.select(*group, sa.func.sum(FAILURES.c.rows))
            .where(FAILURES.c.project == project, FAILURES.c.at >= since, ended)
            .group_by(*group)
            .order_by(*group)
        )
        with self._database.begin() as connection:
            return [(*row[:4], int(row[4])) for row in connection.execute(query)]

    def labelled_count(self, project: str) -> int:
        """How many rows have been predicted whose outcome is known."""
        keys = sa.select(PREDICTIONS.c.row_key).distinct().select_from(joined(sa.true(), outer=False))
        query = keys.where(PREDICTIONS.c.project == project)
        with self._database.begin() as connection:
            if self._archive is None or not self._archive.holds(project):
                return int(connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())
            live = set(connection.execute(query).scalars())
        moved = read_archived(self._archive, project, ["row_key"])
        archived = set() if moved is None else set(moved["row_key"])
        return len(live | (archived & self._outcomes(project, sa.true()).keys()))

    def count(self, project: str) -> int:
        """How many predictions have been kept."""
        mine = sa.select(PREDICTIONS.c.prediction_id).where(PREDICTIONS.c.project == project)
        with self._database.begin() as connection:
            if self._archive is None or not self._archive.holds(project):
                return int(connection.execute(sa.select(sa.func.count()).select_from(mine.subquery())).scalar_one())
            live = set(connection.execute(mine).scalars())
        moved = read_archived(self._archive, project, ["prediction_id"])
        return len(live | (set() if moved is None else set(moved["prediction_id"])))

    def row_keys(self, project: str, ids: Sequence[str]) -> dict[str, str]:
        """The row keys of predictions by their ids; ids that nobody has given out are absent."""
        found: dict[str, str] = {}
        wellformed = [name for name in ids if len(name) <= ID_LENGTH and NUL not in name]
        for part in _chunks(wellformed):
            query = sa.select(PREDICTIONS.c.prediction_id, PREDICTIONS.c.row_key).where(
                PREDICTIONS.c.project == project, PREDICTIONS.c.prediction_id.in_(part)
            )
            with self._database.begin() as connection:
                found.update((row[0], row[1]) for row in connection.execute(query))
        rest = [name for name in wellformed if name not in found]
        moved = read_archived(self._archive, project, ["row_key"], [("prediction_id", "in", rest)]) if rest else None
        if moved is not None:
            found.update(zip(moved["prediction_id"], moved["row_key"], strict=True))
        return found

    def answered_by_others(self, project: str, version: str, start: datetime, end: datetime) -> set[str]:
        """The keys of rows of a stretch of event time that another version has answered as the one in production."""
        line = PREDICTIONS.c
        query = sa.select(line.row_key).where(
            line.project == project, line.role == CHAMPION, line.model_version != version
        )
        with self._database.begin() as connection:
            inside = query.where(line.event_time >= start, line.event_time <= end)
            found = set(connection.execute(inside).scalars())
        where = [("event_time", ">=", start), ("event_time", "<=", end), ("role", "=", CHAMPION)]
        moved = read_archived(self._archive, project, ["row_key", "model_version"], where)
        return found if moved is None else found | set(moved.loc[moved["model_version"] != version, "row_key"])

    def oldest(self, project: str, before: datetime, most: int) -> list[tuple[Any, ...]]:
        """The oldest lines in the database that happened before some moment, in the order of `COLUMNS`."""
        query = (
            sa.select(PREDICTIONS)
            .where(PREDICTIONS.c.project == project, PREDICTIONS.c.event_time < before)
            .order_by(PREDICTIONS.c.event_time)
            .limit(most)
        )
        with self._database.begin() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def _joined(self, query: sa.Select[Any]) -> list[Joined]:
        with self._database.begin() as connection:
            return list(map(Joined._make, connection.execute(query).all()))

    def _outcomes(self, project: str, known: sa.ColumnElement[bool]) -> Outcomes:
        """All outcomes of a project."""
        query = sa.select(OUTCOMES.c.row_key, OUTCOMES.c.outcome, OUTCOMES.c.known_at)
        with self._database.begin() as connection:
            rows = connection.execute(query.where(OUTCOMES.c.project == project, known))
            return {row[0]: (row[1], row[2]) for row in rows}

    def _outcomes_of(self, project: str, keys: Sequence[str], known: sa.ColumnElement[bool]) -> Outcomes:
        """The outcomes of some rows."""
        found: Outcomes = {}
        for part in _chunks(keys):
            found.update(self._outcomes(project, known & OUTCOMES.c.row_key.in_(part)))
        return found


def _plain_times(column: pd.Series) -> list[datetime]:
    return [moment.to_pydatetime() for moment in column]


def _with_times(cells: Sequence[Any]) -> Joined:
    """A line with times of Python."""
    line = Joined._make(cells)
    known = None if line.outcome_at is None else _time(line.outcome_at)
    return line._replace(event_time=_time(line.event_time), logged_at=_time(line.logged_at), outcome_at=known)


def _time(kept: str | datetime) -> datetime:
    return datetime.fromisoformat(kept) if isinstance(kept, str) else kept


def _once(live: Iterable[Joined], moved: Iterable[Joined]) -> list[Joined]:
    """Each prediction once; as it lies in the archive, where it is in both."""
    return list({line.prediction_id: line for lines in (live, moved) for line in lines}.values())


def _chunks(items: Sequence[str]) -> Iterable[Sequence[str]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
