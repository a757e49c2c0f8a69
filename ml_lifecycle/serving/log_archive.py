"""`Archive`: where lines of the prediction log lie that the database no longer holds, and how they are read beside it.

The archive is append-only, and a line may be in it twice, or in the database as well, after a process was killed: it is
told apart by its prediction id and counts once. Outcomes stay in the database, so that late ones join. What moves lines
is `compaction`; where they lie is not the knowledge of this room: a deployment keeps them in its lake.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from ml_lifecycle.serving.log_frames import Joined
from ml_lifecycle.serving.log_tables import PREDICTIONS

if TYPE_CHECKING:
    import pandas as pd

#: A condition on a column: its name, one of `=`, `>=`, `>`, `<`, `in`, and the value. All conditions must hold.
Condition = tuple[str, str, Any]
#: The columns of a line, in the archive as in the database.
COLUMNS: Final = tuple(column.name for column in PREDICTIONS.columns)


class Archive(Protocol):
    """Lines that were moved out of the database, as frames with the columns of the table `predictions`."""

    def holds(self, project: str) -> bool:
        """Whether there is anything of a project; cheap."""
        ...

    def append(self, project: str, day: str, lines: pd.DataFrame) -> None:
        """Add lines of one day of event time, `YYYY-MM-DD`: all of them or none.

        Raises:
            StateError: They cannot be written.
        """
        ...

    def read(self, project: str, columns: Sequence[str], conditions: Sequence[Condition] = ()) -> pd.DataFrame:
        """Some columns of the lines that meet all conditions.

        Raises:
            StateError: They cannot be read.
        """
        ...


def read_archived(
    archive: Archive | None, project: str, columns: Sequence[str], conditions: Sequence[Condition] = ()
) -> pd.DataFrame | None:
    """Archived lines, each once, `prediction_id` among their columns; None where there is no archive."""
    if archive is None or not archive.holds(project):
        return None
    wanted = list(dict.fromkeys(("prediction_id", *columns)))
    return archive.read(project, wanted, conditions).drop_duplicates("prediction_id", ignore_index=True)


def archived_ids(archive: Archive | None, project: str, ids: Sequence[str], times: Sequence[datetime]) -> set[str]:
    """Which predictions lie in the archive already.

    Args:
        archive: The archive.
        project: The project.
        ids: The names of the predictions.
        times: When their rows happened, which says where to look.
    """
    if not ids:
        return set()
    conditions = [
        ("event_time", ">=", min(times)),
        ("event_time", "<=", max(times)),
        ("prediction_id", "in", list(ids)),
    ]
    found = read_archived(archive, project, ["prediction_id"], conditions)
    return set() if found is None else set(found["prediction_id"])


def join_archived(lines: pd.DataFrame, outcomes: dict[str, tuple[str, datetime]], *, outer: bool) -> list[Joined]:
    """Archived lines with their outcomes.

    Args:
        lines: Lines of the archive; columns that are absent are empty texts.
        outcomes: Outcome as JSON and the time when it became known, by row key.
        outer: Whether lines without an outcome are given, too.
    """
    names = [name for name in Joined._fields if not name.startswith("outcome")]
    columns = [_plain(lines[name]) if name in lines.columns else [""] * len(lines) for name in names]
    keys = lines["row_key"].tolist()
    return [
        Joined(*cells, *outcomes.get(key, (None, None)))
        for key, *cells in zip(keys, *columns, strict=True)
        if outer or key in outcomes
    ]


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Cells as the database gives them: times of Python, None for what is missing."""
    if column.dtype.kind == "M":
        return [moment.to_pydatetime() for moment in column]
    return column.astype(object).where(column.notna(), None).tolist()
