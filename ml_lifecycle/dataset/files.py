"""Reading one file: finding it, guessing its separator, and saying clearly why it cannot be read."""

from __future__ import annotations

import csv
import difflib
import gzip
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zlib import error as zlib_error

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.errors import DataError

HOME_MARK: Final = "{home}"

_PATTERN = re.compile(r"[*?\[]")
_PARQUET: Final = {".parquet", ".pq", ".parq"}
_SEPARATORS: Final = (",", ";", "\t", "|")
_SNIFFED_LINES = 30
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def find_files(source: SourceConfig, *, root: Path, home: Path, optional: bool = False) -> Sequence[Path]:
    """The files that a source names, sorted by name.

    Args:
        source: A path or a glob pattern.
        root: The folder that a relative path starts from.
        home: What `{home}` stands for.
        optional: Whether there may be none.

    Raises:
        DataError: There is no such file.
    """
    path = root / Path(source.path.replace(HOME_MARK, str(home)))
    if path.is_file():  # a name with brackets is a name first
        return [path]
    if _PATTERN.search(str(path)):
        anchor = Path(path.anchor)
        found = sorted(match for match in anchor.glob(str(path.relative_to(anchor))) if match.is_file())
        if found or optional:
            return found
    raise DataError(
        f"there is no file {source.path!r}",
        expected=f"{'a file' if not _PATTERN.search(source.path) else 'files'} at {path}",
        got="a folder" if path.is_dir() else "nothing",
        advice=f"correct dataset.sources: a path is relative to {root}, unless it starts with / or {HOME_MARK}; "
        f"{_neighbours(path)}",
    )


def is_optional(source: SourceConfig) -> bool:
    """Whether a source is a pattern in the state folder, where files arrive later."""
    return HOME_MARK in source.path and _PATTERN.search(source.path) is not None


def shown_path(path: Path, *, root: Path, home: Path) -> str:
    """A file's name as a person would write it: relative to the state folder or to the root."""
    if path.is_relative_to(home):
        return f"{HOME_MARK}/{path.relative_to(home).as_posix()}"
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def read_file(path: Path, source: SourceConfig) -> pd.DataFrame:
    """Read one CSV (also compressed) or Parquet file, with names of columns as text.

    Raises:
        DataError: It is empty, is not in the format or the encoding, or has no columns.
    """
    if path.stat().st_size == 0:
        raise DataError(
            f"the file {path} is empty", expected="a header and rows", got="0 bytes", advice="export it again"
        )
    is_parquet = source.format == "parquet" or (source.format == "auto" and path.suffix.lower() in _PARQUET)
    frame = _read_parquet(path, source) if is_parquet else _read_csv(path, source)
    frame.columns = [str(column) for column in frame.columns]
    if not len(frame.columns):
        raise DataError(
            f"the file {path} has no columns", expected="at least one", got="none", advice="export it again"
        )
    return frame


def sniff_separator(text: str) -> str:
    r"""The separator of a CSV, by which its first lines fall into the same number of fields, more than one.

    >>> sniff_separator('a;b\n"1,5";2\n'), sniff_separator("one\ncolumn\n")
    (';', ',')
    """
    lines = text.splitlines()[:_SNIFFED_LINES]
    best, most = ",", 1
    for separator in _SEPARATORS:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        if widths and widths[0] > most and widths.count(widths[0]) == len(widths):
            best, most = separator, widths[0]
    return best if most > 1 else max(_SEPARATORS, key=lines[0].count) if lines else ","


def _read_parquet(path: Path, source: SourceConfig) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are of both kinds
        raise _unreadable(path, "a Parquet file", error, "check the file, or set format: csv") from error
    frame = frame if frame.index.name is None else frame.reset_index()
    return frame.replace(list(source.missing_values), None) if source.missing_values else frame


def _read_csv(path: Path, source: SourceConfig) -> pd.DataFrame:
    try:
        head, has_mark = _read_head(path, source.encoding)
        return pd.read_csv(
            path,
            sep=source.separator or sniff_separator(head),
            encoding="utf-8-sig" if has_mark else source.encoding,
            na_values=list(source.missing_values),
            low_memory=False,  # else a column may be numbers in one chunk and text in the next
        )
    except pd.errors.EmptyDataError as error:
        raise _unreadable(path, "a header and rows", error, "export it again") from error
    except UnicodeError as error:
        advice = "name the encoding under dataset.sources, often latin-1 or cp1252; or it is not a CSV"
        raise _unreadable(path, f"text in {source.encoding}", error, advice) from error
    except LookupError as error:
        raise _unreadable(
            path, "a known encoding", error, "correct dataset.sources: encoding, such as utf-8"
        ) from error
    except pd.errors.ParserError as error:
        raise _unreadable(path, "lines of one width", error, "name the separator under dataset.sources") from error
    except (OSError, EOFError, zlib_error) as error:
        raise _unreadable(
            path, "a readable file", error, "check its permissions, and whether it is complete"
        ) from error


def _read_head(path: Path, encoding: str) -> tuple[str, bool]:
    """The first lines, and whether a byte order mark goes before them; of compressed formats only gzip has a head."""
    if path.suffix.lower() in {".zip", ".bz2", ".xz", ".zst", ".tar"}:
        return "", False
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        raw = b"".join(line for line, _ in zip(file, range(_SNIFFED_LINES), strict=False))
    has_mark = raw.startswith(_BYTE_ORDER_MARK)
    return raw.decode("utf-8-sig" if has_mark else encoding), has_mark


def _unreadable(path: Path, expected: str, error: Exception, advice: str) -> DataError:
    return DataError(
        f"the file {path} cannot be read",
        expected=expected,
        got=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
        advice=advice,
    )


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    names = [neighbour.name for neighbour in path.parent.iterdir() if neighbour.is_file()]
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    return (
        f"near it lies {', '.join(near)}" if near else f"{path.parent} holds {len(names)} files, none of a similar name"
    )
