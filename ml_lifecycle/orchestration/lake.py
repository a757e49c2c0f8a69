"""The lake: tables as Delta Lake tables and files beside them, below one folder. Knows no run and no Dagster.

A value is a frame, or a record that can be taken apart (`ml_lifecycle.parts.Storable`).

    <lake>/<project>/<asset>/<table>/             a Delta table; that of a partitioned asset holds all its windows
    <lake>/<project>/<asset>/_files/<digest>/...  files, named by their content and never overwritten

How tables are written and read lives in `lake_tables`.
"""

import hashlib
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.lake_tables import read_history, read_table, read_windows, write_table, write_windows
from ml_lifecycle.parts import Parts, Storable

if TYPE_CHECKING:
    import pandas as pd

_FRAME = "frame"


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
        if partition is not None:
            return self.write_many(key, {partition: value})[partition]
        folder = self.root.joinpath(*key)
        parts, kind = take_apart(value)
        with _writing(folder):
            tables = {name: write_table(folder / name, frame) for name, frame in parts.tables.items()}
            files = _write_files(folder / "_files", parts.files) if parts.files else None
        return LakeRecord(kind, tables, files)

    def write_many(self, key: Sequence[str], values: Mapping[str, object]) -> dict[str, LakeRecord]:
        """Write the values of several partitions, each table by one transaction, and say where they lie.

        Raises:
            StateError: The lake cannot be written.
        """
        return self.write_parts(key, {name: take_apart(value) for name, value in values.items()})

    def write_parts(self, key: Sequence[str], apart: Mapping[str, tuple[Parts, str]]) -> dict[str, LakeRecord]:
        """As `write_many`, of values that were taken apart by `take_apart`."""
        folder = self.root.joinpath(*key)
        frames: dict[str, dict[str, pd.DataFrame]] = {}
        files: dict[str, bytes] = {}
        places = {name: str(place) for place, name in enumerate(apart)} if len(apart) > 1 else dict.fromkeys(apart, "")
        for name, (parts, _) in apart.items():
            for table, frame in parts.tables.items():
                frames.setdefault(table, {})[name] = frame
            files |= {"/".join(filter(None, (places[name], path))): text for path, text in parts.files.items()}
        with _writing(folder):
            versions = {table: write_windows(folder / table, rows) for table, rows in frames.items()}
            digest = _write_files(folder / "_files", files) if files else ""
        return {
            name: LakeRecord(
                kind,
                {table: versions[table] for table in parts.tables},
                "/".join(filter(None, (digest, places[name]))) if parts.files else None,
                name,
            )
            for name, (parts, kind) in apart.items()
        }

    def read(self, key: Sequence[str], record: LakeRecord) -> Any:
        """Read back what a record names.

        Raises:
            StateError: The record's tables or files are gone.
        """
        if record.partition is not None:
            return self.read_many(key, [record])[0]
        folder = self.root.joinpath(*key)
        tables = {name: read_table(folder / name, number) for name, number in record.tables.items()}
        return _put_together(record.type, Parts(tables, _read_files(folder, record.files)))

    def read_many(self, key: Sequence[str], records: Sequence[LakeRecord]) -> list[Any]:
        """Read back what records of partitions name; those that were written together are read together.

        Raises:
            StateError: Their tables or files are gone.
        """
        folder = self.root.joinpath(*key)
        wanted: dict[tuple[str, int], list[str]] = {}
        for record in records:
            for table, number in record.tables.items():
                wanted.setdefault((table, number), []).append(str(record.partition))
        rows = {
            (table, number): read_windows(folder / table, number, windows)
            for (table, number), windows in wanted.items()
        }
        return [
            _put_together(
                record.type,
                Parts(
                    {name: rows[name, number][str(record.partition)] for name, number in record.tables.items()},
                    _read_files(folder, record.files),
                ),
            )
            for record in records
        ]

    def history(self, key: Sequence[str], table: str) -> "pd.DataFrame | None":
        """All partitions of an asset's table, oldest first, named in column `window`; None where there is no table."""
        return read_history(self.root.joinpath(*key) / table)

    def holds(self, key: Sequence[str], record: LakeRecord) -> bool:
        """Whether everything that a record names is still there."""
        folder = self.root.joinpath(*key)
        logs = (folder / name / "_delta_log" / f"{number:020}.json" for name, number in record.tables.items())
        return all(log.exists() for log in logs) and (
            record.files is None or (folder / "_files" / record.files).is_dir()
        )


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            "the lake cannot be written",
            expected=f"a writable folder {folder}",
            got=f"{type(error).__name__}: {error}",
            advice="mend its permissions or free space; what was written before is untouched",
        ) from error


def take_apart(value: object) -> tuple[Parts, str]:
    """The tables and files of a value, and the name of its type.

    Raises:
        TypeError: It is neither a frame nor Storable.
    """
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


def _read_files(folder: Path, name: str | None) -> dict[str, bytes]:
    if name is None:
        return {}
    folder = folder / "_files" / name
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
