"""Encoders: one class per kind of column, each with a batch path and a single-cell path that agree to the last bit.

Which column gets which encoder is decided in `planning`; what a single cell means, in `cells`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.cells import category_key, moment_of, number_of

_NAN = math.nan
_DATETIME_PARTS: dict[str, Callable[[Any], int]] = {
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "weekday": lambda moment: moment.weekday(),
    "hour": lambda moment: moment.hour,
}
# Object columns of these inferred types hold no two values that compare equal and yet name different categories
# (as True and 1 do), so their distinct values can be found by hashing.
_HASHABLE = frozenset({"string", "integer", "floating", "mixed-integer-float", "boolean", "empty"})


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers or truth values: one float32 feature, NaN where missing or not finite."""

    kind: ClassVar[str] = "number"
    column: str
    nullable: bool

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features made."""
        return (self.column,)

    def encode(self, values: pd.Series, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (n, 1)."""
        if values.dtype == object or not (
            pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)
        ):
            with _named(self.column):
                numbers = np.fromiter(map(number_of, values), dtype=np.float64, count=len(values))
        else:
            numbers = values.to_numpy(dtype=np.float64, na_value=_NAN)
        with np.errstate(over="ignore"):
            out[:, 0] = numbers
        column = out[:, 0]
        infinite = np.isinf(column)
        if infinite.any():
            column[infinite] = _NAN

    def cell(self) -> Callable[[object], float]:
        """Make the single-cell path: value to float."""
        return number_of

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {"kind": self.kind, "column": self.column, "nullable": self.nullable}


@dataclass(frozen=True, slots=True)
class CategoryColumn:
    """A column of categories: codes 0..k-1 by falling frequency in train, k where unknown, NaN where missing."""

    kind: ClassVar[str] = "category"
    column: str
    nullable: bool
    categories: tuple[str, ...]

    @classmethod
    def fit(cls, values: pd.Series, *, column: str, most: int) -> CategoryColumn:
        """Learn the `most` frequent categories; of equally frequent ones the first in the alphabet."""
        codes, keys = factorize_keys(values)
        counts = np.bincount(codes[codes >= 0], minlength=len(keys))
        totals: dict[str, int] = {}
        for key, count in zip(keys, counts.tolist(), strict=True):
            totals[key] = totals.get(key, 0) + count
        ranked = sorted((key for key, total in totals.items() if total), key=lambda key: (-totals[key], key))
        return cls(column, bool((codes < 0).any()), tuple(ranked[:most]))

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features made."""
        return (self.column,)

    def encode(self, values: pd.Series, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (n, 1)."""
        codes, keys = factorize_keys(values)
        place = {key: code for code, key in enumerate(self.categories)}
        unknown = len(self.categories)
        # The last entry is the one that the code -1 of missing cells picks.
        lookup = np.array([*(place.get(key, unknown) for key in keys), _NAN], dtype=np.float32)
        out[:, 0] = lookup[codes]

    def cell(self) -> Callable[[object], float]:
        """Make the single-cell path: value to float."""
        place = {key: float(code) for code, key in enumerate(self.categories)}
        unknown = float(len(self.categories))
        find = place.get

        def code_of(value: object) -> float:
            if type(value) is str:
                return find(value, unknown)
            key = category_key(value)
            return _NAN if key is None else find(key, unknown)

        return code_of

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "kind": self.kind,
            "column": self.column,
            "nullable": self.nullable,
            "categories": list(self.categories),
        }


@dataclass(frozen=True, slots=True)
class DatetimeColumn:
    """A column of dates: one float32 feature per part (UTC; Monday is 0), NaN where missing."""

    kind: ClassVar[str] = "datetime"
    column: str
    nullable: bool
    parts: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features made, such as `opened__month`."""
        return tuple(f"{self.column}__{part}" for part in self.parts)

    def encode(self, values: pd.Series, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (n, parts)."""
        if not pd.api.types.is_datetime64_any_dtype(values.dtype):
            self._encode_objects(values, out)
            return
        moments = pd.DatetimeIndex(values)
        if moments.tz is not None:
            moments = moments.tz_convert("UTC")
        for index, part in enumerate(self.parts):
            out[:, index] = getattr(moments, part)

    def cell(self) -> Callable[[object], list[float]]:
        """Make the single-cell path: value to one float per part."""
        readers = [_DATETIME_PARTS[part] for part in self.parts]
        blank = [_NAN] * len(readers)

        def parts_of(value: object) -> list[float]:
            moment = moment_of(value)
            return blank if moment is None else [float(read(moment)) for read in readers]

        return parts_of

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {"kind": self.kind, "column": self.column, "nullable": self.nullable, "parts": list(self.parts)}

    def _encode_objects(self, values: pd.Series, out: np.ndarray) -> None:
        cell = self.cell()
        with _named(self.column):
            if pd.api.types.infer_dtype(values, skipna=True) in _HASHABLE:
                codes, uniques = pd.factorize(values)
                # The last row is the one that the code -1 of missing cells picks.
                table = np.array([*map(cell, uniques), cell(None)], dtype=np.float32)
                out[:] = table[codes]
            else:
                out[:] = np.array([*map(cell, values)], dtype=np.float32).reshape(out.shape)


ColumnEncoder: TypeAlias = NumberColumn | CategoryColumn | DatetimeColumn


def encoder_from_dict(state: Mapping[str, Any]) -> ColumnEncoder:
    """Make an encoder of what its `to_dict` gave.

    Raises:
        KeyError: A part of the state is missing.
        ValueError: The kind or a part of a date is unknown.
    """
    column, nullable = str(state["column"]), bool(state["nullable"])
    if state["kind"] == NumberColumn.kind:
        return NumberColumn(column, nullable)
    if state["kind"] == CategoryColumn.kind:
        return CategoryColumn(column, nullable, tuple(map(str, state["categories"])))
    if state["kind"] == DatetimeColumn.kind and set(state["parts"]) <= set(_DATETIME_PARTS):
        return DatetimeColumn(column, nullable, tuple(state["parts"]))
    msg = f"expected an encoder of kind number, category or datetime, got {dict(state)!r:.200}"
    raise ValueError(msg)


def factorize_keys(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Find the distinct categories of a column.

    Returns:
        Codes of shape (n,), -1 where missing, and the key of each code; two codes may have the same key.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, uniques = values.cat.codes.to_numpy().astype(np.intp), list(values.cat.categories)
    elif values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) in _HASHABLE:
        codes, found = pd.factorize(values)
        uniques = list(found)
    else:
        memo: dict[str, int] = {}
        named = map(category_key, values)
        codes = np.array([-1 if key is None else memo.setdefault(key, len(memo)) for key in named], dtype=np.intp)
        uniques = list(memo)
    return codes, [category_key(value) or "" for value in uniques]


@contextmanager
def _named(column: str) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise name_column(error, column) from error


def name_column(error: DataError, column: str) -> DataError:
    """Make the same error again, naming the column that the cell belongs to."""
    return DataError(
        f"the column {column!r} holds a cell that cannot be read",
        expected=error.expected,
        got=error.got,
        advice=error.advice,
    )
