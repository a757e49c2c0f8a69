"""Reading files that hold typed tables: Parquet and Excel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.compression import DAMAGED, is_packed, open_unpacked
from ml_lifecycle.dataset.file_errors import unreadable
from ml_lifecycle.dataset.suggestions import require_columns
from ml_lifecycle.errors import ConfigError

_NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d*)")


def read_parquet(path: Path, source: SourceConfig) -> pd.DataFrame:
    """Read one Parquet file; folders above it named `key=value` become columns, unless the source's path names them.

    Raises:
        DataError: It is no Parquet file, or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    partitions = partition_values(path, source)
    try:
        content: Any = pa.BufferReader(open_unpacked(path).read()) if is_packed(path) else str(path)
        with pq.ParquetFile(content, pre_buffer=True) as file:
            known = file.schema_arrow.names
            place, key = source.place, "dataset.sources: columns"
            require_columns([name for name in source.columns if name not in partitions], known, place=place, key=key)
            wanted = [name for name in source.columns if name in known] or None
            table = file.read(columns=wanted, use_pandas_metadata=wanted is None)
        frame = frame_of(table)
    except (*DAMAGED, ValueError, pa.ArrowException) as error:
        raise unreadable(path, "a Parquet file", error, "check the file, or set format: csv") from error
    for name, value in partitions.items():
        if name not in frame.columns and (not source.columns or name in source.columns):
            frame[name] = value
    return frame


def frame_of(table: Any) -> pd.DataFrame:  # noqa: ANN401 - a pyarrow.Table
    """A frame of an Arrow table, which is used up: dates as times, times in nanoseconds, a named index as a column."""
    frame: pd.DataFrame = table.to_pandas(self_destruct=True, date_as_object=False)
    frame = frame if frame.index.name is None and frame.index.nlevels == 1 else frame.reset_index()
    for name in [name for name, dtype in frame.dtypes.items() if dtype.kind == "M"]:
        if frame[name].dt.unit != "ns":
            try:
                frame[name] = frame[name].dt.as_unit("ns")
            except pd.errors.OutOfBoundsDatetime:  # before 1678 or after 2262; left to validation
                continue
    return frame


def partition_values(path: Path, source: SourceConfig) -> dict[str, Any]:
    """What the folders of a file say: `year=2024` is the column `year`. Folders that the source names are left out.

    >>> partition_values(Path("sales/year=2024/part.parquet"), SourceConfig(path="sales"))
    {'year': 2024}
    """
    named = Path(source.path or "").parts
    values: dict[str, Any] = {}
    for folder in path.parent.parts:
        name, equals, text = folder.partition("=")
        if equals and name and folder not in named:
            text = unquote(text)
            values[unquote(name)] = None if text == _NO_VALUE else int(text) if _INTEGER.fullmatch(text) else text
    return values


def read_excel(path: Path, source: SourceConfig) -> pd.DataFrame:
    """Read one sheet of an Excel workbook.

    Raises:
        DataError: It is no workbook, or lacks the sheet or a column.
        ConfigError: The package that reads Excel is not installed.
    """
    if path.suffix.lower() == ".xls":
        error = ValueError("the format of Excel before 2007")
        raise unreadable(path, "an .xlsx workbook", error, "save it as .xlsx or CSV")
    if find_spec("openpyxl") is None:
        raise ConfigError(
            "Excel files cannot be read",
            expected="the package openpyxl",
            got="none",
            advice='install it: pip install "ml-lifecycle[excel]"',
        )
    try:
        with open_unpacked(path) if is_packed(path) else path.open("rb") as file:
            frame = _read_sheet(file, source)
    except (*DAMAGED, KeyError) as error:
        raise unreadable(path, "an Excel workbook", error, "check the file, or name its format") from error
    except ValueError as error:  # what pandas says of a sheet that is not there
        raise unreadable(path, f"a sheet {source.sheet!r}", error, "correct dataset.sources: sheet") from error
    require_columns(source.columns, list(map(str, frame.columns)), place=source.place, key="dataset.sources: columns")
    return frame


def _read_sheet(file: IO[bytes], source: SourceConfig) -> pd.DataFrame:
    frame: pd.DataFrame = pd.read_excel(file, sheet_name=source.sheet, engine="openpyxl")
    return frame.dropna(how="all", ignore_index=True)  # rows that only have a format


def choose_columns(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The columns that are asked for, in that order; all where none are."""
    return frame[list(columns)] if columns and list(frame.columns) != list(columns) else frame


def blank_codes(frame: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Make cells missing that hold a code for "missing", as text or as a number.

    >>> blank_codes(pd.DataFrame({"x": [1, 999], "y": ["?", "a"]}), ("?", "999")).isna().to_numpy().tolist()
    [[False, True], [True, False]]
    """
    numbers = [number for number in map(_number, codes) if number is not None]
    for name in frame.columns if codes else ():
        column = frame[name]
        if column.dtype.kind in "iuf":
            found = column.isin(numbers)
        elif column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype):
            found = column.isin([*codes, *numbers]) & ~column.isin([True, False])
        else:
            continue
        if found.any():
            frame[name] = column.mask(found)
    return frame


def _number(code: str) -> float | None:
    try:
        return float(code)
    except ValueError:
        return None
