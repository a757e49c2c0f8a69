"""The state of rollouts in the service database: which version gets how much of the traffic. Nothing is ever changed.

Every line carries the whole state, so a server reads one line. Who writes them and moves the ledger along lives in
`rollout_steps`, who answers which caller in `serving/routing`, on which evidence in `monitoring/rollout`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from ml_lifecycle.release.append_only import APPEND_ONLY
from ml_lifecycle.release.database import Database

if TYPE_CHECKING:
    import pandas as pd


class Event(StrEnum):
    """What can happen to a rollout."""

    STARTED = "started"
    ADVANCED = "advanced"
    HELD = "held"
    ROLLED_BACK = "rolled_back"
    FINISHED = "finished"


_ENDS: Final = frozenset({Event.ROLLED_BACK, Event.FINISHED})
#: Evidence of the first line: the shares of all steps, the version in production then, and what is predicted.
STEPS, AGAINST, TARGET = "steps", "against", "target"
#: Evidence of a line that was held: why.
REASON: Final = "reason"
#: Evidence of a line that a server has written: it cannot load the version.
PROBLEM: Final = "problem"

_TABLES = sa.MetaData()
_EVENTS = sa.Table(
    "rollout_events",
    _TABLES,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("rollout", sa.Integer(), nullable=False),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("version", sa.String(63), nullable=False),
    sa.Column("strategy", sa.String(20), nullable=False),
    sa.Column("step", sa.Integer(), nullable=False),
    sa.Column("share", sa.Float(), nullable=False),
    sa.Column("event", sa.String(20), nullable=False),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("evidence", sa.Text(), nullable=False),
    # What two that act at once cannot both write: the second one is too late, and looks again.
    sa.UniqueConstraint("project", "rollout", "number", name="rollout_events_in_turn"),
    info={APPEND_ONLY: True},
)
_NAMES: Final = ("rollout", "number", "version", "strategy", "step", "share", "event")
_STATE: Final = tuple(_EVENTS.c[name] for name in _NAMES)


@dataclass(frozen=True, slots=True)
class Rollout:
    """What a rollout is at one moment.

    Args:
        project: The project.
        rollout: Its number within the project, from 1.
        number: How many lines were written before this one.
        version: The version that is rolled out.
        strategy: shadow, canary or ab.
        step: Which step, from 0.
        share: Share of the traffic that the version answers; 0 for a shadow.
        event: What has happened last.
    """

    project: str
    rollout: int
    number: int
    version: str
    strategy: str
    step: int
    share: float
    event: Event

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.event not in _ENDS


@dataclass(frozen=True, slots=True)
class RolloutEntry:
    """One line: the state, and when, by whom and on which evidence it came to it.

    Args:
        state: What the rollout became.
        by: Who or what decided.
        at: When, naive UTC.
        evidence: On what grounds, plain JSON.
    """

    state: Rollout
    by: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """A rollout with its past.

    Args:
        state: What it is now.
        entries: Its lines, the oldest first.
    """

    state: Rollout
    entries: tuple[RolloutEntry, ...]

    @property
    def steps(self) -> tuple[float, ...]:
        """The shares of its steps, as they were when it began."""
        return tuple(self.entries[0].evidence.get(STEPS, (self.state.share,)))

    @property
    def against(self) -> str | None:
        """The version that was in production when it began."""
        said = self.entries[0].evidence.get(AGAINST)
        return None if said is None else str(said)

    @property
    def target(self) -> Mapping[str, Any] | None:
        """What is predicted, as `Target.to_dict` wrote it."""
        said: Mapping[str, Any] | None = self.entries[0].evidence.get(TARGET)
        return said

    @property
    def since(self) -> datetime:
        """When its step began, naive UTC."""
        begins = [item.at for item in self.entries if item.state.event in {Event.STARTED, Event.ADVANCED}]
        return begins[-1]

    @property
    def problem(self) -> RolloutEntry | None:
        """What a server has said last of a version that it cannot load, in this step."""
        found = [item for item in self.entries if PROBLEM in item.evidence and item.at >= self.since]
        return found[-1] if found else None


class Rollouts:
    """The rollouts of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, _TABLES)

    def running(self, project: str) -> Rollout | None:
        """The rollout that is under way; None if there is none. This is asked often: one line by its key.

        Raises:
            StateError: The database refuses.
        """
        latest = self.latest(project)
        return latest if latest is not None and latest.running else None

    def latest(self, project: str) -> Rollout | None:
        """The last rollout, whether it goes on or not; None if there never was one.

        Raises:
            StateError: The database refuses.
        """
        newest = (_EVENTS.c.rollout.desc(), _EVENTS.c.number.desc())
        query = sa.select(*_STATE).where(_EVENTS.c.project == project).order_by(*newest).limit(1)
        with self._database.begin() as connection:
            row = connection.execute(query).first()
        return None if row is None else _state(project, row)

    def progress(self, project: str, rollout: int | None = None) -> Progress | None:
        """A rollout with its past, the last one by default; None if there is none.

        Raises:
            StateError: The database refuses.
        """
        entries = self.history(project)
        wanted = rollout if rollout is not None else max((item.state.rollout for item in entries), default=0)
        chosen = tuple(item for item in entries if item.state.rollout == wanted)
        return Progress(chosen[-1].state, chosen) if chosen else None

    def history(self, project: str) -> list[RolloutEntry]:
        """All lines of a project, the oldest first.

        Raises:
            StateError: The database refuses.
        """
        columns = (*_STATE, _EVENTS.c.by, _EVENTS.c.at, _EVENTS.c.evidence)
        query = sa.select(*columns).where(_EVENTS.c.project == project)
        with self._database.begin() as connection:
            rows = connection.execute(query.order_by(_EVENTS.c.rollout, _EVENTS.c.number)).all()
        return [RolloutEntry(_state(project, row), row.by, row.at, orjson.loads(row.evidence)) for row in rows]

    def history_table(self, project: str) -> pd.DataFrame:
        """All lines as a table: rollout, version, strategy, step, share, event, at, by, evidence (JSON)."""
        import pandas as pd

        columns = ["rollout", "version", "strategy", "step", "share", "event", "at", "by", "evidence"]
        rows = [
            (*(getattr(item.state, name) for name in columns[:6]), item.at, item.by, _json(item.evidence))
            for item in self.history(project)
        ]
        return pd.DataFrame(rows, columns=columns)

    def append(self, entry: RolloutEntry) -> bool:
        """Write one line, unless somebody else was quicker with the line of this number.

        Returns:
            Whether it was written.

        Raises:
            StateError: The database refuses.
        """
        state = entry.state
        line = {
            **{name: getattr(state, name) for name in ("project", *_NAMES)},
            "event": state.event.value,
            "at": entry.at,
            "by": entry.by,
            "evidence": _json(entry.evidence),
        }
        statement = self._database.insert(_EVENTS).on_conflict_do_nothing()
        with self._database.begin() as connection:
            return int(connection.execute(statement, line).rowcount) == 1


def _state(project: str, row: sa.Row[Any]) -> Rollout:
    plain = {name: getattr(row, name) for name in _NAMES}
    return Rollout(project, **{**plain, "event": Event(row.event)})


def _json(evidence: Mapping[str, Any]) -> str:
    return orjson.dumps(evidence, option=orjson.OPT_SERIALIZE_NUMPY, default=str).decode()
