"""`Ledger`: which version of a project was what, when, by whom and on which evidence. Nothing in it is ever changed.

MLflow's aliases say which version is champion now and keep no history; this is the history, and rollback reads it.
How a version becomes champion lives in `deployment`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.database import Database

if TYPE_CHECKING:
    import pandas as pd


class State(StrEnum):
    """What a version can be."""

    CANDIDATE = "candidate"
    CHALLENGER = "challenger"
    CHAMPION = "champion"
    REJECTED = "rejected"
    RETIRED = "retired"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


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
    sa.Index("release_events_by_project", "project", "id"),
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
    """

    project: str
    version: str
    state: State
    by: str
    at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)


class Ledger:
    """The ledger of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
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
        self.append_all([entry])
        return entry

    def append_all(self, entries: Sequence[Entry]) -> None:
        """Write several lines in one transaction: either all of them hold or none does.

        Raises:
            StateError: The database refuses.
        """
        lines = [
            {
                "project": entry.project,
                "version": entry.version,
                "state": entry.state.value,
                "at": entry.at,
                "by": entry.by,
                "evidence": orjson.dumps(entry.evidence, option=orjson.OPT_SERIALIZE_NUMPY, default=str).decode(),
            }
            for entry in entries
        ]
        with self._database.begin() as connection:
            connection.execute(sa.insert(_EVENTS), lines)

    def history(self, project: str) -> list[Entry]:
        """All lines of a project, the oldest first.

        Raises:
            StateError: The database refuses.
        """
        query = sa.select(_EVENTS).where(_EVENTS.c.project == project).order_by(_EVENTS.c.id)
        with self._database.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Entry(project, row["version"], State(row["state"]), row["by"], row["at"], orjson.loads(row["evidence"]))
            for row in rows
        ]

    def history_table(self, project: str) -> pd.DataFrame:
        """All lines of a project as a table: version, state, at, by, evidence (JSON)."""
        import pandas as pd

        rows = [
            (item.version, item.state.value, item.at, item.by, orjson.dumps(item.evidence, default=str).decode())
            for item in self.history(project)
        ]
        return pd.DataFrame(rows, columns=["version", "state", "at", "by", "evidence"])

    def champion(self, project: str) -> str | None:
        """The version in production. This is asked often, so it reads two columns and no evidence."""
        columns = (_EVENTS.c.version, _EVENTS.c.state)
        query = sa.select(*columns).where(_EVENTS.c.project == project).order_by(_EVENTS.c.id)
        with self._database.begin() as connection:
            states = {row.version: row.state for row in connection.execute(query)}
        champions = [version for version, state in states.items() if state == State.CHAMPION]
        return champions[-1] if champions else None

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
        waits = version is not None and self.state_of(project, version) in {State.CANDIDATE, State.CHALLENGER}
        return version if waits else None

    def labels_used(self, project: str) -> int:
        """Labelled production rows that the last version that said so has learnt from."""
        said = (item.evidence[LABELS_USED] for item in reversed(self.history(project)) if LABELS_USED in item.evidence)
        return int(next(said, 0))

    def _latest_candidate(self, project: str) -> Entry | None:
        return next((item for item in reversed(self.history(project)) if item.state is State.CANDIDATE), None)


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
