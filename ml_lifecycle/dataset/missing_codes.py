"""Codes that mean "missing", such as `?`, 999 or `unknown`: which cells of a column, or which single cell, hold one.

What is done about them, and the other steps of cleaning, is in `column_cleaning`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.coercion import UNREADABLE, ColumnType, coerce_value
from ml_lifecycle.dataset.rows import text_of


class MissingCodes:
    """Codes that mean "missing"; 999 also stands for 999.0 and for the text "999", whichever way a file was read.

    Args:
        codes: Texts and numbers. Spaces around a cell's text do not count, capital letters do.

    >>> codes = MissingCodes(["?", 999])
    >>> [codes.holds(cell) for cell in (" ?", 999.0, "999", "99", True)]
    [True, True, True, False, False]
    """

    def __init__(self, codes: Iterable[str | int | float]) -> None:
        codes = list(codes)
        self._texts = frozenset(text_of(code).strip() for code in codes)
        self._numbers = frozenset(number for code in codes if (number := _number(code)) is not None)
        self._times = frozenset(
            moment for text in self._texts if (moment := coerce_value(text, ColumnType.TIME)) is not UNREADABLE
        )

    def holds(self, cell: object) -> bool:
        """Whether a cell, which is not missing already, holds a code."""
        if isinstance(cell, str):
            text = cell.strip()
            return text in self._texts or (bool(self._numbers) and _written(text) in self._numbers)
        if isinstance(cell, int | float | np.integer | np.floating) and not isinstance(cell, bool):
            return cell in self._numbers
        if isinstance(cell, pd.Timestamp):
            return cell in self._times
        return text_of(cell) in self._texts

    def find(self, values: pd.Series) -> npt.NDArray[np.bool_]:
        """Which cells of a column hold a code.

        Returns:
            (n,) bool.
        """
        if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
            return values.isin(list(self._times)).to_numpy()
        if not (isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf"):
            return np.fromiter(
                (False if cell is None else self.holds(cell) for cell in values.tolist()), dtype=bool, count=len(values)
            )
        found = np.zeros(len(values), dtype=bool)
        numbers = values.to_numpy()
        for code in self._numbers:
            if numbers.dtype.kind == "f" or float(code).is_integer():
                found |= numbers == (int(code) if numbers.dtype.kind in "iu" else code)
        return found


def _number(code: str | float) -> int | float | None:
    """The number that a code is, or that it is the one way to write."""
    if not isinstance(code, str):
        return code if np.isfinite(code) else None
    number = _written(code.strip())
    return number if number is not None and text_of(number) == code.strip() else None


def _written(text: str) -> int | float | None:
    """The finite number that a text says, whole ones exactly."""
    if not (text[:1].isdecimal() or text[:1] in {"+", "-", "."}):  # most text is none, and asking Python costs more
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
