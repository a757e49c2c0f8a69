"""Moving old lines of the prediction log out of the database into the archive, none lost and none counted twice.

A portion of lines is added to the archive, looked up there, and only then deleted from the database. Killed in between,
they lie in both, where every reader counts them once and the next move finds them; two that move at the same moment at
worst write a line twice, which is the same. What the archive is lives in `log_archive`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson

from ml_lifecycle.errors import StateError
from ml_lifecycle.serving.log_archive import Archive, archived_ids
from ml_lifecycle.serving.prediction_log import PredictionLog

if TYPE_CHECKING:
    import pandas as pd

#: Lines that are moved at once; with their inputs some 100 MB.
_PORTION: Final = 50_000


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved.

    Args:
        before: Lines of rows that happened before this moment; a midnight.
        lines: How many were deleted from the database; all of them are in the archive.
        days: How many of each day.
        found: How many of them were in the archive before: an earlier move was killed.
    """

    before: datetime
    lines: int
    days: Mapping[str, int]
    found: int

    def facts(self) -> dict[str, str | int]:
        """The figures in plain JSON; the days as one text."""
        days = orjson.dumps(dict(self.days)).decode()
        return {"before": self.before.isoformat(), "lines": self.lines, "days": days, "found": self.found}


def move_to_archive(
    log: PredictionLog, archive: Archive, project: str, before: datetime, *, portion: int = _PORTION
) -> Moved:
    """Move the lines of whole days that lie before some moment.

    Args:
        log: The prediction log, which reads the same archive.
        archive: Where they go.
        project: The project.
        before: Days that end at this moment or earlier; naive UTC.
        portion: How many lines are moved at once.

    Raises:
        StateError: The database or the archive refuses; what was moved before stays moved, nothing is lost.
    """
    midnight = before.replace(hour=0, minute=0, second=0, microsecond=0)
    days: dict[str, int] = {}
    found = 0
    while len(lines := log.oldest_lines(project, midnight, portion)):
        for day, rows in lines.groupby(lines["event_time"].dt.strftime("%Y-%m-%d")):
            found += _move_day(log, archive, project, str(day), rows)
            days[str(day)] = days.get(str(day), 0) + len(rows)
    return Moved(midnight, sum(days.values()), days, found)


def _move_day(log: PredictionLog, archive: Archive, project: str, day: str, rows: pd.DataFrame) -> int:
    """Move lines of one day; how many of them the archive held already."""
    ids = rows["prediction_id"].tolist()
    times = [rows["event_time"].min().to_pydatetime(), rows["event_time"].max().to_pydatetime()]
    there = archived_ids(archive, project, ids, times)
    new = rows[~rows["prediction_id"].isin(there)]
    if len(new):
        archive.append(project, day, new)
        missing = set(ids) - archived_ids(archive, project, ids, times)
        if missing:
            raise StateError(
                "lines of the prediction log cannot be moved",
                expected=f"{len(ids):,} lines of {day} in the archive",
                got=f"{len(missing):,} of them missing after they were written",
                advice="nothing was deleted: check the lake's folder, and run again",
            )
    log.forget(project, ids)
    return len(there)
