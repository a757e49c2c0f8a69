"""Names and identities of rows: the reserved columns, what a row is called, what a table's content hashes to.

Where rows come from is in `sources`, which split a row falls into in `splits`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.numbers import parse_numbers
from ml_lifecycle.errors import DataError

ROW_ID: Final = "_row_id"
"""The column that names a row: int64, unique, the same in every step and every run."""

SPLIT: Final = "_split"
"""The column that says which split a row belongs to."""

WEIGHT: Final = "_weight"
"""The column that says how far a row's label is believed: 1 where it is known, less where a rule guessed it."""

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"
UNLABELED: Final = "unlabeled"
"""Rows whose outcome is not known (yet): learnt from in no split."""
GAP: Final = "gap"
"""Rows left out between splits, so that none can look into the next one."""

Hashes: TypeAlias = npt.NDArray[np.uint64]

_EXACT_FLOAT = 2**53  # above it, float64 no longer tells neighbouring integers apart
_EXAMPLES = 3
_MISSING = np.uint64(0x9E3779B97F4A7C15)
_ZERO = np.uint64(0)


def identify(frame: pd.DataFrame, id_column: str | None = None) -> pd.DataFrame:
    """Name every row: a copy of the frame with `_row_id` as its first column.

    With an id column the name is a hash of the id, so that a row keeps it whatever else changes. Without one it is a
    hash of the row's content and, among exact duplicates, of the number of its occurrence: rows appended later change
    no name, nor does a column that is read as text one day and as numbers the next. A row whose id is missing is named
    by its content.

    Raises:
        DataError: Two rows have the same id, or the frame already has a column of the reserved name.

    >>> identify(pd.DataFrame({"x": [1, 1, 2]}))["_row_id"].is_unique
    True
    >>> identify(pd.DataFrame({"customer": ["a", "a"]}), "customer")
    Traceback (most recent call last):
    ml_lifecycle.errors.DataError: the id column 'customer' does not name rows uniquely: expected one row an id, got \
1 repeated row, such as 'a'. What to do: name a column that is unique, or leave dataset.id out.
    """
    if ROW_ID in frame.columns:
        raise DataError(
            f"the data has a column {ROW_ID!r}",
            expected="no column of this name, which is reserved for the identity of rows",
            advice="rename the column in the source",
        )
    names = _name_by_content(frame) if id_column is None else _name_by_id(frame, id_column)
    named = frame.copy(deep=False)
    named.insert(0, ROW_ID, names.view(np.int64))
    return named


def fingerprint(frame: pd.DataFrame) -> str:
    """Hash the content of a table: its columns and its rows in their order, whatever its index or its column order.

    Returns:
        64 hexadecimal digits (SHA-256).

    >>> fingerprint(pd.DataFrame({"x": [1, 2]})) == fingerprint(pd.DataFrame({"x": [1, 2]}, index=[7, 8]))
    True
    """
    digest = hashlib.sha256("\0".join(sorted(map(str, frame.columns))).encode())
    digest.update(hash_rows(frame, numbers_in_text=False).tobytes())
    return digest.hexdigest()


def hash_values(values: pd.Series, *, seed: int = 0) -> Hashes:
    """Hash each value to 64 evenly spread bits, the same in every run on every machine; missing values are equal."""
    return mix(_hash_column(values, numbers_in_text=True) ^ mix(np.array([seed], dtype=np.uint64)))


def mix(values: Hashes) -> Hashes:
    """Spread the bits of integers: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = values + _MISSING
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return mixed


def renumber(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its rows counted from 0; unlike `reset_index`, without copying what is in it."""
    counted = frame.copy(deep=False)
    counted.index = pd.RangeIndex(len(frame))
    return counted


def as_text(values: pd.Series) -> pd.Series:
    """Write each value as text, whole numbers without a decimal point, whatever type they were read as; missing stays.

    >>> as_text(pd.Series([1.0, 2.5, None])).tolist()
    ['1', '2.5', None]
    """
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "string":
        missing = values.isna()
        return values.where(~missing, None) if missing.any() else values
    codes, distinct = factorize(values)
    texts = np.array([*(text_of(value) for value in distinct), None], dtype=object)
    return pd.Series(texts[codes], index=values.index, name=values.name, dtype=object)


def text_of(value: object) -> str:
    """Write one value as text, a whole number without a decimal point."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def factorize(values: pd.Series) -> tuple[npt.NDArray[np.intp], list[Any]]:
    """Codes and distinct values, -1 for missing: what repeats itself is read, written or hashed only once.

    Unlike pandas' own, values of different types stay apart (True and 1), and a cell may be what has no hash (a list).
    """
    if values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) in {"string", "empty"}:
        codes, distinct = pd.factorize(values)
        return codes, list(distinct)
    cells = values.tolist()
    codes, _ = pd.factorize(pd.Series([_key(cell) for cell in cells], dtype=object))
    first = pd.Series(codes).drop_duplicates()
    return codes, [cells[position] for position in first[first >= 0].index]


def _key(cell: object) -> Hashable:
    return None if is_missing(cell) else (type(cell).__name__, str(cell))


def is_missing(value: object) -> bool:
    """Whether a single value stands for "not known": None, NaN, NaT and pandas' NA."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def _name_by_content(frame: pd.DataFrame) -> Hashes:
    content = hash_rows(frame)
    occurrence = pd.Series(content).groupby(content, sort=False).cumcount().to_numpy().astype(np.uint64)
    return _separate(mix(content + mix(occurrence)))


def _name_by_id(frame: pd.DataFrame, id_column: str) -> Hashes:
    texts = as_text(frame[id_column])
    missing = texts.isna().to_numpy()
    repeated = texts.duplicated().to_numpy() & ~missing
    if repeated.any():
        found = ", ".join(repr(text) for text in texts[repeated].unique()[:_EXAMPLES])
        count = int(repeated.sum())
        raise DataError(
            f"the id column {id_column!r} does not name rows uniquely",
            expected="one row an id",
            got=f"{count} repeated row{'s' if count > 1 else ''}, such as {found}",
            advice="name a column that is unique, or leave dataset.id out",
        )
    names = mix(_hash_texts(texts.to_numpy()))
    if missing.any():
        names[missing] = _name_by_content(frame.loc[missing])
    return _separate(names)


def _separate(names: Hashes) -> Hashes:
    """Rename rows that met another of the same hash: of a million rows, that happens once in thirty million tables."""
    while (clashing := pd.Series(names).duplicated().to_numpy()).any():
        names = np.where(clashing, mix(names), names)
    return names


def hash_rows(frame: pd.DataFrame, *, numbers_in_text: bool = True) -> Hashes:
    """Hash each row by its values: the same whatever the order of the columns, their types or the index."""
    rows = np.zeros(len(frame), dtype=np.uint64)
    for column in sorted(frame.columns, key=str):
        name = _hash_texts(np.array([str(column)], dtype=object))
        rows = mix(rows ^ (_hash_column(frame[column], numbers_in_text=numbers_in_text) + name))
    return rows


def _hash_column(values: pd.Series, *, numbers_in_text: bool) -> Hashes:
    """Hash by value, not by type: 1, 1.0 and (if asked) "1" are equal, and so are all kinds of missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy(), list(values.cat.categories)
    elif pd.api.types.is_bool_dtype(values.dtype):
        codes, distinct = factorize(values)
    elif pd.api.types.is_numeric_dtype(values.dtype):
        return _hash_numbers(values)
    elif pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _hash_moments(values)
    else:
        codes, distinct = factorize(values)
    return np.append(_hash_distinct(distinct, numbers_in_text=numbers_in_text), _MISSING)[codes]


def _hash_distinct(distinct: list[Any], *, numbers_in_text: bool) -> Hashes:
    known = pd.api.types.infer_dtype(distinct, skipna=False) == "string"
    texts = pd.Series(distinct if known else [text_of(value) for value in distinct], dtype=object)
    hashes = _hash_texts(texts.to_numpy())
    if not numbers_in_text:
        return hashes
    numbers = parse_numbers(texts)
    return np.where(numbers.notna(), _hash_numbers(numbers), hashes)


def _hash_texts(texts: npt.NDArray[np.object_]) -> Hashes:
    hashed: Hashes = pd.util.hash_array(texts, categorize=False)
    return hashed


def _hash_moments(values: pd.Series) -> Hashes:
    naive = values if values.dt.tz is None else values.dt.tz_convert("UTC").dt.tz_localize(None)
    ticks = naive.astype("datetime64[ns]").to_numpy().view(np.uint64)
    return np.where(values.isna().to_numpy(), _MISSING, mix(ticks))


def _hash_numbers(values: pd.Series) -> Hashes:
    floats = values.to_numpy(dtype="float64", na_value=np.nan) + 0.0  # adding zero makes -0.0 and 0.0 one value
    hashes = mix(floats.view(np.uint64))
    if values.dtype.kind in "iu" and not values.isna().any():
        whole = values.to_numpy().astype(np.uint64)
        hashes = np.where(np.abs(floats) >= _EXACT_FLOAT, mix(whole), hashes)
    return np.where(np.isnan(floats), _MISSING, hashes)
