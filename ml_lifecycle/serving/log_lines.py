"""What is kept of one prediction, and how it is written: many lines by one statement, which costs least.

One statement for all lines of a commit, because each one lets go of the interpreter's lock and must get it back beside
a busy server. The log itself is `prediction_log`; reading lives in `log_frames`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import orjson
import sqlalchemy as sa

from ml_lifecycle.serving.log_tables import BLOCKS, FAILURES, PREDICTIONS

CHAMPION: Final = "champion"
#: Most lines of one statement: SQLite takes 32,766 values in one, PostgreSQL 65,535.
LINES: Final = 64
NUL: Final = "\x00"


def random_id() -> str:
    """A new name of 36 characters: a UUID of version 7 (RFC 9562), milliseconds before 74 random bits.

    Names that grow with time are added at the end of the table's index, however long the table is.
    """
    return random_ids(1)[0]


def random_ids(count: int) -> list[str]:
    """So many new names: the system is asked for random bits once, which costs as much as all the rest of a name.

    >>> len(set(random_ids(1000)))
    1000
    """
    moment, bits = f"{time.time_ns() // 1_000_000:012x}", os.urandom(10 * count).hex()
    head = f"{moment[:8]}-{moment[8:]}-7"
    return [
        f"{head}{bits[at : at + 3]}-{_VARIANT[bits[at + 3]]}{bits[at + 4 : at + 7]}-{bits[at + 7 : at + 19]}"
        for at in range(0, 20 * count, 20)
    ]


#: The digit of a name that must be one of four (RFC 9562, section 4.1), for each random digit.
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def now() -> datetime:
    """This moment, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class LoggedPrediction:
    """One prediction, as it is kept.

    Args:
        project: The project.
        model_version: The version that answered.
        row_key: What names the row, so that its outcome can be joined.
        event_time: When the row happened, naive UTC.
        inputs: The row, as it came; or its JSON, where it has been written already.
        prediction: The label or the number that was answered.
        score: The probability of the positive class, those of all classes, or the number.
        entity: Whom the row is about.
        role: Why this version answered.
        latency_ms: How long the answer took.
        prediction_id: The name of the prediction; a random one by default, see `id_of`.
        logged_at: Now, by default; naive UTC.
        request_id: The request that asked for it.
    """

    project: str
    model_version: str
    row_key: str
    event_time: datetime
    inputs: Mapping[str, Any] | bytes
    prediction: str | int | float | bool
    score: float | Sequence[float]
    entity: str | None = None
    role: str = CHAMPION
    latency_ms: float | None = None
    prediction_id: str = field(default_factory=random_id)
    logged_at: datetime = field(default_factory=now)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedFailure:
    """Rows that got an error instead of an answer; each row counts once, under the first thing that is wrong with it.

    Args:
        project: The project.
        model_version: The version that would have answered.
        column: The column that is wrong; empty where it is the row as a whole.
        check: What it broke.
        rows: How many rows.
        role: Why this version would have answered.
        at: When; naive UTC, now by default.
    """

    project: str
    model_version: str
    column: str
    check: str
    rows: int = 1
    role: str = CHAMPION
    at: datetime = field(default_factory=now)


def id_of(project: str, model_version: str, row_key: str, role: str = CHAMPION) -> str:
    """The name of a prediction that is to be made once per row, version and role, however often it is tried.

    >>> id_of("loans", "3", "a17") == id_of("loans", "3", "a17") != id_of("loans", "4", "a17")
    True
    """
    said = [project, model_version, role, row_key]
    return hashlib.sha256(orjson.dumps(said)).hexdigest()[:36]


def write_json(value: object) -> bytes:
    """Write JSON; what is not a number or is infinite becomes null, times become ISO 8601, the rest text.

    >>> write_json({"big": 2**70, "half": chr(0xD800)})
    b'{"big": 1180591620717411303424, "half": "?"}'
    """
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # whole numbers of more than 64 bits, halves of characters: rare, and must not be lost
        return json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "replace")


#: The values of one line, in the order of the table's columns; times still as they are.
Values = tuple[Any, ...]


def values_of(item: LoggedPrediction) -> Values:
    """The values of a prediction, in the order of `PREDICTIONS`."""
    inputs = item.inputs
    raw = inputs if isinstance(inputs, bytes) else write_json(inputs)
    return (
        item.prediction_id,
        item.project,
        item.model_version,
        item.role,
        plain(item.row_key),
        plain(item.entity),
        item.event_time,
        item.logged_at,
        raw.decode(),
        write_json(item.prediction).decode(),
        write_json(item.score).decode(),
        item.latency_ms,
        plain(item.request_id),
    )


def failure_values(item: LoggedFailure) -> Values:
    """The values of a failure, in the order of `FAILURES`."""
    return (item.project, item.model_version, item.role, item.at, plain(item.column), item.check, item.rows)


def write_lines(
    connection: sa.Connection, lines: Sequence[Values], failures: Sequence[Values], blocks: Sequence[Values] = ()
) -> int:
    """Write lines, failures and blocks inside a transaction; predictions whose name is known are passed over.

    Returns:
        How many lines were new.
    """
    _write(connection, FAILURES, failures)
    _write(connection, BLOCKS, blocks)
    return _write(connection, PREDICTIONS, lines)


@cache
def statement_of(table: sa.Table, lines: int, mark: str) -> str:
    """An insert of so many lines, with the driver's mark for a value."""
    names = [f'"{column.name}"' for column in table.columns]
    line = f"({', '.join([mark] * len(names))})"
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {', '.join([line] * lines)} ON CONFLICT DO NOTHING"  # noqa: S608 - names of our own tables


def timeless(lines: Sequence[Values]) -> tuple[Any, ...]:
    """All values of lines for SQLite, which has no times: text that sorts, as SQLAlchemy writes and reads it."""
    return tuple(
        cell.isoformat(" ", "microseconds") if isinstance(cell, datetime) else cell for line in lines for cell in line
    )


def _write(connection: sa.Connection, table: sa.Table, lines: Sequence[Values]) -> int:
    embedded = connection.dialect.name == "sqlite"
    new = 0
    for start in range(0, len(lines), LINES):
        part = lines[start : start + LINES]
        cells = timeless(part) if embedded else tuple(cell for line in part for cell in line)
        new += connection.exec_driver_sql(statement_of(table, len(part), "?" if embedded else "%s"), cells).rowcount
    return new


def plain(text: str | None) -> str | None:
    """Text as the log keeps it: PostgreSQL takes none with a NUL in it, so another character stands there.

    >>> plain("a"), plain(None)
    ('a', None)
    """
    return text.replace(NUL, "\N{REPLACEMENT CHARACTER}") if text is not None and NUL in text else text
