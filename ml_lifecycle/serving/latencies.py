"""How long callers have waited, counted by the database: a month of answers comes back as a few hundred numbers.

What is written into the log lives in `log_lines`; what the percentiles are held against, in monitoring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_archive import Archive, read_archived
from ml_lifecycle.serving.log_blocks import lay_out
from ml_lifecycle.serving.log_tables import PREDICTIONS, TABLES

#: Latencies are told apart to so many parts of a millisecond.
_PARTS: Final = 100


@dataclass(frozen=True, slots=True)
class Latencies:
    """How many answers took how long.

    Args:
        counts: Answers by hundredths of a millisecond.
    """

    counts: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def sum(cls, parts: Iterable[Latencies]) -> Latencies:
        """Several counts as one."""
        total: Counter[int] = Counter()
        for part in parts:
            total.update(part.counts)
        return cls(total)

    @property
    def answers(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    def percentile(self, share: float) -> float:
        """Milliseconds within which a share of the answers came; NaN where there are none.

        >>> Latencies({100: 95, 500: 5}).percentile(0.95)
        1.0
        """
        left = share * self.answers
        for parts, count in sorted(self.counts.items()):
            left -= count
            if left <= 0:
                return parts / _PARTS
        return float("nan")


def latencies_between(
    url: str, project: str, start: datetime, end: datetime, archive: Archive | None = None
) -> Latencies:
    """The latencies of all rows that somebody has asked for, and not those of batches, in a stretch of time.

    Args:
        url: SQLAlchemy URL of the service tables.
        project: The project.
        start: The first moment, by the time of the answer; naive UTC.
        end: The moment after the last.
        archive: Where lines lie that were moved out of the database.

    Raises:
        StateError: The database refuses, or the archive cannot be read.
    """
    parts = sa.cast(PREDICTIONS.c.latency_ms * _PARTS, sa.Integer)
    when = (PREDICTIONS.c.logged_at >= start) & (PREDICTIONS.c.logged_at < end)
    online = PREDICTIONS.c.latency_ms.is_not(None) & PREDICTIONS.c.request_id.is_not(None)
    query = sa.select(parts, sa.func.count()).where(PREDICTIONS.c.project == project, when, online).group_by(parts)
    database = Database(url, TABLES)
    lay_out(database)
    with database.begin() as connection:
        counts = {int(row[0]): int(row[1]) for row in connection.execute(query)}
    conditions = [("logged_at", ">=", start), ("logged_at", "<", end)]
    moved = read_archived(archive, project, ["latency_ms", "request_id"], conditions)
    if moved is not None and len(moved):
        told = (moved.loc[moved["request_id"].notna(), "latency_ms"].dropna() * _PARTS).astype(int).value_counts()
        for value, count in told.items():
            counts[int(str(value))] = counts.get(int(str(value)), 0) + int(count)
    return Latencies(counts)
