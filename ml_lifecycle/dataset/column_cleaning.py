"""Cleaning the cells of one column: missing-value codes, type, unit, outliers, in this order.

A column and a single cell are cleaned by the same rules, because the one is training and the other is serving. How the
columns of a table are put together is in `cleaning`, equal rows are in `duplicates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.cleaning import EVERY_COLUMN, CleaningConfig, OutlierConfig, UnitConfig
from ml_lifecycle.dataset.coercion import UNREADABLE, Coerced, ColumnType, coerce_column, coerce_value
from ml_lifecycle.dataset.grouped_numbers import oddly_grouped
from ml_lifecycle.dataset.missing_codes import MissingCodes
from ml_lifecycle.dataset.row_checks import DTYPE
from ml_lifecycle.dataset.rows import factorize, is_missing

OUTLIER: Final = "outlier"
"""The check that a cell fails when its number is not believed."""

_GROUPING: Final = {",", ".", "'", " ", "_"}
"""Signs that set thousands apart."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StepCount:
    """What one step did to one column.

    Args:
        step: missing_values, types, units, outliers or duplicates.
        column: The column; `(row)` where the step looks at whole rows.
        outcome: What became of the cells: emptied, read, unreadable, odd_thousands (a sign was taken out that may have
            been a decimal comma), converted, quarantine, clip, missing; removed for rows.
        cells: How many cells, or rows.
    """

    step: str
    column: str
    outcome: str
    cells: int


@dataclass(frozen=True, slots=True)
class CleanedColumn:
    """A column after cleaning.

    Args:
        column: Its cells; one that could not be read is left as it came.
        unreadable: (n,) bool: cells that are not of the type that is declared.
        outliers: (n,) bool: cells whose rows go to quarantine.
        counts: What each step did.
    """

    column: pd.Series
    unreadable: Mask
    outliers: Mask
    counts: tuple[StepCount, ...]


@dataclass(slots=True)
class _Marks:
    """Cells by what was done to them."""

    emptied: Mask
    read: Mask
    unreadable: Mask
    odd: Mask
    converted: Mask
    outliers: Mask

    @classmethod
    def none(cls, cells: int) -> _Marks:
        return cls(*(np.zeros(cells, dtype=bool) for _ in range(len(cls.__slots__))))

    def spread(self, codes: npt.NDArray[np.intp]) -> _Marks:
        """From distinct values to the rows that hold them; -1 is a missing cell, to which nothing was done."""
        return _Marks(*(np.append(getattr(self, name), False)[codes] for name in _Marks.__slots__))


class ColumnCleaner:
    """Cleans the cells of one column, as the YAML declares it.

    Args:
        name: The column.
        config: What is declared for all columns.

    >>> price = ColumnCleaner("price", CleaningConfig(units={"price": UnitConfig(strip=("$",), factor=100)}))
    >>> price.clean_value("$5"), price.clean_value("cheap")
    ((500.0, None), ('cheap', 'dtype'))
    """

    def __init__(self, name: str, config: CleaningConfig) -> None:
        codes = (*config.missing_values.get(EVERY_COLUMN, ()), *config.missing_values.get(name, ()))
        self.name = name
        self._codes = MissingCodes(codes) if codes else None
        self._kind = ColumnType(config.types[name]) if name in config.types else None
        self._day_first = name in config.day_first
        self._unit: UnitConfig | None = config.units.get(name)
        self._converts = self._unit is not None and (self._unit.factor, self._unit.offset) != (1.0, 0.0)
        self._outlier: OutlierConfig | None = config.outliers.get(name)
        self._low = None if self._outlier is None else _exact(self._outlier.low)
        self._high = None if self._outlier is None else _exact(self._outlier.high)
        self._numeric = self._unit is not None or self._outlier is not None

    @property
    def idle(self) -> bool:
        """Whether nothing is declared for the column."""
        return self._codes is None and not self._reads

    @property
    def _reads(self) -> bool:
        return self._kind is not None or self._numeric

    def clean_value(self, value: object) -> tuple[Any, str | None]:
        """Clean one cell.

        Returns:
            The cell, None where it is missing, and the check that it fails (`dtype` or `outlier`), if any.
        """
        if is_missing(value) or (self._codes is not None and self._codes.holds(value)):
            return None, None
        if not self._reads:
            return value, None
        read = self._read_value(value)
        if read is UNREADABLE:
            return value, DTYPE
        if is_missing(read) or not self._numeric:
            return (None if is_missing(read) else read), None
        return self._judge_value(self._convert_value(read))

    def clean(self, values: pd.Series) -> CleanedColumn:
        """Clean a column, each cell as `clean_value` does; a column to which nothing is to be done is not copied."""
        codes, once = (None, values) if _is_numeric(values, "iufM") else _distinct(values)
        column, marks = self._clean_once(once)
        if codes is not None:
            column = values if column is once else _spread(column, codes, values)
            marks = marks.spread(codes)
        aside = self._outlier is not None and self._outlier.action == "quarantine"
        outliers = marks.outliers if aside else np.zeros(len(values), dtype=bool)
        return CleanedColumn(column, marks.unreadable, outliers, self._count(marks))

    def _clean_once(self, once: pd.Series) -> tuple[pd.Series, _Marks]:
        """Clean cells of which each is different, so that what repeats itself is read only once; or plain numbers."""
        marks = _Marks.none(len(once))
        column = once
        if self._codes is not None:
            marks.emptied = self._codes.find(once)
            column = _without(once, marks.emptied)
        if not self._reads:
            return column, marks
        present = column.notna().to_numpy()
        marks.odd = self._oddly_grouped(column)
        coerced = self._read(column)
        marks.unreadable = coerced.unreadable
        if coerced.column is not column:
            marks.read = present & ~coerced.unreadable
        typed = self._judge(self._convert(coerced.column, marks), marks) if self._numeric else coerced.column
        return (_with_raw(typed, column, marks.unreadable) if marks.unreadable.any() else typed), marks

    def _read(self, column: pd.Series) -> Coerced:
        if self._kind is None and _is_numeric(column):
            return Coerced(column, np.zeros(len(column), dtype=bool))
        if self._unit is not None and self._unit.strip and column.dtype == object:
            column = pd.Series(_objects([self._strip(cell) for cell in column]), index=column.index, name=column.name)
        return coerce_column(column, self._kind or ColumnType.NUMBER, day_first=self._day_first)

    def _read_value(self, value: object) -> Any:  # noqa: ANN401 - whatever type is declared
        if self._kind is None and _is_number(value):
            return value
        return coerce_value(self._strip(value), self._kind or ColumnType.NUMBER, day_first=self._day_first)

    def _oddly_grouped(self, column: pd.Series) -> Mask:
        signs = () if self._unit is None else tuple(sign for sign in self._unit.strip if sign in _GROUPING)
        if not signs or column.dtype != object:
            return np.zeros(len(column), dtype=bool)
        return np.array([isinstance(cell, str) and oddly_grouped(cell, signs) for cell in column], dtype=bool)

    def _strip(self, value: object) -> object:
        if self._unit is not None and isinstance(value, str):
            for sign in self._unit.strip:
                value = value.replace(sign, "")
        return value

    def _convert(self, numbers: pd.Series, marks: _Marks) -> pd.Series:
        if not self._converts or self._unit is None:
            return numbers
        marks.converted = numbers.notna().to_numpy()
        with np.errstate(over="ignore", invalid="ignore"):
            return numbers.astype(np.float64) * self._unit.factor + self._unit.offset

    def _convert_value(self, number: Any) -> Any:  # noqa: ANN401 - a number of some type
        if not self._converts or self._unit is None:
            return number
        return float(number) * self._unit.factor + self._unit.offset

    def _judge(self, numbers: pd.Series, marks: _Marks) -> pd.Series:
        if self._outlier is None:
            return numbers
        plain = numbers.to_numpy()
        low = np.zeros(len(plain), dtype=bool) if self._low is None else plain < self._low
        high = np.zeros(len(plain), dtype=bool) if self._high is None else plain > self._high
        marks.outliers = low | high
        if self._outlier.action == "quarantine" or not marks.outliers.any():
            return numbers
        if self._outlier.action == "missing":
            return _without(numbers, marks.outliers)
        fractional = any(isinstance(bound, float) for bound in (self._low, self._high))
        clipped = plain.astype(np.float64) if fractional and plain.dtype.kind in "iu" else plain.copy()
        for bound, beyond in ((self._low, low), (self._high, high)):
            if bound is not None and beyond.any():
                clipped[beyond] = bound
        return pd.Series(clipped, index=numbers.index, name=numbers.name)

    def _judge_value(self, number: Any) -> tuple[Any, str | None]:  # noqa: ANN401 - a number of some type
        if self._outlier is None:
            return number, None
        bound = None
        if self._low is not None and number < self._low:
            bound = self._low
        elif self._high is not None and number > self._high:
            bound = self._high
        if bound is None:
            return number, None
        if self._outlier.action == "quarantine":
            return number, OUTLIER
        return (bound if self._outlier.action == "clip" else None), None

    def _count(self, marks: _Marks) -> tuple[StepCount, ...]:
        told: list[tuple[str, str, Mask]] = []
        if self._codes is not None:
            told.append(("missing_values", "emptied", marks.emptied))
        if self._reads:
            told += [("types", "read", marks.read), ("types", "unreadable", marks.unreadable)]
        if marks.odd.any():
            told.append(("units", "odd_thousands", marks.odd))
        if self._converts:
            told.append(("units", "converted", marks.converted))
        if self._outlier is not None:
            told.append(("outliers", self._outlier.action, marks.outliers))
        return tuple(StepCount(step, self.name, outcome, int(cells.sum())) for step, outcome, cells in told)


def _is_numeric(values: pd.Series, kinds: str = "iuf") -> bool:
    return isinstance(values.dtype, np.dtype) and values.dtype.kind in kinds


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _exact(bound: float | None) -> int | float | None:
    """A whole bound as a whole number, so that whole numbers stay whole when they are clipped."""
    return int(bound) if bound is not None and float(bound).is_integer() else bound


def _objects(cells: list[Any]) -> npt.NDArray[np.object_]:
    """Cells as they are: numpy would make one table of lists of equal length."""
    kept = np.empty(len(cells), dtype=object)
    kept[:] = cells
    return kept


def _distinct(values: pd.Series) -> tuple[npt.NDArray[np.intp], pd.Series]:
    codes, distinct = factorize(values)
    once = pd.Series(_objects(distinct), name=values.name, dtype=object)
    return codes, once.astype(bool) if values.dtype == np.bool_ else once


def _without(values: pd.Series, emptied: Mask) -> pd.Series:
    """The column with some cells missing; whole numbers and truths become what can hold a missing cell."""
    if not emptied.any():
        return values
    if values.dtype.kind in "iuf":
        return values.astype(values.dtype if values.dtype.kind == "f" else np.float64).mask(emptied)
    if values.dtype.kind == "M":
        return values.mask(emptied)
    cells = values.to_numpy(dtype=object).copy()
    cells[emptied] = None
    return pd.Series(cells, index=values.index, name=values.name)


def _with_raw(typed: pd.Series, raw: pd.Series, unreadable: Mask) -> pd.Series:
    """Typed cells beside those that could not be read, which stay as they came for the schema to judge."""
    cells = typed.astype(object).to_numpy().copy()
    cells[typed.isna().to_numpy()] = None
    cells[unreadable] = raw.to_numpy(dtype=object)[unreadable]
    return pd.Series(cells, index=raw.index, name=raw.name)


def _spread(once: pd.Series, codes: npt.NDArray[np.intp], like: pd.Series) -> pd.Series:
    """From distinct cells to the rows that hold them; -1 is a missing cell."""
    table = once.to_numpy()
    if (codes < 0).any():
        if table.dtype.kind in "iub":
            table = table.astype(np.float64)
        missing = {"f": np.nan, "M": np.datetime64("NaT")}.get(table.dtype.kind)
        table = np.append(table, np.array([missing], dtype=table.dtype))
    return pd.Series(table[codes], index=like.index, name=like.name)
