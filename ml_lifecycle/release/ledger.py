"""`Ledger`: which version of a project was what, when, by whom and on which evidence. Nothing in it is ever changed.

MLflow's aliases say which version is champion now and keep no history; this is the history, and rollback reads it.
How a version becomes champion lives in `deployment`, how it ceases to be in `rollback`. The database refuses to change
a line (`append_only`), and each carries the hash of the one before it (`chain`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.append_only import APPEND_ONLY
from ml_lifecycle.release.chain import HASH, Verification, append_lines, chain_columns, verify_lines
from ml_lifecycle.release.database import Database

if TYPE_CHECKING:
    import pandas as pd


class State(StrEnum):
    """What a version can be."""

    CANDIDATE = "candidate"
    CHALLENGER = "challenger"
    STAGED = "staged"
    APPROVED = "approved"
    REJECTED = "rejected"
    SHADOW = "shadow"
    CANARY = "canary"
    CHAMPION = "champion"
    RETIRED = "retired"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


#: States of a version about which nothing has been decided yet.
WAITING: Final = frozenset({State.CANDIDATE, State.CHALLENGER, State.STAGED, State.APPROVED})
#: States of a version that was taken back: it does not go into production, nor back there unless somebody names it.
BAD: Final = frozenset({State.ROLLED_BACK, State.FAILED, State.REJECTED})
#: Evidence that names the package of a version by its hash.
DIGEST: Final = "digest"
#: Evidence that says how many labelled production rows a version has learnt from.
LABELS_USED: Final = "labels_used"

_TABLES = sa.MetaData()
_EVENTS = sa.Table(
    "release_events",
    _TABLES,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("version", sa.String(63), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("evidence", sa.Text(), nullable=False),
    *chain_columns(),
    sa.Index("release_events_by_project", "project", "id"),
    sa.Index("release_events_by_version", "project", "version", "id"),
    info={APPEND_ONLY: True},
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    Args:
        project: The project.
        version: Its version.
        state: What the version became.
        by: Who or what decided: a run, a person.
        at: When, naive UTC.
        evidence: On what grounds, plain JSON.
        hash: The hash of the line, once it is written; empty for lines from before there were hashes.
    """

    project: str
    version: str
    state: State
    by: str
    at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    hash: str = field(default="", compare=False)


class Ledger:
    """The ledger of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._database = Database(url, _TABLES)

    def append(
        self,
        project: str,
        version: str,
        state: State | str,
        *,
        by: str,
        evidence: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """Write one line.

        Raises:
            StateError: There is no such state, or the database refuses.
        """
        entry = Entry(project, str(version), _state(state), by, at or _now(), dict(evidence or {}))
        return self.append_all([entry])[0]

    def append_all(self, entries: Sequence[Entry]) -> list[Entry]:
        """Write several lines in one transaction: either all of them hold or none does.

        Returns:
            The lines with their hashes.

        Raises:
            StateError: The database refuses.
        """
        with self._database.begin_alone(_EVENTS) as connection:
            return _write(connection, entries)

    def succeed(self, entries: Sequence[Entry], *, champion: str | None, barred: Collection[State] = ()) -> list[Entry]:
        """Write the lines of a change of champion, unless it has changed since it was looked up.

        Args:
            entries: The lines, all of one project; the last one names the version that rises.
            champion: The version in production as the caller knows it; None for none.
            barred: States from which a version may not rise, should somebody have put it there meanwhile.

        Raises:
            StateError: Another version is in production by now, the version was taken back, or the database refuses.
                Nothing is written then.
        """
        project, version = entries[-1].project, entries[-1].version
        with self._database.begin_alone(_EVENTS) as connection:
            found, last = _champion(connection, project), _last_line(connection, project, version)
            if last is not None and last.state in {state.value for state in barred}:
                raise StateError(
                    f"version {version} of {project} was taken back meanwhile",
                    expected="a version that still waits",
                    got=str(last.state),
                    advice=f"see `ml-lifecycle releases {project}` for who did it and why",
                )
            if found != champion:
                raise StateError(
                    f"the version of {project} in production has changed meanwhile",
                    expected=f"version {champion}" if champion else "none",
                    got=f"version {found}" if found else "none",
                    advice="look at it with `ml-lifecycle releases`, and try again if it is still what you want",
                )
            return _write(connection, entries)

    def advance(
        self, project: str, version: str, state: State | str, *, by: str, evidence: Mapping[str, Any] | None = None
    ) -> Entry | None:
        """Write how far a version has come that still waits; nothing where it has come so far or is decided about.

        A version that is in production is not brought back into the queue by a step that is made once more.

        Returns:
            The line; None if none was written.

        Raises:
            StateError: There is no such state, or the database refuses.
        """
        entry = Entry(project, str(version), _state(state), by, _now(), dict(evidence or {}))
        with self._database.begin_alone(_EVENTS) as connection:
            last = _last_line(connection, project, entry.version)
            if last is None or State(last.state) not in WAITING:
                return None
            if last.state == entry.state and last.evidence == _json(entry.evidence):
                return None
            return _write(connection, [entry])[0]

    def history(self, project: str) -> list[Entry]:
        """All lines of a project, the oldest first.

        Raises:
            StateError: The database refuses.
        """
        query = sa.select(_EVENTS).where(_EVENTS.c.project == project).order_by(_EVENTS.c.id)
        with self._database.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return [_entry(row) for row in rows]

    def verify(self, *, until: str | None = None) -> Verification:
        """Look whether every line of every project is as it was written, and none was taken away in between.

        Args:
            until: A hash that was kept elsewhere, such as in the record of a deployment: its line must still be there.

        Raises:
            StateError: The database refuses.
        """
        with self._database.begin() as connection:
            return verify_lines(connection, _EVENTS, until=until)

    def history_table(self, project: str) -> pd.DataFrame:
        """All lines of a project as a table: version, state, at, by, evidence (JSON), hash."""
        import pandas as pd

        rows = [
            (item.version, item.state.value, item.at, item.by, _json(item.evidence), item.hash)
            for item in self.history(project)
        ]
        return pd.DataFrame(rows, columns=["version", "state", "at", "by", "evidence", "hash"])

    def champion(self, project: str) -> str | None:
        """The version in production. This is asked often, so it reads one line and no evidence."""
        with self._database.begin() as connection:
            return _champion(connection, project)

    def state_of(self, project: str, version: str) -> State | None:
        """What a version is now; None if the ledger does not know it."""
        return next((item.state for item in reversed(self.history(project)) if item.version == str(version)), None)

    def latest_version(self, project: str) -> str | None:
        """The version that was registered last."""
        entry = self._latest_candidate(project)
        return entry.version if entry else None

    def candidate(self, project: str) -> str | None:
        """The version that was registered last, if nothing has been decided about it yet."""
        version = self.latest_version(project)
        waits = version is not None and self.state_of(project, version) in WAITING
        return version if waits else None

    def digest_of(self, project: str, version: str) -> str | None:
        """The hash of a version's package, as it was noted when it was registered; None if the ledger has none."""
        lines = [item for item in self.history(project) if item.version == str(version) and DIGEST in item.evidence]
        registered = [item for item in lines if item.state is State.CANDIDATE] or lines
        return str(registered[-1].evidence[DIGEST]) if registered else None

    def labels_used(self, project: str) -> int:
        """Labelled production rows that the last version that said so has learnt from."""
        said = (item.evidence[LABELS_USED] for item in reversed(self.history(project)) if LABELS_USED in item.evidence)
        return int(next(said, 0))

    def _latest_candidate(self, project: str) -> Entry | None:
        return next((item for item in reversed(self.history(project)) if item.state is State.CANDIDATE), None)


def _write(connection: sa.Connection, entries: Sequence[Entry]) -> list[Entry]:
    lines = [
        {
            "project": entry.project,
            "version": entry.version,
            "state": entry.state.value,
            "at": entry.at,
            "by": entry.by,
            "evidence": _json(entry.evidence),
        }
        for entry in entries
    ]
    hashes = append_lines(connection, _EVENTS, lines)
    return [replace(entry, hash=made) for entry, made in zip(entries, hashes, strict=True)]


def _champion(connection: sa.Connection, project: str) -> str | None:
    """The newest line that says champion and is the last one of its version."""
    later = _EVENTS.alias()
    same = (later.c.project == _EVENTS.c.project) & (later.c.version == _EVENTS.c.version)
    overtaken = sa.exists().where(same & (later.c.id > _EVENTS.c.id))
    risen = (_EVENTS.c.project == project) & (_EVENTS.c.state == State.CHAMPION.value)
    query = sa.select(_EVENTS.c.version).where(risen & ~overtaken).order_by(_EVENTS.c.id.desc()).limit(1)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def _last_line(connection: sa.Connection, project: str, version: str) -> Any:  # noqa: ANN401 - a row of the table
    mine = (_EVENTS.c.project == project) & (_EVENTS.c.version == version)
    query = sa.select(_EVENTS.c.state, _EVENTS.c.evidence).where(mine).order_by(_EVENTS.c.id.desc()).limit(1)
    return connection.execute(query).first()


def _entry(row: sa.RowMapping) -> Entry:
    evidence = orjson.loads(row["evidence"])
    state = State(row["state"])
    return Entry(row["project"], row["version"], state, row["by"], row["at"], evidence, row[HASH] or "")


def _json(evidence: Mapping[str, Any]) -> str:
    return orjson.dumps(evidence, option=orjson.OPT_SERIALIZE_NUMPY, default=str).decode()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _state(state: State | str) -> State:
    try:
        return State(state)
    except ValueError as error:
        raise StateError(
            "the ledger does not know this state",
            expected=f"one of {[item.value for item in State]}",
            got=repr(state),
            advice="write one of those",
        ) from error
