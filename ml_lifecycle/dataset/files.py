"""Files of this machine: finding those that a source names, and reading one, whatever its format.

How each format is read is in `csv_files`, `json_lines` and `table_files`; other places are in `pieces`.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.compression import bare_name
from ml_lifecycle.dataset.csv_files import read_csv, sniff_separator
from ml_lifecycle.dataset.json_lines import read_json_lines
from ml_lifecycle.dataset.references import resolve
from ml_lifecycle.dataset.table_files import blank_codes, choose_columns, read_excel, read_parquet
from ml_lifecycle.errors import DataError

__all__ = ["HOME_MARK", "find_files", "format_of", "is_optional", "read_file", "shown_path", "sniff_separator"]

HOME_MARK: Final = "{home}"

_PATTERN: Final = re.compile(r"[*?\[]")
_FORMATS: Final = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".parq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".data": "csv",
}
_READERS: Final[dict[str, Callable[[Path, SourceConfig], pd.DataFrame]]] = {
    "csv": read_csv,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
    "excel": read_excel,
}
_NAMED_ONLY: Final = {".json"}
"""Endings of files that hold rows only where they are named: beside data they mostly describe them."""

_TYPED: Final = {"parquet", "excel", "jsonl"}
_FILE_SCHEME: Final = "file://"


def find_files(source: SourceConfig, *, root: Path, home: Path, optional: bool = False) -> Sequence[Path]:
    """The files of this machine that a source names, sorted by name.

    Args:
        source: A path, a folder or a glob pattern.
        root: The folder that a relative path starts from.
        home: What `{home}` stands for.
        optional: Whether there may be none.

    Raises:
        DataError: There is no such file.
        ConfigError: The path refers to an environment variable that is not set.
    """
    path = local_path(source, root=root, home=home)
    if path.is_file():  # a name with brackets is a name first
        return [path]
    if path.is_dir():
        found = _in_folder(path, source, home)
    elif _PATTERN.search(str(path)):
        found = _matching(path, source, home)
    else:
        raise _nothing_there(source, path, root)
    if found or optional:
        return found
    raise _nothing_there(source, path, root)


def local_path(source: SourceConfig, *, root: Path, home: Path) -> Path:
    """The path of a source on this machine, maybe a pattern.

    Raises:
        ConfigError: It refers to an environment variable that is not set.
    """
    text = resolve((source.path or "").replace(HOME_MARK, str(home)))
    return root / Path(text.removeprefix(_FILE_SCHEME)).expanduser()


def is_optional(source: SourceConfig) -> bool:
    """Whether a source is a pattern in the state folder, where files arrive later."""
    return source.path is not None and HOME_MARK in source.path and _PATTERN.search(source.path) is not None


def shown_path(path: Path, *, root: Path, home: Path) -> str:
    """A file's name as a person would write it: relative to the state folder or to the root."""
    if path.is_relative_to(home):
        return f"{HOME_MARK}/{path.relative_to(home).as_posix()}"
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def format_of(name: str, source: SourceConfig) -> str:
    """The format of a file: the one that the source names, or what its name says, else CSV.

    >>> format_of("rows.jsonl.gz", SourceConfig(path="rows.jsonl.gz")), format_of("rows", SourceConfig(path="rows"))
    ('jsonl', 'csv')
    """
    return source.format if source.format != "auto" else _FORMATS.get(Path(bare_name(name)).suffix.lower(), "csv")


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's bytes: 64 hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_file(path: Path, source: SourceConfig) -> pd.DataFrame:
    """Read one file, with names of columns as text.

    Raises:
        DataError: It is empty, is not in the format or the encoding, or has no columns.
        ConfigError: The package that reads the format is not installed.
    """
    if path.stat().st_size == 0:
        raise DataError(
            f"the file {path} is empty", expected="a header and rows", got="0 bytes", advice="export it again"
        )
    kind = format_of(path.name, source)
    frame = _READERS[kind](path, source)
    frame.columns = [str(column) for column in frame.columns]
    if not len(frame.columns):
        raise DataError(
            f"the file {path} has no columns", expected="at least one", got="none", advice="export it again"
        )
    if kind == "jsonl":  # a key that no object has is a column without a value
        frame = frame.reindex(columns=[*frame.columns, *(name for name in source.columns if name not in frame)])
    frame = choose_columns(frame, source.columns)
    return blank_codes(frame, source.missing_values) if kind in _TYPED else frame


def is_data_file(name: str, source: SourceConfig) -> bool:
    """Whether a file of a folder holds rows: marks such as `_SUCCESS`, hidden files and notes do not.

    >>> [is_data_file(name, SourceConfig(path="x")) for name in ("a.csv.gz", "_SUCCESS", ".a.csv.crc", "about.json")]
    [True, False, False, False]
    """
    if name.startswith((".", "_")):
        return False
    return source.format != "auto" or Path(bare_name(name)).suffix.lower() in _FORMATS.keys() - _NAMED_ONLY


def _in_folder(folder: Path, source: SourceConfig, home: Path) -> list[Path]:
    def is_shown(path: Path) -> bool:
        inner = path.relative_to(folder).parts[:-1]
        hidden = any(part.startswith((".", "_")) for part in inner)
        foreign = home.is_relative_to(folder) and home != folder and path.is_relative_to(home)
        return not hidden and not foreign and is_data_file(path.name, source)

    return sorted(path for path in folder.rglob("*") if path.is_file() and is_shown(path))


def _matching(path: Path, source: SourceConfig, home: Path) -> list[Path]:
    """Files that match; where only folders do, the files in them, as other programs write a table in parts."""
    anchor = Path(path.anchor)
    matches = sorted(anchor.glob(str(path.relative_to(anchor))))
    files = [match for match in matches if match.is_file()]
    return files or _unique(file for folder in matches for file in _in_folder(folder, source, home))


def _unique(paths: Iterable[Path]) -> list[Path]:
    return list(dict.fromkeys(paths))


def _nothing_there(source: SourceConfig, path: Path, root: Path) -> DataError:
    named = source.path or ""
    shown = named if "${" in named else path  # what a reference stands for is not for messages
    return DataError(
        f"there is no file {source.path!r}",
        expected=f"{'files' if _PATTERN.search(named) else 'a file'} at {shown}",
        got="a folder without such files" if path.is_dir() else "nothing",
        advice=f"correct dataset.sources: a path is relative to {root}, unless it starts with / or {HOME_MARK}; "
        f"{_neighbours(path)}",
    )


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    names = [neighbour.name for neighbour in path.parent.iterdir() if neighbour.is_file()]
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    return (
        f"near it lies {', '.join(near)}" if near else f"{path.parent} holds {len(names)} files, none of a similar name"
    )
