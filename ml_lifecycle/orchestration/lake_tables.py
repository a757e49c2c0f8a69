"""The Delta tables of the lake: a whole table, or one whose rows belong to windows. Which value has which is `lake`.

A table of windows holds them in a column of its own and not in a folder for each, so that a thousand windows are a few
files: a window's rows are found by the smallest and largest window that Delta knows of each file. Older tables have a
folder for each; they are read and written as they are.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.lake_types import align, settle, to_arrow

if TYPE_CHECKING:
    import pandas as pd

#: The column that names the window a row belongs to.
WINDOW = "_window"


def write_table(path: Path, frame: "pd.DataFrame") -> int:
    """Write a whole table over what was there; its version.

    Raises:
        StateError: It cannot be written.
    """
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import DeltaError

    table = settle(to_arrow(frame))
    path.mkdir(parents=True, exist_ok=True)
    try:
        write_deltalake(path, table, mode="overwrite", schema_mode="overwrite", post_commithook_properties=keep_log())
        return int(DeltaTable(path).version())
    except DeltaError as error:
        raise _cannot_be_written(path, error) from error


def write_windows(path: Path, frames: "Mapping[str, pd.DataFrame]") -> int:
    """Write the rows of some windows over what was there of them, all at once; the table's version.

    Raises:
        StateError: They cannot be written.
    """
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import DeltaError

    path.mkdir(parents=True, exist_ok=True)
    try:
        if not DeltaTable.is_deltatable(str(path)):
            first = align(_together(frames), None)
            write_deltalake(path, first, mode="append", post_commithook_properties=keep_log())
            return int(DeltaTable(path).version())
        delta = DeltaTable(path)
        table = align(_together(frames), delta)
        predicate = f"{WINDOW} in ({', '.join(_quoted(name) for name in frames)})"
        write_deltalake(
            delta,
            table,
            mode="overwrite",
            predicate=predicate,
            schema_mode="merge",
            post_commithook_properties=keep_log(),
        )
        return int(delta.version())
    except DeltaError as error:
        raise _cannot_be_written(path, error) from error


def keep_log() -> Any:
    """What is done after a write: every hundredth one would else delete the log of versions older than 30 days."""
    from deltalake import PostCommitHookProperties

    return PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


def read_table(path: Path, version: int) -> "pd.DataFrame":
    """A whole table as it was at a version.

    Raises:
        StateError: It cannot be read.
    """
    return _read(path, version, None)


def read_windows(path: Path, version: int, windows: Sequence[str]) -> "dict[str, pd.DataFrame]":
    """The rows of some windows as they were at a version of the table; none for a window that has none.

    Raises:
        StateError: They cannot be read.
    """
    frame = _read(path, version, windows)
    names = frame.pop(WINDOW).to_numpy()
    found = _runs(frame, names)
    empty = frame.iloc[:0].reset_index(drop=True)
    return {name: found.get(name, empty) for name in windows}


def read_history(path: Path) -> "pd.DataFrame | None":
    """All windows of a table, oldest first, named in column `window`; None where there is no table."""
    from deltalake import DeltaTable

    if not DeltaTable.is_deltatable(str(path)):
        return None
    frame: pd.DataFrame = DeltaTable(path).to_pandas()
    return frame.rename(columns={WINDOW: "window"}).sort_values("window", ignore_index=True, kind="stable")


def _together(frames: "Mapping[str, pd.DataFrame]") -> Any:
    """The rows of all windows as one arrow table, each with the name of its window."""
    import numpy as np

    filled = [frame for frame in frames.values() if len(frame)] or list(frames.values())[:1]
    whole = filled[0] if len(filled) == 1 else _stack(filled)
    names = np.repeat(np.array(list(frames), dtype=object), [len(frame) for frame in frames.values()])
    return to_arrow(whole).append_column(WINDOW, _texts(names))


def _stack(frames: "Sequence[pd.DataFrame]") -> "pd.DataFrame":
    """Frames one below the other; column by column where all have the same: pandas else plans blocks for each."""
    import pandas as pd

    columns = frames[0].columns
    if not columns.is_unique or not all(columns.equals(frame.columns) for frame in frames):
        return pd.concat(frames, ignore_index=True)
    stacked = {name: pd.concat([frame[name] for frame in frames], ignore_index=True) for name in columns}
    return pd.DataFrame(stacked, columns=columns, copy=False)


def _texts(names: Any) -> Any:
    import pyarrow as pa

    return pa.array(names, pa.string())


def _quoted(name: str) -> str:
    doubled = name.replace("'", "''")
    return f"'{doubled}'"


def _read(path: Path, version: int, windows: Sequence[str] | None) -> "pd.DataFrame":
    """Read the files that a version names.

    Arrow reads them itself: Delta's own reader lets Arrow's threads read through Python, at three times the cost, and
    one that still runs when the process ends takes it down.
    """
    import pyarrow as pa
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        delta = DeltaTable(path, version=version)
        schema = pa.schema(delta.schema().to_arrow())
        if windows is not None and WINDOW in delta.metadata().partition_columns:
            table = _read_folders(delta, schema, windows)
        else:
            table = _read_files(_files(delta, path, windows), schema, windows)
        frame = table.to_pandas(coerce_temporal_nanoseconds=True)
    except (DeltaError, OSError, pa.ArrowInvalid) as error:
        raise StateError(
            "a table of the lake cannot be read",
            expected=f"version {version} of the Delta table at {path}",
            got=f"{type(error).__name__}: {error}",
            advice="materialise the asset again; if files were removed by hand, restore them",
        ) from error
    found: pd.DataFrame = frame
    return found


def _read_files(files: Sequence[str], schema: Any, windows: Sequence[str] | None) -> Any:
    from pyarrow import parquet

    if not files:
        return schema.empty_table()
    filters = None if windows is None else [(WINDOW, "in", list(windows))]
    return parquet.read_table(files, schema=schema, partitioning=None, filters=filters)


def _read_folders(delta: Any, schema: Any, windows: Sequence[str]) -> Any:
    """Windows of an older table, with a folder for each."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    inside = pa.schema(field for field in schema if field.name != WINDOW)
    tables = []
    for name in windows:
        files = sorted(delta.file_uris([(WINDOW, "=", name)]))
        rows = parquet.read_table(files, schema=inside, partitioning=None) if files else inside.empty_table()
        tables.append(rows.append_column(WINDOW, _texts(np.repeat(np.array([name], dtype=object), len(rows)))))
    return pa.concat_tables(tables)


def _files(delta: Any, path: Path, windows: Sequence[str] | None) -> list[str]:
    """The files of a version; only those that may hold one of the windows."""
    import pyarrow as pa

    if windows is None:
        return sorted(delta.file_uris())
    files = pa.table(delta.get_add_actions(flatten=True))
    if not {f"min.{WINDOW}", f"max.{WINDOW}"} <= set(files.column_names):
        return sorted(delta.file_uris())
    first, last = min(windows), max(windows)
    spans = zip(*(files[name].to_pylist() for name in ("path", f"min.{WINDOW}", f"max.{WINDOW}")), strict=True)
    return sorted(
        str(path / name) for name, low, high in spans if low is None or high is None or (low <= last and high >= first)
    )


def _runs(frame: "pd.DataFrame", names: Any) -> "dict[str, pd.DataFrame]":
    """The rows of each window; as slices, where each lies in one piece."""
    import numpy as np
    import pandas as pd

    if not len(frame):
        return {}
    starts = np.flatnonzero(np.append(True, names[1:] != names[:-1]))
    ends = np.append(starts[1:], len(frame))
    if len(set(names[starts])) < len(starts):
        return {str(name): rows.reset_index(drop=True) for name, rows in frame.groupby(names, sort=False)}
    found = {str(names[start]): frame.iloc[start:end] for start, end in zip(starts, ends, strict=True)}
    for rows in found.values():
        rows.index = pd.RangeIndex(len(rows))  # of this view; nothing is copied
    return found


def _cannot_be_written(path: Path, error: Exception) -> StateError:
    return StateError(
        "a table of the lake cannot be written",
        expected=f"a Delta table at {path}",
        got=f"{type(error).__name__}: {error}",
        advice="if another run wrote the same table at this moment, run again; else check the folder",
    )
