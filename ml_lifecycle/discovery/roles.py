"""Which columns of a table have a role besides being features: identity, time, subject, what stays together.

What is to be predicted is guessed in `guessing`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ml_lifecycle.config.brief import Task
from ml_lifecycle.dataset.coercion import ColumnType, parse_times
from ml_lifecycle.discovery.guessing import Goal, Guess, Table, find_query_column
from ml_lifecycle.errors import ConfigError, DataError

_ID_NAME = re.compile(r"(.*_)?(id|uuid|guid|key)|id_.*|instant|index|row|rownum|row_number|unnamed: 0", re.IGNORECASE)
_EVENT_NAMES: Final = (
    *("event_time", "timestamp", "datetime", "date_time", "event_date", "time", "date", "dteday", "ds", "day"),
    *("applied_at", "created_at", "occurred_at", "time_hour", "order_date", "transaction_date"),
)
_OUTCOME_TIME = re.compile(
    r"(outcome|label|target|resolved|closed|settled|paid)(_?(at|on|time|date|timestamp))", re.IGNORECASE
)
_ENTITY = re.compile(
    r"(customer|client|user|patient|account|member|household|person|subject|device|machine|driver|store|shop|card)"
    r"_?(id|no|nr|number|key)",
    re.IGNORECASE,
)
_SENSITIVE = re.compile(r"sex|gender|race|ethnicity|ethnic_group|religion|nationality|disability", re.IGNORECASE)
_READABLE = 0.9


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns with a role, and why they have it.

    Args:
        id: Names a row.
        event_time: When the row happened.
        outcome_time: When the target became known.
        entity: Whom the row is about.
        group: Rows that stay in one split.
        sensitive: Columns by which people must be treated alike; only suggested.
        guesses: The reasons.
    """

    id: str | None = None
    event_time: str | None = None
    outcome_time: str | None = None
    entity: str | None = None
    group: str | None = None
    sensitive: tuple[str, ...] = ()
    guesses: list[Guess] = field(default_factory=list)

    @property
    def method(self) -> str:
        """How rows are divided."""
        if self.group is not None:
            return "group"
        return "time" if self.event_time is not None else "random"


def guess_roles(table: Table, goal: Goal, *, event_time: str | None, group: str | None) -> Roles:
    """Find the columns with a role.

    Raises:
        ConfigError: A ranking has no column that puts rows together, or one column is given two roles.
        DataError: A named column is absent, or the named time holds no times.
    """
    guesses: list[Guess] = []
    taken = {goal.target}
    for name, role in ((event_time, "event time"), (group, "group")):
        if name is not None:
            _refuse_taken(table.require(name, role), role, taken)
            taken.add(name)
    when = _take(_guess_event_time(table, event_time, taken), guesses, taken)
    known = _take(_guess_outcome_time(table, taken) if when else None, guesses, taken)
    about = _take(_guess_entity(table, taken), guesses, taken)
    together = _take(_guess_group(table, goal, group, when, about, taken), guesses, taken)
    row = _take(_guess_id(table, taken), guesses, taken)
    sensitive = tuple(name for name in table.columns if name not in taken and _SENSITIVE.fullmatch(name))
    if sensitive:
        guesses.append(Guess("sensitive", ", ".join(sensitive), "called so; judged only if you uncomment it"))
    return Roles(row, when, known, about, together, sensitive, guesses)


def _take(guess: Guess | None, guesses: list[Guess], taken: set[str]) -> str | None:
    if guess is None:
        return None
    guesses.append(guess)
    taken.add(guess.value)
    return guess.value


def _refuse_taken(name: str, role: str, taken: set[str]) -> None:
    if name in taken:
        raise ConfigError(
            f"the column {name!r} cannot be the {role}",
            expected="one role for a column",
            got="a column that is the target or has another role",
            advice="name another column",
        )


def _guess_event_time(table: Table, named: str | None, taken: set[str]) -> Guess | None:
    if named is not None:
        parsed = parse_times(table.frame[named])
        if parsed.unreadable.mean() > 1 - _READABLE or table.types[named] in {ColumnType.INTEGER, ColumnType.NUMBER}:
            raise DataError(
                f"the column {named!r} does not hold times",
                expected="dates or times, such as 2024-05-31 or 2024-05-31T14:00:00",
                got=f"{table.types[named]}, such as {table.frame[named].dropna().head(1).tolist()}",
                advice="name another column with --event-time, or leave it out",
            )
        return Guess("event_time", named, "named")
    times = [name for name in table.of(ColumnType.TIME) if name not in taken and not _OUTCOME_TIME.fullmatch(name)]
    if not times:
        return None
    ranked = sorted(times, key=lambda name: _rank(name.lower()))
    others = f"; other times: {', '.join(ranked[1:4])}" if len(ranked) > 1 else ""
    return Guess("event_time", ranked[0], f"holds dates or times{others}")


def _rank(name: str) -> tuple[int, bool]:
    position = _EVENT_NAMES.index(name) if name in _EVENT_NAMES else len(_EVENT_NAMES)
    return position, not name.endswith(("_at", "_time", "_date"))


def _guess_outcome_time(table: Table, taken: set[str]) -> Guess | None:
    for name in table.of(ColumnType.TIME):
        if name not in taken and _OUTCOME_TIME.fullmatch(name):
            return Guess("outcome_time", name, "a time that is called after the outcome: not known when predicting")
    return None


def _guess_entity(table: Table, taken: set[str]) -> Guess | None:
    for name in table.columns:
        if name not in taken and _ENTITY.fullmatch(name) and not table.is_unique(name):
            return Guess("entity", name, f"{table.frame[name].nunique()} different ones, some come back")
    return None


def _guess_group(
    table: Table, goal: Goal, named: str | None, event_time: str | None, entity: str | None, taken: set[str]
) -> Guess | None:
    """A query in ranking; else whom rows are about, unless they are divided by time."""
    if named is not None:
        return Guess("group", named, "named")
    if goal.task is Task.RANKING:
        query = find_query_column(table)
        if query is None or query in taken:
            raise ConfigError(
                "a ranking needs a column that puts rows together",
                expected="a column such as query_id",
                got=f"the columns {', '.join(map(repr, table.columns[:10]))}",
                advice="name it with --group",
            )
        return Guess("group", query, f"{table.frame[query].nunique()} groups of rows that are ranked together")
    if event_time is None and entity is not None:
        return Guess("group", entity, "the same one must not be in train and test")
    return None


def _guess_id(table: Table, taken: set[str]) -> Guess | None:
    for name in table.of(ColumnType.INTEGER, ColumnType.TEXT):
        if name in taken or not table.is_unique(name) or len(table.frame) < 2:  # noqa: PLR2004 - one row is always unique
            continue
        if _ID_NAME.fullmatch(name):
            return Guess("id", name, "different in every row, and called so")
        if table.types[name] is ColumnType.INTEGER and bool(
            (table.frame[name].astype(float).diff().dropna() == 1).all()
        ):
            return Guess("id", name, "counts the rows")
    return None
