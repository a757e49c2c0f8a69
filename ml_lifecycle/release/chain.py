"""Lines that carry the hash of the line before them, so that what was changed afterwards is found.

A line's hash covers all of its columns and the hash of the line before it: whoever changes, removes or adds a line in
the middle must write every later line anew. Whoever may do that to the whole table is found out by a hash that is kept
elsewhere: each deployment's record in Dagster names one. Lines that were written before there were hashes have none
and are not proven. That the database refuses changes at all is the business of `append_only`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa

#: What stands in place of the hash before the first line.
GENESIS: Final = "0" * 64
#: Columns of the chain; they are added to tables that were made without.
BEFORE, HASH = "hash_before", "hash"
_NOT_HASHED: Final = frozenset({"id", BEFORE, HASH})


def chain_columns() -> tuple[sa.Column[Any], sa.Column[Any]]:
    """The two columns that a chained table ends with."""
    return sa.Column(BEFORE, sa.String(64)), sa.Column(HASH, sa.String(64))


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at all lines of a table found.

    Args:
        lines: How many there are.
        unverified: How many of them, the oldest, were written before there were hashes.
        broken: The id of the first line that is not as it was written; None if there is none.
        problem: What is wrong with it.
        head: The hash of the last line, to be kept elsewhere; empty where there is none.
    """

    lines: int
    unverified: int
    broken: int | None = None
    problem: str = ""
    head: str = ""

    @property
    def intact(self) -> bool:
        """Whether every line that has a hash is as it was written."""
        return self.broken is None


def append_lines(connection: sa.Connection, table: sa.Table, lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Add lines to the end of the chain.

    Args:
        connection: A transaction of `Database.begin_alone`: two writers at once would make a fork.
        table: The table, with an ascending `id` and the columns of `chain_columns`.
        lines: All columns but those two and the id; times naive UTC.

    Returns:
        The hash of each line.
    """
    newest = sa.select(table.c[HASH]).order_by(table.c.id.desc()).limit(1)
    before = connection.execute(newest).scalar() or GENESIS
    hashes = []
    for line in lines:
        values = {name: _plain(value) for name, value in line.items()}
        made = hash_line(before, values)
        connection.execute(sa.insert(table), {**values, BEFORE: before, HASH: made})
        hashes.append(made)
        before = made
    return hashes


def verify_lines(connection: sa.Connection, table: sa.Table, *, until: str | None = None) -> Verification:
    """Compute every line's hash again.

    Args:
        connection: A transaction.
        table: A table of `append_lines`.
        until: A hash that was kept elsewhere: a line with it must still be there.
    """
    found = connection.execute(sa.select(table).order_by(table.c.id)).mappings().all()
    first = next((place for place, row in enumerate(found) if row[HASH] is not None), len(found))
    before, seen = GENESIS, {GENESIS}
    for row in found[first:]:
        problem = _problem(dict(row), before)
        if problem:
            return Verification(len(found), first, int(row["id"]), problem, before)
        before = row[HASH]
        seen.add(before)
    head = before if first < len(found) else ""
    if until is not None and until not in seen:
        last = int(found[-1]["id"]) if found else 0
        return Verification(
            len(found), first, last + 1, f"no line has the hash {until[:12]}, which once was there", head
        )
    return Verification(len(found), first, head=head)


def hash_line(before: str, line: Mapping[str, Any]) -> str:
    """The hash of a line: SHA-256 of the hash before it and of its columns as sorted JSON, 64 hexadecimal digits."""
    said = {str(name): value for name, value in line.items() if name not in _NOT_HASHED}
    return hashlib.sha256(orjson.dumps([before, said], option=orjson.OPT_SORT_KEYS)).hexdigest()


def _problem(row: Mapping[str, Any], before: str) -> str:
    if row[HASH] is None:
        return "it has no hash, and lines before it have"
    if row[BEFORE] != before:
        return "the line before it is another one than when it was written"
    return "" if hash_line(before, row) == row[HASH] else "it was changed after it was written"


def _plain(value: object) -> object:
    """Times as the database gives them back: naive, in UTC."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
