"""Reading CSV: its separator and its encoding are found out, and rows that do not fit the header are no surprise."""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path
from typing import IO, Final

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.compression import DAMAGED, bare_name, open_unpacked
from ml_lifecycle.dataset.encodings import encoding_by_mark, find_encoding
from ml_lifecycle.dataset.file_errors import unreadable
from ml_lifecycle.dataset.grouped_numbers import read_grouped
from ml_lifecycle.dataset.suggestions import require_columns
from ml_lifecycle.errors import DataError

_SEPARATORS: Final = (",", ";", "\t", "|")
_TABBED: Final = {".tsv", ".tab"}
_SNIFFED_LINES: Final = 30
_HEAD: Final = 1 << 16
_UNEVEN: Final = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read_csv(path: Path, source: SourceConfig) -> pd.DataFrame:
    """Read one CSV, packed or not.

    Raises:
        DataError: It is empty, not in the encoding, damaged, its lines differ in width, or it lacks a column.
    """
    try:
        encoding = encoding_of(path, source)
        separator = source.separator or _separator_of(path, encoding)
        with open_unpacked(path) as file:
            frame = _parse(file, source, separator, encoding)
    except pd.errors.EmptyDataError as error:
        raise unreadable(path, "a header and rows", error, "export it again") from error
    except UnicodeError as error:
        advice = "set encoding: auto under dataset.sources, or name it, often latin-1 or cp1252; or it is not a CSV"
        raise unreadable(path, f"text in {source.encoding}", error, advice) from error
    except LookupError as error:
        raise unreadable(path, "a known encoding", error, "correct dataset.sources: encoding, such as utf-8") from error
    except pd.errors.ParserError as error:
        raise _uneven(path, error) from error
    except DAMAGED as error:
        advice = "check its permissions, and whether it is complete"
        raise unreadable(path, "a readable file", error, advice) from error
    return _straighten(frame, path)


def encoding_of(path: Path, source: SourceConfig) -> str:
    """The encoding of a text file: as its byte order mark says, as the source names it, or found out.

    Raises:
        OSError: The file cannot be read.
    """
    with open_unpacked(path) as file:
        if source.encoding.lower() == "auto":
            return find_encoding(file)
        return encoding_by_mark(file.read(4)) or source.encoding


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


def _separator_of(path: Path, encoding: str) -> str:
    if Path(bare_name(path.name)).suffix.lower() in _TABBED:
        return "\t"
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_unpacked(path) as file:
        head = decoder.decode(file.read(_HEAD))
    complete = head.rfind("\n") + 1  # the last line may be cut in the middle
    return sniff_separator(head[:complete] or head)


def _parse(file: IO[bytes], source: SourceConfig, separator: str, encoding: str) -> pd.DataFrame:
    known: list[str] = []

    def is_wanted(name: object) -> bool:
        known.append(str(name))
        return str(name) in source.columns

    frame: pd.DataFrame = pd.read_csv(
        file,
        sep=separator,
        encoding=encoding,
        na_values=list(source.missing_values),
        usecols=is_wanted if source.columns else None,
        dtype=dict.fromkeys(source.text, str),
        decimal=source.decimal,
        low_memory=False,  # else a column may be numbers in one chunk and text in the next
    )
    if source.thousands is not None:
        read_grouped(frame, thousands=source.thousands, decimal=source.decimal, without=source.text)
    if source.columns:
        require_columns(source.columns, list(dict.fromkeys(known)), place=source.place, key="dataset.sources: columns")
    return frame


def _uneven(path: Path, error: pd.errors.ParserError) -> DataError:
    """What is wrong with a line, where pandas says which one it is."""
    found = _UNEVEN.search(str(error))
    if found is None:
        return unreadable(path, "lines of one width", error, "name the separator under dataset.sources")
    wanted, line, came = found.groups()
    return DataError(
        f"the file {path} cannot be read",
        expected=f"{wanted} cells in each line",
        got=f"{came} in line {line}",
        advice=f"mend line {line}: text that holds the separator must stand in double quotes; if every line looks so, "
        "give dataset.sources the right separator",
    )


def _straighten(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Pandas makes an index of what rows have more than the header; a separator at each line's end is harmless."""
    if isinstance(frame.index, pd.RangeIndex):
        return frame
    names = list(frame.columns)
    if frame.index.nlevels == 1 and frame[names[-1]].isna().all():
        return frame.reset_index().set_axis([*names, ""], axis=1).iloc[:, :-1]
    raise DataError(
        f"the file {path} cannot be read",
        expected=f"rows as wide as the header, {len(names)} cells",
        got=f"rows of {len(names) + frame.index.nlevels} cells, such as one that begins with {frame.index[0]!r}",
        advice="give each column a name in the header, or correct the separator under dataset.sources",
    )
