"""The lake: tables as Delta Lake tables and files beside them, below one folder. Knows no run and no Dagster.

A value is a frame, or a record that can be taken apart (`ml_lifecycle.parts.Storable`).

    <lake>/<project>/<asset>/<table>/             a Delta table; partitions of an asset are partitions of the table
    <lake>/<project>/<asset>/_files/<digest>/...  files, named by their content and never overwritten
"""

import hashlib
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_lifecycle.errors import StateError
from ml_lifecycle.parts import Parts, Storable

if TYPE_CHECKING:
    import pandas as pd

_FRAME = "frame"
_WINDOW = "_window"


@dataclass(frozen=True, slots=True)
class LakeRecord:
    """Where the value of one materialisation lies."""

    type: str
    tables: Mapping[str, int]
    files: str | None
    partition: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON for the metadata."""
        return {"type": self.type, "tables": dict(self.tables), "files": self.files, "partition": self.partition}


class Lake:
    """Reading and writing values below one folder; knows no run and no context."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, key: Sequence[str], value: object, partition: str | None = None) -> LakeRecord:
        """Write a value and say where it lies.

        Raises:
            StateError: The lake cannot be written.
        """
        folder = self.root.joinpath(*key)
        parts, kind = _take_apart(value)
        try:
            tables = {name: _write_table(folder / name, frame, partition) for name, frame in parts.tables.items()}
            files = _write_files(folder / "_files", parts.files) if parts.files else None
        except OSError as error:
            raise StateError(
                "the lake cannot be written",
                expected=f"a writable folder {folder}",
                got=f"{type(error).__name__}: {error}",
                advice="mend its permissions or free space; what was written before is untouched",
            ) from error
        return LakeRecord(kind, tables, files, partition)

    def read(self, key: Sequence[str], record: LakeRecord) -> Any:
        """Read back what a record names.

        Raises:
            StateError: The record's tables or files are gone.
        """
        folder = self.root.joinpath(*key)
        tables = {name: _read_table(folder / name, number, record.partition) for name, number in record.tables.items()}
        files = _read_files(folder / "_files" / record.files) if record.files else {}
        return _put_together(record.type, Parts(tables, files))

    def history(self, key: Sequence[str], table: str) -> "pd.DataFrame | None":
        """All partitions of an asset's table, oldest first, named in column `window`; None where there is no table."""
        from deltalake import DeltaTable

        path = self.root.joinpath(*key) / table
        if not DeltaTable.is_deltatable(str(path)):
            return None
        frame: pd.DataFrame = DeltaTable(path).to_pandas()
        return frame.rename(columns={_WINDOW: "window"}).sort_values("window", ignore_index=True)

    def holds(self, key: Sequence[str], record: LakeRecord) -> bool:
        """Whether everything that a record names is still there."""
        folder = self.root.joinpath(*key)
        logs = (folder / name / "_delta_log" / f"{number:020}.json" for name, number in record.tables.items())
        return all(log.exists() for log in logs) and (
            record.files is None or (folder / "_files" / record.files).is_dir()
        )


def _take_apart(value: object) -> tuple[Parts, str]:
    import pandas as pd  # heavy: only where a step runs

    if isinstance(value, pd.DataFrame):
        return Parts(tables={_FRAME: value}), _FRAME
    if isinstance(value, Storable):
        return value.to_parts(), f"{type(value).__module__}:{type(value).__qualname__}"
    msg = f"an asset's value must be a frame or Storable, got {type(value).__name__}"
    raise TypeError(msg)


def _put_together(kind: str, parts: Parts) -> object:
    if kind == _FRAME:
        return parts.tables[_FRAME]
    module, _, name = kind.partition(":")
    if not module.startswith("ml_lifecycle."):  # a lake that others can write to must not choose what is imported
        raise StateError("a record in the lake has a foreign type", expected="a type of ml_lifecycle", got=kind)
    try:
        made_as = getattr(importlib.import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise StateError(
            "a record in the lake is of another version of this package",
            expected="a type that this version knows",
            got=kind,
            advice="materialise its asset again: run the lifecycle",
        ) from error
    return made_as.from_parts(parts)


def _write_table(path: Path, frame: "pd.DataFrame", partition: str | None) -> int:
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import DeltaError

    table = _to_arrow(frame, partition)
    path.mkdir(parents=True, exist_ok=True)
    try:
        if partition is None:
            write_deltalake(path, table, mode="overwrite", schema_mode="overwrite")
        elif not DeltaTable.is_deltatable(str(path)):
            write_deltalake(path, table, mode="append", partition_by=[_WINDOW])
        else:
            predicate = f"{_WINDOW} = '{partition}'"
            write_deltalake(path, table, mode="overwrite", predicate=predicate, schema_mode="merge")
        return int(DeltaTable(path).version())
    except DeltaError as error:
        raise StateError(
            "a table of the lake cannot be written",
            expected=f"a Delta table at {path}",
            got=f"{type(error).__name__}: {error}",
            advice="if another run wrote the same table at this moment, run again; else check the folder",
        ) from error


def _to_arrow(frame: "pd.DataFrame", partition: str | None) -> Any:
    """An arrow table of types that Delta knows: no nanoseconds, no unsigned, no null type, no mixed columns."""
    import pandas as pd
    import pyarrow as pa

    columns = {str(name): _plain(frame.iloc[:, place]) for place, name in enumerate(frame.columns)}
    if partition is not None:
        columns[_WINDOW] = pd.Series(partition, index=frame.index, dtype="object")
    table = pa.Table.from_pandas(pd.DataFrame(columns, index=frame.index, copy=False), preserve_index=False)
    table = table.replace_schema_metadata(None)
    fields = [pa.field(field.name, _delta_type(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype("object")
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True).startswith("mixed"):
        return column.where(column.isna(), column.astype(str))
    return column


def _delta_type(given: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_timestamp(given):
        return pa.timestamp("us")
    if pa.types.is_unsigned_integer(given):
        return pa.int64()
    return pa.string() if pa.types.is_null(given) else given


def _read_table(path: Path, version: int, partition: str | None) -> "pd.DataFrame":
    """Read the files that a version names.

    Arrow reads them itself: Delta's own reader lets Arrow's threads read through Python, at three times the cost, and
    one that still runs when the process ends takes it down.
    """
    import pyarrow as pa
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError
    from pyarrow import parquet

    try:
        delta = DeltaTable(path, version=version)
        partitions = [(_WINDOW, "=", partition)] if partition is not None else None
        files = sorted(delta.file_uris(partitions))
        schema = pa.schema(field for field in pa.schema(delta.schema().to_arrow()) if field.name != _WINDOW)
        table = parquet.read_table(files, schema=schema, partitioning=None) if files else schema.empty_table()
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


def _write_files(folder: Path, files: Mapping[str, bytes]) -> str:
    digest = digest_files(files)
    target = folder / digest
    if target.is_dir():
        return digest
    scratch = folder / f".{digest}.part"
    for name, content in files.items():
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    try:
        scratch.rename(target)
    except OSError:
        if not target.is_dir():  # else another process wrote the same content first, which is as good
            raise
    return digest


def digest_files(files: Mapping[str, bytes]) -> str:
    """A name for a set of files by their content: 32 hex digits."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()[:32]


def _read_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _walk(folder)}


def _walk(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise StateError(
            "files of a record are gone from the lake",
            expected=f"the folder {folder}",
            got="nothing there",
            advice="materialise the asset again",
        )
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
