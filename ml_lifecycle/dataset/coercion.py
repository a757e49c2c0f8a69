"""From what a file gave to the type a schema names, cell by cell: a cell that cannot be read is marked, never a crash.

A whole column and a single value are read by the same rules, because the one is training and the other is serving.
Which type a column should have is in `schema`; what happens to rows with unreadable cells is in `quarantine`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.rows import as_text, factorize, is_missing, text_of


class ColumnType(StrEnum):
    """The types that are told apart; how wide a number is stored does not matter for whether a cell can be read."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"
    ANY = "any"


class Unreadable:
    """The type of `UNREADABLE`, what `coerce_value` gives for a cell that is not of the type that was asked for."""

    __slots__ = ()


UNREADABLE: Final = Unreadable()

_TRUE: Final = ("true", "yes", "y", "t", "on", "1", "1.0", "ja", "j", "wahr", "oui", "vrai", "si", "sí")
_FALSE: Final = ("false", "no", "n", "f", "off", "0", "0.0", "nein", "falsch", "non", "faux")
_TRUTHS: Final = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
_INT64_END: Final = 2**63
_DAY_FIRST = re.compile(r"\s*(?:(?:1[3-9]|2\d|3[01])[/-]\d{1,2}[/-]\d|\d{1,2}\.\d{1,2}\.\d)")
_DATED = re.compile(r".*(?:\d{4}|\d[-/.]\d+[-/.]\d)")


@dataclass(frozen=True, slots=True)
class Coerced:
    """A column of the type asked for, and which of its cells held something that is not of that type.

    Args:
        column: The column; a cell that could not be read is missing.
        unreadable: (n,) bool.
    """

    column: pd.Series
    unreadable: npt.NDArray[np.bool_]


def coerce_column(values: pd.Series, kind: ColumnType, *, day_first: bool | None = None) -> Coerced:
    """Read a column as a type.

    Whole numbers are stored as int64 and truths as bool where none is missing, and both as float64 otherwise.

    Args:
        values: The column.
        kind: The type.
        day_first: Whether times write the day before the month; None lets the column show it.

    >>> coerced = coerce_column(pd.Series(["1", "2.5", "many", None]), ColumnType.NUMBER)
    >>> coerced.column.tolist(), coerced.unreadable.tolist()
    ([1.0, 2.5, nan, nan], [False, False, True, False])
    """
    if kind is ColumnType.ANY or _is_of(values, kind):
        return Coerced(values, np.zeros(len(values), dtype=bool))
    if kind is ColumnType.TEXT:
        return Coerced(as_text(values), np.zeros(len(values), dtype=bool))
    if (quick := _coerce_numbers(values, kind)) is not None:
        return quick
    codes, distinct = factorize(values)
    read = _read_times(distinct, day_first=day_first) if kind is ColumnType.TIME else _COLUMN_READERS[kind](distinct)
    unreadable = np.append(_unreadable(read), False)[codes]
    usable = [None if value is UNREADABLE else value for value in read]
    return Coerced(_store(usable, codes, kind, values), unreadable)


def coerce_value(value: object, kind: ColumnType, *, day_first: bool = False) -> object:
    """Read one value as a type: the value, None where it is missing, or `UNREADABLE`.

    Args:
        value: The value.
        kind: The type.
        day_first: Whether a time writes the day before the month.

    >>> coerce_value("7", ColumnType.INTEGER), coerce_value("7.5", ColumnType.INTEGER) is UNREADABLE
    (7, True)
    """
    if is_missing(value):
        return None
    return _read_time(value, day_first=True) if day_first else _VALUE_READERS[kind](value)


def parse_times(values: pd.Series) -> Coerced:
    """Read a column of times: naive datetime64[ns] in UTC, whatever form or zone they were written in.

    Dates such as 13/04/2024 make the whole column one that writes the day first.
    """
    return coerce_column(values, ColumnType.TIME)


def type_of(dtype: object) -> ColumnType | None:
    """The type that a dtype, or its name, belongs to; None for one that is not told apart here.

    >>> type_of("float32"), type_of("datetime64[ns]"), type_of("timedelta64[ns]")
    (<ColumnType.NUMBER: 'number'>, <ColumnType.TIME: 'time'>, None)
    """
    name = str(dtype).lower()
    for prefix, kind in _PREFIXES.items():
        if name.startswith(prefix):
            return kind
    return None


_PREFIXES: Final = {
    "int": ColumnType.INTEGER,
    "uint": ColumnType.INTEGER,
    "float": ColumnType.NUMBER,
    "double": ColumnType.NUMBER,
    "str": ColumnType.TEXT,
    "category": ColumnType.TEXT,
    "bool": ColumnType.BOOLEAN,
    "datetime": ColumnType.TIME,
    "none": ColumnType.ANY,
    "object": ColumnType.ANY,
}


def _is_of(values: pd.Series, kind: ColumnType) -> bool:
    dtype = values.dtype
    if kind is ColumnType.TEXT:
        return dtype.kind == "O" and pd.api.types.infer_dtype(values, skipna=True) in {"string", "empty"}
    if kind is ColumnType.NUMBER:
        return isinstance(dtype, np.dtype) and dtype.kind == "f"
    if kind is ColumnType.INTEGER:
        return isinstance(dtype, np.dtype) and dtype.kind in "iu" and dtype != np.uint64
    if kind is ColumnType.BOOLEAN:
        return dtype == np.bool_
    return dtype == np.dtype("datetime64[ns]")


def _coerce_numbers(values: pd.Series, kind: ColumnType) -> Coerced | None:
    """Numbers as numbers of the other kind, all at once; None for what must be read cell by cell."""
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind not in "iuf":
        return None
    if kind is ColumnType.NUMBER:
        return Coerced(values.astype(np.float64), np.zeros(len(values), dtype=bool))
    if kind is not ColumnType.INTEGER or values.dtype.kind != "f":
        return None
    numbers = values.to_numpy(dtype=np.float64)
    missing = np.isnan(numbers)
    whole = (np.trunc(numbers) == numbers) & (np.abs(numbers) < float(_INT64_END))
    if whole.all():
        return Coerced(values.astype(np.int64), np.zeros(len(values), dtype=bool))
    unreadable = ~(whole | missing)
    column = pd.Series(np.where(unreadable, np.nan, numbers), index=values.index, name=values.name)
    return Coerced(column, unreadable)


def _unreadable(read: list[Any]) -> npt.NDArray[np.bool_]:
    return np.fromiter((value is UNREADABLE for value in read), dtype=bool, count=len(read))


def _store(usable: list[Any], codes: npt.NDArray[np.intp], kind: ColumnType, like: pd.Series) -> pd.Series:
    """Spread distinct values over the rows, in the narrowest dtype that holds them."""
    table: npt.NDArray[Any]
    complete = not (codes < 0).any() and not any(is_missing(value) for value in usable)
    if kind is ColumnType.TIME:
        table = pd.Series([*usable, None], dtype="datetime64[ns]").to_numpy()
    elif complete and kind in {ColumnType.INTEGER, ColumnType.BOOLEAN}:
        table = np.array(usable, dtype=np.int64 if kind is ColumnType.INTEGER else np.bool_)
    else:
        table = np.array([*usable, None], dtype=np.float64)
    return pd.Series(table[codes], index=like.index, name=like.name)


def _read_numbers(distinct: list[Any]) -> list[Any]:
    try:
        numbers = pd.Series(distinct, dtype=object).to_numpy().astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        return [_read_number(value) for value in distinct]
    return list(numbers)


def _read_number(value: Any) -> float | Unreadable:  # noqa: ANN401 - a cell may hold anything
    try:
        return float(value)
    except (ValueError, TypeError, OverflowError):
        return UNREADABLE


def _read_integer(value: Any) -> int | float | Unreadable:  # noqa: ANN401 - a cell may hold anything
    """Read a whole number exactly: by way of float64, an identifier of 17 digits would become another one."""
    try:
        whole = int(value) if isinstance(value, str | int | np.integer) else _whole(_read_number(value))
    except ValueError:  # text such as 7.0
        whole = _whole(_read_number(value))
    return whole if isinstance(whole, Unreadable) or is_missing(whole) or abs(whole) < _INT64_END else UNREADABLE


def _whole(number: float | Unreadable) -> int | float | Unreadable:
    if isinstance(number, Unreadable) or is_missing(number):
        return number
    return int(number) if number.is_integer() else UNREADABLE


def _read_truth(value: object) -> bool | Unreadable:
    return _TRUTHS.get(str(value).strip().lower(), UNREADABLE)


def _read_times(distinct: list[Any], *, day_first: bool | None = None) -> list[Any]:
    texts = [value for value in distinct if isinstance(value, str)]
    shown = any(_DAY_FIRST.match(text) for text in texts)
    if len(texts) < len(distinct) or shown or day_first:
        return [_read_time(value, day_first=shown if day_first is None else day_first) for value in distinct]
    dated = pd.Series([text if _DATED.match(text) else None for text in texts], dtype=object)
    quick = pd.to_datetime(dated, format="ISO8601", utc=True, errors="coerce")
    known = quick.dt.tz_localize(None).astype("datetime64[ns]")
    late = quick.isna().tolist()
    return [_read_time(text) if slow else found for text, found, slow in zip(distinct, known, late, strict=True)]


def _read_time(value: Any, *, day_first: bool = False) -> pd.Timestamp | Unreadable:  # noqa: ANN401 - a cell may hold anything
    try:
        if isinstance(value, str):
            return _read_time_text(value, day_first=day_first)
        return _naive(pd.Timestamp(value)) if isinstance(value, date | np.datetime64) else UNREADABLE
    except (ValueError, TypeError, OverflowError):
        return UNREADABLE


def _read_time_text(text: str, *, day_first: bool) -> pd.Timestamp | Unreadable:
    try:
        return _naive(pd.Timestamp(datetime.fromisoformat(text)))
    except ValueError:
        pass
    if not _DATED.match(text):  # pandas reads "now", "5" and names of months as some day of the present
        return UNREADABLE
    return _naive(pd.to_datetime(text, dayfirst=day_first or _DAY_FIRST.match(text) is not None))


def _naive(moment: pd.Timestamp) -> pd.Timestamp:
    naive = moment if moment.tzinfo is None else moment.tz_convert(UTC).tz_localize(None)
    return naive.as_unit("ns")


def _each(reader: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    return lambda distinct: [reader(value) for value in distinct]


_COLUMN_READERS: Final[dict[ColumnType, Callable[[list[Any]], list[Any]]]] = {
    ColumnType.INTEGER: _each(_read_integer),
    ColumnType.NUMBER: _read_numbers,
    ColumnType.BOOLEAN: _each(_read_truth),
}

_VALUE_READERS: Final[dict[ColumnType, Callable[[Any], object]]] = {
    ColumnType.INTEGER: _read_integer,
    ColumnType.NUMBER: _read_number,
    ColumnType.TEXT: text_of,
    ColumnType.BOOLEAN: _read_truth,
    ColumnType.TIME: _read_time,
    ColumnType.ANY: lambda value: value,
}
