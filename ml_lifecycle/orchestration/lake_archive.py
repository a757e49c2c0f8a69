"""`LakeArchive`: lines of the prediction log in the lake, as a Delta table with one partition for each day.

    <lake>/<project>/prediction_archive/lines/

What a line is and what moves it lives in `serving`; values of assets are written by `lake`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_lifecycle.errors import StateError

if TYPE_CHECKING:
    import pandas as pd

    from ml_lifecycle.serving.log_archive import Condition

ARCHIVE = "prediction_archive"
_DAY, _TIME = "_day", "event_time"


class LakeArchive:
    """The archive of a deployment's prediction log.

    Args:
        root: The lake's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def holds(self, project: str) -> bool:
        """Whether anything of a project was ever archived."""
        return (self._path(project) / "_delta_log").is_dir()

    def append(self, project: str, day: str, lines: "pd.DataFrame") -> None:
        """Add lines of one day of event time, `YYYY-MM-DD`: all of them or none.

        Raises:
            StateError: They cannot be written.
        """
        import pyarrow as pa
        from deltalake import write_deltalake
        from deltalake.exceptions import DeltaError

        schema = _schema()
        table = pa.Table.from_pandas(lines[schema.names], schema=schema, preserve_index=False)
        table = table.append_column(_DAY, pa.array([day] * len(table), pa.string()))
        path = self._path(project)
        try:
            path.mkdir(parents=True, exist_ok=True)
            write_deltalake(path, table, mode="append", partition_by=[_DAY])
        except (DeltaError, OSError) as error:
            raise _refusal(path, "that can be written", error) from error

    def read(self, project: str, columns: Sequence[str], conditions: "Sequence[Condition]" = ()) -> "pd.DataFrame":
        """Some columns of the lines that meet all conditions; files of other days are not opened.

        Raises:
            StateError: They cannot be read.
        """
        import pyarrow as pa
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
        from pyarrow import parquet

        path = self._path(project)
        wanted = pa.schema([_schema().field(name) for name in columns])
        try:
            files = DeltaTable(path).file_uris(_days(conditions) or None)
            if not files:
                found: pd.DataFrame = wanted.empty_table().to_pandas()
                return found
            table = parquet.read_table(
                files, columns=list(columns), filters=list(conditions) or None, schema=_schema(), partitioning=None
            )
            found = table.select(list(columns)).to_pandas(coerce_temporal_nanoseconds=True)
        except (DeltaError, OSError, pa.ArrowInvalid) as error:
            raise _refusal(path, "that can be read", error) from error
        return found

    def forget(self, project: str, before: datetime) -> int:
        """Delete the lines of whole days before a midnight; how many. Their files go with the next cleaning.

        Raises:
            StateError: They cannot be deleted.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        path = self._path(project)
        try:
            done = DeltaTable(path).delete(f"{_DAY} < '{before:%Y-%m-%d}'")
        except (DeltaError, OSError) as error:
            raise _refusal(path, "that can be written", error) from error
        return int(done.get("num_deleted_rows") or 0)

    def _path(self, project: str) -> Path:
        return self._root / project / ARCHIVE / "lines"


def _days(conditions: "Sequence[Condition]") -> list[tuple[str, str, str]]:
    """What the conditions on the event time say about the days."""
    days = []
    for column, how, value in conditions:
        if column == _TIME and how in {">=", ">"}:
            days.append((_DAY, ">=", f"{value:%Y-%m-%d}"))
        if column == _TIME and how in {"<", "<="}:
            last = value - timedelta(microseconds=1) if how == "<" else value
            days.append((_DAY, "<=", f"{last:%Y-%m-%d}"))
    return days


def _schema() -> Any:
    """The columns of a line; what the database keeps as text is text."""
    import pyarrow as pa
    import sqlalchemy as sa

    from ml_lifecycle.serving.log_tables import PREDICTIONS

    kinds = {sa.DateTime: pa.timestamp("us"), sa.Float: pa.float64()}
    return pa.schema([(column.name, kinds.get(type(column.type), pa.string())) for column in PREDICTIONS.columns])


def _refusal(path: Path, what: str, error: Exception) -> StateError:
    return StateError(
        "the archive of the prediction log refuses",
        expected=f"a Delta table {what} at {path}",
        got=f"{type(error).__name__}: {error}",
        advice="nothing was deleted from the database: check the folder, and run again",
    )
