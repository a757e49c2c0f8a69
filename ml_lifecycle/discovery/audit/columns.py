"""`Column`: one column as the audit looks at it: its type, its missing cells, its values with their counts.

How a column of a frame becomes one is in `column_reading`. The checks are in other modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.dataset.rows import mix

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: Its name.
        kind: Its type; numbers and times written as text are taken for what they say.
        dtype: How the frame holds it.
        missing: (n,) which cells are missing, or cannot be used: infinite, or not of the type.
        absent: (n,) which cells are not there at all.
        cells: (n,) numbers or times, else None.
        codes: (n,) number of the value in `distinct`, -1 for missing; None for numbers and times.
        distinct: Different texts or truths.
        odd: Different cells that are not of the type, with the number of rows.
        infinite: Rows that hold an infinite number; missing for all else.
        cell_types: Types of the cells where several are mixed in one column.
    """

    name: str
    kind: ColumnType
    dtype: str
    missing: Mask
    absent: Mask
    cells: npt.NDArray[Any] | None = None
    codes: npt.NDArray[np.intp] | None = None
    distinct: tuple[Any, ...] = ()
    odd: dict[str, int] = field(default_factory=dict)
    infinite: int = 0
    cell_types: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, whole or not."""
        return self.kind in {ColumnType.INTEGER, ColumnType.NUMBER}

    @property
    def is_time(self) -> bool:
        """Whether it holds times."""
        return self.kind is ColumnType.TIME

    @property
    def is_text(self) -> bool:
        """Whether it holds texts."""
        return self.kind in {ColumnType.TEXT, ColumnType.ANY}

    @cached_property
    def present(self) -> int:
        """Rows whose cell can be used."""
        return len(self.missing) - int(self.missing.sum())

    @property
    def missing_share(self) -> float:
        """Share of cells that are not there."""
        return float(self.absent.mean()) if len(self.absent) else 0.0

    @cached_property
    def levels(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
        """Different values and their counts: numbers and times ascending, texts by count."""
        if self.cells is None:
            assert self.codes is not None, "a column has cells or codes"  # noqa: S101 - invariant
            counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.distinct))
            order = np.argsort(-counts, kind="stable")
            order = order[counts[order] > 0]
            values = np.empty(len(self.distinct), dtype=object)
            values[:] = self.distinct
            return values[order], counts[order]
        ordered = np.sort(self.cells[~self.missing])
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else np.zeros(0, np.intp)
        return ordered[starts], np.diff(np.append(starts, len(ordered)))

    @cached_property
    def ordered(self) -> npt.NDArray[np.float64]:
        """Numbers in ascending order, shape (present,)."""
        values, counts = self.levels
        return np.repeat(values.astype(np.float64), counts)

    @property
    def different(self) -> int:
        """How many different values there are."""
        return len(self.levels[0])

    @cached_property
    def top(self) -> tuple[Any, int]:
        """The most frequent value and its rows."""
        values, counts = self.levels
        place = int(np.argmax(counts)) if len(counts) else -1
        return (values[place], int(counts[place])) if place >= 0 else (None, 0)

    @property
    def top_share(self) -> float:
        """Share of the most frequent value among the cells that are there."""
        return self.top[1] / max(self.present, 1)

    @property
    def is_whole(self) -> bool:
        """Whether all numbers are whole."""
        values = self.levels[0]
        return self.is_number and bool(values.dtype.kind in "iu" or np.all(values == np.floor(values)))

    def hashes(self) -> npt.NDArray[np.uint64]:
        """(n,) one hash a row; equal cells have equal ones, and so do missing cells."""
        if self.cells is None:
            assert self.codes is not None, "a column has cells or codes"  # noqa: S101 - invariant
            return mix(self.codes.astype(np.uint64))
        wide = self.cells if self.cells.dtype.itemsize == 8 else self.cells.astype(np.float64)  # noqa: PLR2004 - bytes
        plain = wide + 0.0 if wide.dtype.kind == "f" else wide  # one zero, not two
        return np.where(self.missing, np.uint64(1), mix(plain.view(np.uint64)))

    def sample(self, positions: npt.NDArray[np.intp]) -> SampledColumn:
        """The cells at some positions."""
        if self.cells is None:
            assert self.codes is not None, "a column has cells or codes"  # noqa: S101 - invariant
            codes, distinct = pd.factorize(np.where(self.codes < 0, np.nan, self.codes.astype(np.float64))[positions])
            return SampledColumn(self.name, self.kind, None, codes.astype(np.intp), len(distinct))
        values = self.cells[positions].astype(np.float64)
        values[self.missing[positions]] = np.nan
        return SampledColumn(self.name, self.kind, values, None, 0)


@dataclass(frozen=True, slots=True)
class SampledColumn:
    """A column on a sample of rows.

    Args:
        name: The column.
        kind: Its type.
        numbers: (m,) numbers or times, NaN where missing; None for categories.
        codes: (m,) categories as 0 to k - 1, -1 where missing; None for numbers.
        categories: k.
    """

    name: str
    kind: ColumnType
    numbers: npt.NDArray[np.float64] | None
    codes: npt.NDArray[np.intp] | None
    categories: int
