"""What keeping a prediction costs: one by one, many callers together, and the bare database as the measure.

    python -m ml_lifecycle_tests.benchmarks.prediction_log [--rows 20000] [--callers 16] [--rounds 3]
        [--url postgresql+psycopg://...]

All ways write the same lines (30 inputs as JSON) and are taken in turn, so that a busy machine slows all of them alike;
the median of the rounds is printed. CPU counts all threads of this process, and not what a database server uses. The
ratio is to the bare driver that writes one row in one transaction into a table with the same columns and the one index
of its key.

- bare, a row a commit: sqlite3 (or psycopg) with a prepared insert.
- bare, 16 rows a commit: the same, 16 rows by `executemany`.
- append, a row a commit: `PredictionLog.append`.
- append, 16 rows a commit.
- group commit, 1 caller, and so many callers at once, each of whom waits until its line is kept: `GroupCommit.append`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import sqlalchemy as sa

from ml_lifecycle.serving.group_commit import GroupCommit
from ml_lifecycle.serving.log_archive import COLUMNS
from ml_lifecycle.serving.log_lines import LoggedPrediction, timeless, values_of
from ml_lifecycle.serving.log_tables import TABLES
from ml_lifecycle.serving.prediction_log import PredictionLog

TOGETHER = 16
_INPUTS = b"{" + b",".join(b'"feature_%d":%.5f' % (place, place * 1.2345) for place in range(30)) + b"}"
_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - the log holds naive UTC
_MARKS = ", ".join("?" * len(COLUMNS))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a row costs, in microseconds."""

    cpu: float
    wall: float


def measure(write: Callable[[Sequence[LoggedPrediction]], None], rows: int) -> Cost:
    """Write so many new lines in some way."""
    lines = [
        LoggedPrediction("p", "1", f"k{number}", _DAY, _INPUTS, "yes", 0.5, latency_ms=1.0) for number in range(rows)
    ]
    cpu, wall = process_time(), perf_counter()
    write(lines)
    return Cost((process_time() - cpu) / rows * 1e6, (perf_counter() - wall) / rows * 1e6)


def ways_of(url: str, callers: int) -> dict[str, Callable[[Sequence[LoggedPrediction]], None]]:
    """The ways to keep lines, by name; the first one is the measure of the others."""
    log = PredictionLog(url)
    return {
        "bare, a row a commit": lambda lines: _bare(url, lines, 1),
        f"bare, {TOGETHER} rows a commit": lambda lines: _bare(url, lines, TOGETHER),
        "append, a row a commit": lambda lines: _append(log, lines, 1),
        f"append, {TOGETHER} rows a commit": lambda lines: _append(log, lines, TOGETHER),
        "group commit, 1 caller": lambda lines: asyncio.run(_commit(log, lines, 1)),
        f"group commit, {callers} callers": lambda lines: asyncio.run(_commit(log, lines, callers)),
    }


def _append(log: PredictionLog, lines: Sequence[LoggedPrediction], most: int) -> None:
    for start in range(0, len(lines), most):
        log.append(lines[start : start + most])


async def _commit(log: PredictionLog, lines: Sequence[LoggedPrediction], callers: int) -> None:
    commit = GroupCommit(log)
    left = iter(lines)

    async def keep_on() -> None:
        for line in left:
            await commit.append([line])

    await asyncio.gather(*[keep_on() for _ in range(callers)])
    commit.close()


def _bare(url: str, lines: Sequence[LoggedPrediction], most: int) -> None:
    """The driver itself, with a table of the same columns."""
    engine = sa.create_engine(url)
    table = sa.Table("bare", sa.MetaData(), *[sa.Column(c.name, c.type, primary_key=c.primary_key) for c in _columns()])
    table.create(engine, checkfirst=True)
    sqlite = engine.dialect.name == "sqlite"
    statement = f"INSERT INTO bare VALUES ({_MARKS if sqlite else _MARKS.replace('?', '%s')})"  # noqa: S608 - no input
    cells: list[Any] = [timeless([values_of(line)]) if sqlite else values_of(line) for line in lines]
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        if sqlite:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=NORMAL")
        for start in range(0, len(cells), most):
            part = cells[start : start + most]
            if len(part) == 1:
                cursor.execute(statement, part[0])
            else:
                cursor.executemany(statement, part)
            connection.commit()


def _columns() -> Sequence[sa.Column[Any]]:
    return list(TABLES.tables["predictions"].columns)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=TOGETHER)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--url")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ways = ways_of(asked.url or f"sqlite:///{Path(folder) / 'service.db'}", asked.callers)
        found: dict[str, list[Cost]] = {name: [] for name in ways}
        for _ in range(asked.rounds):
            for name, way in ways.items():
                found[name].append(measure(way, asked.rows))
    base = statistics.median(cost.wall for cost in next(iter(found.values())))
    print(f"{'':28} {'us CPU a row':>14} {'us a row':>10} {'rows a second':>14} {'ratio':>6}")
    for name, costs in found.items():
        cpu, wall = (statistics.median(getattr(cost, part) for cost in costs) for part in ("cpu", "wall"))
        print(f"{name:28} {cpu:14.1f} {wall:10.1f} {1e6 / wall:14,.0f} {wall / base:6.2f}")


if __name__ == "__main__":
    main()
