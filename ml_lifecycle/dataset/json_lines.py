"""Reading JSON lines: one object a line, or one array of objects; objects within objects become columns `a.b`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.compression import DAMAGED, open_unpacked
from ml_lifecycle.dataset.csv_files import encoding_of
from ml_lifecycle.dataset.file_errors import unreadable
from ml_lifecycle.dataset.rows import as_text
from ml_lifecycle.dataset.stacking import objects_of, stack
from ml_lifecycle.errors import DataError

_BATCH: Final = 50_000


def read_json_lines(path: Path, source: SourceConfig) -> pd.DataFrame:
    """Read one file of JSON lines, packed or not.

    Raises:
        DataError: A line is not a JSON object, or the text is not in the encoding.
    """
    try:
        encoding = encoding_of(path, source)
        with open_unpacked(path) as file, io.TextIOWrapper(file, encoding=encoding) as text:
            records = _records(text, path)
            pieces = []
            while batch := list(islice(records, _BATCH)):
                pieces.append(_frame(batch))
    except (UnicodeError, LookupError) as error:
        advice = "set encoding: auto under dataset.sources, or name it"
        raise unreadable(path, f"text in {source.encoding}", error, advice) from error
    except DAMAGED as error:
        raise unreadable(path, "a readable file", error, "check its permissions, and whether it is complete") from error
    return stack(pieces)


def _records(text: io.TextIOWrapper, path: Path) -> Iterator[dict[str, Any]]:
    first = True
    for number, line in enumerate(text, start=1):
        if line.isspace():
            continue
        if first and line.lstrip().startswith("["):
            yield from _objects(_parse(line + text.read(), path, number), path, number)
            return
        first = False
        yield from _objects([_parse(line, path, number)], path, number)


def _parse(text: str, path: Path, number: int) -> Any:  # noqa: ANN401 - any JSON
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        advice = "write one JSON object a line (JSON lines), or name another format under dataset.sources"
        raise unreadable(path, f"a JSON object on line {number}", error, advice) from error


def _objects(values: Any, path: Path, number: int) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    for value in values:
        if not isinstance(value, dict):
            raise DataError(
                f"the file {path} cannot be read",
                expected=f"a JSON object from line {number} on",
                got=f"{type(value).__name__} {str(value)[:60]!r}",
                advice="write one JSON object a line, names of columns as its keys",
            )
        yield value


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    nested = any(isinstance(value, dict) for record in records for value in record.values())
    frame = pd.json_normalize(records) if nested else pd.DataFrame.from_records(records)
    for name in objects_of(frame):
        kind = pd.api.types.infer_dtype(frame[name], skipna=True)
        if kind.startswith("mixed"):  # lists, or numbers beside text: one type, so that a table can store it
            cells = [orjson.dumps(cell).decode() if isinstance(cell, list) else cell for cell in frame[name]]
            frame[name] = as_text(pd.Series(cells, index=frame.index, dtype=object))
    return frame
