"""The columns of a table as encoders read them: each is looked through once, for fitting and for computing alike.

What a single cell means lives in `cells`; what is made of a column, in `encoders`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.cells import category_key, number_of

_NAN = float("nan")
# Object columns of these inferred types hold no two values that compare equal and yet name different categories
# (as True and 1 do), so their distinct values can be found by hashing.
HASHABLE = frozenset({"string", "integer", "floating", "mixed-integer-float", "boolean", "empty"})


@dataclass(frozen=True, slots=True)
class Keys:
    """The categories of a column.

    Args:
        codes: Shape (n,), -1 where the cell is missing.
        names: The key of each code; two codes may have the same key.
    """

    codes: np.ndarray
    names: list[str]

    def look_up(self, place: Mapping[str, float], *, unknown: float, missing: float) -> np.ndarray:
        """Replace each category by a number: float32 of shape (n,)."""
        # The last entry is the one that the code -1 of missing cells picks.
        table = np.array([*(place.get(name, unknown) for name in self.names), missing], dtype=np.float32)
        return np.asarray(table[self.codes])

    def merged(self) -> Keys:
        """The same with one code per key, counted by first appearance among the names; unused names are kept."""
        place: dict[str, int] = {}
        table = np.array([*(place.setdefault(name, len(place)) for name in self.names), -1], dtype=np.intp)
        return Keys(table[self.codes], list(place))

    def counts(self) -> dict[str, int]:
        """Rows by key, without those keys that no row has."""
        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        totals: dict[str, int] = {}
        for name, count in zip(self.names, found.tolist(), strict=True):
            if count:
                totals[name] = totals.get(name, 0) + count
        return totals

    def most_frequent(self, most: int) -> tuple[str, ...]:
        """The `most` frequent keys; of equally frequent ones the first in the alphabet."""
        totals = self.counts()
        return tuple(sorted(totals, key=lambda key: (-totals[key], key))[:most])


class Derives(Protocol):
    """What `Columns` asks of a derivation; those that exist are in `derived`."""

    def __hash__(self) -> int: ...

    def derive(self, columns: Columns) -> Mapping[str, Values]:
        """Make further columns of some columns."""
        ...


class Values:
    """One column, in the forms that encoders read; what was found out about it is kept.

    Args:
        series: The cells.
        whole: The column that these are some rows of, so that nothing is found out twice.
        rows: Which of its rows: positions or a boolean mask.
    """

    def __init__(
        self, series: pd.Series | None = None, *, whole: Values | None = None, rows: np.ndarray | None = None
    ) -> None:
        self._given = series
        self._whole = whole
        self._rows = rows

    @classmethod
    def of_keys(cls, keys: Keys) -> Values:
        """A column of categories, of which only these are known."""
        values = cls()
        values.__dict__["keys"] = keys
        return values

    def take(self, rows: np.ndarray) -> Values:
        """Some rows, by position or by boolean mask."""
        return Values(whole=self, rows=rows)

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.series)

    @cached_property
    def series(self) -> pd.Series:
        """The cells."""
        if self._whole is None:
            if self._given is None:
                names = np.array([*self.keys.names, None], dtype=object)
                return pd.Series(names[self.keys.codes], dtype=object)
            return self._given
        return self._whole.series.iloc[_positions(self._rows)]

    @cached_property
    def inferred(self) -> str:
        """What pandas finds in the cells, such as `string` or `floating`."""
        if self._whole is not None and self._whole.inferred == "string":
            return "string"
        return str(pd.api.types.infer_dtype(self.series, skipna=True))

    @cached_property
    def keys(self) -> Keys:
        """The category of each cell."""
        if self._whole is not None:
            return Keys(self._whole.keys.codes[self._rows], self._whole.keys.names)
        return factorize_keys(self)

    @cached_property
    def missing(self) -> np.ndarray:
        """Whether each cell is missing; bool of shape (n,)."""
        if self._whole is not None:
            found: np.ndarray = self._whole.missing[self._rows]
            return found
        if self.series.dtype == object and self.inferred == "string":
            return self.keys.codes < 0  # the categories of text are asked for anyway
        return self.series.isna().to_numpy()

    @property
    def is_typed_number(self) -> bool:
        """Whether the column has a type of numbers or truth values, not just numbers in it."""
        dtype = self.series.dtype
        typed = not pd.api.types.is_object_dtype(dtype)
        return typed and (pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype))

    def numbers(self) -> np.ndarray:
        """The cells as float64, NaN where missing; shape (n,). What float32 cannot hold may still be in it.

        The array may be the column itself: do not write into it.

        Raises:
            DataError: A cell holds something else.
        """
        if self.series.dtype == np.float64:
            return self.series.to_numpy()
        if self.is_typed_number:
            return self.series.to_numpy(dtype=np.float64, na_value=_NAN)
        return np.fromiter(map(number_of, self.series), dtype=np.float64, count=len(self.series))

    def each(self, cell: Callable[[object], Sequence[float]]) -> np.ndarray:
        """Apply a function of one cell to all: float32 of shape (n, k). Equal texts are computed once."""
        if self.inferred in HASHABLE:
            codes, uniques = pd.factorize(self.series)
            # The last row is the one that the code -1 of missing cells picks.
            return np.array([*map(cell, uniques), cell(None)], dtype=np.float32)[codes]
        found = np.array([*map(cell, self.series)], dtype=np.float32)
        return found.reshape(len(self.series), len(cell(None)))


class Columns:
    """The columns of a frame by name, each wrapped when it is first asked for, and what was derived from them.

    Args:
        frame: The rows.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._made: dict[str, Values] = {}
        self._derived: dict[Derives, Mapping[str, Values]] = {}

    def __getitem__(self, name: str) -> Values:
        """One column.

        Raises:
            DataError: There is none of this name.
        """
        if name not in self._made:
            if name not in self.frame.columns:
                raise absent_column(name, list(self.frame.columns))
            self._made[name] = self._wrap(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a column."""
        return name in self.frame.columns

    @property
    def rows(self) -> int:
        """Count the rows."""
        return len(self.frame)

    def derive(self, derivation: Derives) -> Mapping[str, Values]:
        """What a derivation makes of these rows, by name; computed once."""
        if derivation not in self._derived:
            self._derived[derivation] = self._compute(derivation)
        return self._derived[derivation]

    def take(self, rows: np.ndarray) -> Columns:
        """Some rows of every column, by position or by boolean mask, sharing what the whole finds out."""
        return _Part(self, rows)

    def _wrap(self, name: str) -> Values:
        return Values(self.frame[name])

    def _compute(self, derivation: Derives) -> Mapping[str, Values]:
        return derivation.derive(self)


class _Part(Columns):
    """Some rows of other columns."""

    def __init__(self, whole: Columns, rows: np.ndarray) -> None:
        super().__init__(whole.frame)
        self._whole = whole
        self._rows = rows

    @property
    def rows(self) -> int:
        return len(_positions(self._rows))

    def _wrap(self, name: str) -> Values:
        return self._whole[name].take(self._rows)

    def _compute(self, derivation: Derives) -> Mapping[str, Values]:
        return {name: values.take(self._rows) for name, values in self._whole.derive(derivation).items()}


def _positions(rows: np.ndarray | None) -> np.ndarray:
    assert rows is not None, "a part knows its rows"  # noqa: S101 - invariant
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def factorize_keys(values: Values) -> Keys:
    """Find the distinct categories of a column."""
    series = values.series
    uniques: list[Any]
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, uniques = series.cat.codes.to_numpy().astype(np.intp), list(series.cat.categories)
    elif series.dtype != object or values.inferred in HASHABLE:
        codes, found = pd.factorize(series)
        uniques = list(found)
    else:
        memo: dict[str, int] = {}
        named = map(category_key, series)
        codes = np.array([-1 if key is None else memo.setdefault(key, len(memo)) for key in named], dtype=np.intp)
        uniques = list(memo)
    return Keys(codes, [category_key(value) or "" for value in uniques])


@contextmanager
def naming(column: str) -> Iterator[None]:
    """Say which column it was, where a cell cannot be read."""
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


def absent_column(column: str, present: Sequence[str]) -> DataError:
    """Say that a column is not there, and which ones are."""
    return DataError(
        f"the column {column!r} is absent",
        expected="every column that had a value in all training rows",
        got=f"{sorted(map(str, present))[:20]}",
        advice="give the column, with an empty value where it is not known",
    )
