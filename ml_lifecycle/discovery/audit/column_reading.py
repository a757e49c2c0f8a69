"""Reading a column of a frame for the audit: what type it is, whatever it is stored as, and which cells do not fit.

Text that is nearly all numbers or times is taken for what it says; what does not fit is kept as `Column.odd`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.coercion import ColumnType, coerce_column
from ml_lifecycle.dataset.numbers import parse_numbers
from ml_lifecycle.dataset.rows import factorize, is_missing, text_of
from ml_lifecycle.dataset.schema_inference import infer_type
from ml_lifecycle.discovery.audit.columns import Column, Mask

_PROBED = 2_000  # different values from which the type of a column of texts is guessed
_MOSTLY = 0.9  # share of readable values from which a column is one of numbers with some that are not
_SOME = 0.5  # share from which so many numbers among texts are no accident
_EXACT_FLOAT = 2.0**53
_PLAIN_TYPES = {"string", "empty"}


def read_column(values: pd.Series) -> Column:
    """Read a column of any type; no cell makes it fail.

    >>> column = read_column(pd.Series(["1", "2", "2", None], name="x"))
    >>> column.kind, column.different, column.top
    (<ColumnType.INTEGER: 'integer'>, 2, (np.float64(2.0), 2))
    """
    dtype = values.dtype
    if pd.api.types.is_bool_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype):
        return _read_truths(values)
    if pd.api.types.is_timedelta64_dtype(dtype):
        return _read_numbers(values, values.dt.total_seconds().to_numpy())
    if pd.api.types.is_complex_dtype(dtype):
        return _read_cells(values.astype(str))
    if pd.api.types.is_integer_dtype(dtype) and not values.hasnans:
        return _read_numbers(values, values.to_numpy(dtype=np.uint64 if "uint64" in str(dtype).lower() else np.int64))
    if pd.api.types.is_numeric_dtype(dtype):
        return _read_numbers(values, values.to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.is_datetime64_any_dtype(dtype):
        naive = values if values.dt.tz is None else values.dt.tz_convert("UTC").dt.tz_localize(None)
        return _read_times(values, naive.astype("datetime64[ns]").to_numpy())
    return _read_cells(values)


def _read_truths(values: pd.Series) -> Column:
    missing = values.isna().to_numpy()
    codes = np.where(missing, -1, values.fillna(value=False).to_numpy(dtype=bool).astype(np.intp))
    return Column(
        str(values.name),
        ColumnType.BOOLEAN,
        str(values.dtype),
        missing,
        missing,
        codes=codes,
        distinct=("False", "True"),
    )


def _read_numbers(values: pd.Series, cells: npt.NDArray[Any], odd: dict[str, int] | None = None) -> Column:
    whole_only = cells.dtype.kind != "f"
    infinite = np.zeros(len(cells), dtype=bool) if whole_only else np.isinf(cells)
    lacking = infinite if whole_only else np.isnan(cells)
    missing = lacking | infinite
    absent = values.isna().to_numpy() if odd else lacking
    known = cells[~missing]
    whole = known.dtype.kind in "iu" or bool(len(known) and np.all(known == np.floor(known)))
    kind = ColumnType.INTEGER if whole else ColumnType.NUMBER
    return Column(
        str(values.name), kind, str(values.dtype), missing, absent, cells, odd=odd or {}, infinite=int(infinite.sum())
    )


def _read_times(values: pd.Series, cells: npt.NDArray[Any], odd: dict[str, int] | None = None) -> Column:
    missing = np.isnat(cells)
    absent = values.isna().to_numpy() if odd else missing
    return Column(str(values.name), ColumnType.TIME, str(values.dtype), missing, absent, cells, odd=odd or {})


def _read_cells(values: pd.Series) -> Column:
    """Texts and objects: by their different values, most columns repeat theirs."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy().astype(np.intp), list(values.cat.categories)
    else:
        codes, distinct = factorize(values)
    types = _cell_types(values, distinct)
    probe = pd.Series(distinct[:: max(1, len(distinct) // _PROBED)], dtype=object)
    kind = infer_type(probe) if len(probe) else ColumnType.ANY
    if kind is ColumnType.TEXT and not types:
        kind = _mostly(probe)
    if kind in {ColumnType.INTEGER, ColumnType.NUMBER}:
        table = parse_numbers(pd.Series(distinct, dtype=object)).to_numpy(dtype=np.float64)
        # Longer digits are names, and two of them must not become one number.
        if kind is ColumnType.INTEGER and float(np.nanmax(np.abs(table), initial=0.0)) >= _EXACT_FLOAT:
            return _as_texts(values, codes, distinct, ())
        return _read_numbers(values, np.append(table, np.nan)[codes], _odd(distinct, np.isnan(table), codes))
    if kind is ColumnType.TIME:
        times = _parse_times(distinct)
        return _read_times(
            values, np.append(times, np.datetime64("NaT"))[codes], _odd(distinct, np.isnat(times), codes)
        )
    if kind is ColumnType.BOOLEAN:
        return _as_texts(values, codes, distinct, types, kind)
    odd = {} if types else _numbers_among(probe, distinct, codes)
    return _as_texts(values, codes, distinct, types, odd=odd)


def _as_texts(
    values: pd.Series,
    codes: npt.NDArray[np.intp],
    distinct: list[Any],
    types: tuple[str, ...],
    kind: ColumnType = ColumnType.TEXT,
    *,
    odd: dict[str, int] | None = None,
) -> Column:
    return Column(
        str(values.name),
        kind if len(distinct) else ColumnType.ANY,
        str(values.dtype),
        codes < 0,
        codes < 0,
        codes=codes,
        distinct=tuple(cell if isinstance(cell, str) else text_of(cell) for cell in distinct),
        odd=odd or {},
        cell_types=types,
    )


def _cell_types(values: pd.Series, distinct: list[Any]) -> tuple[str, ...]:
    """The types of the cells, if they are mixed; whole and broken numbers are one type."""
    if values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) in _PLAIN_TYPES:
        return ()
    names = {"number" if type(cell) in {int, float} else type(cell).__name__ for cell in distinct}
    return tuple(sorted(names)) if len(names) > 1 else ()


def _mostly(probe: pd.Series) -> ColumnType:
    """Numbers, where nearly all texts are; codes such as 007 are not taken for numbers."""
    numbers = parse_numbers(probe).notna()
    readable = probe[numbers]
    if float(numbers.mean()) < _MOSTLY or readable.empty:
        return ColumnType.TEXT
    return infer_type(readable)


def _numbers_among(probe: pd.Series, distinct: list[Any], codes: npt.NDArray[np.intp]) -> dict[str, int]:
    """What is no number in a column of texts in which more than half are."""
    numbers = parse_numbers(probe).notna()
    if not len(probe) or not _SOME <= float(numbers.mean()) < 1 or infer_type(probe[numbers]) is ColumnType.TEXT:
        return {}
    table = parse_numbers(pd.Series(distinct, dtype=object))
    return _odd(distinct, table.isna().to_numpy(), codes)


def _odd(distinct: list[Any], unreadable: Mask, codes: npt.NDArray[np.intp]) -> dict[str, int]:
    if not unreadable.any():
        return {}
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    places = np.flatnonzero(unreadable)
    ranked = places[np.argsort(-counts[places], kind="stable")]
    return {text_of(distinct[place]): int(counts[place]) for place in ranked if not is_missing(distinct[place])}


def _parse_times(distinct: list[Any]) -> npt.NDArray[np.datetime64]:
    """Different cells as naive times; the quick way for what is written as ISO 8601 says, cell by cell for the rest."""
    cells = pd.Series(distinct, dtype=object)
    if pd.api.types.infer_dtype(cells) == "string":
        quick = pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce")
        if quick.notna().all():
            return quick.dt.tz_localize(None).astype("datetime64[ns]").to_numpy()
    return coerce_column(cells, ColumnType.TIME).column.to_numpy()
