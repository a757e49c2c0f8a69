"""A code means "missing" however a file was read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.dataset.missing_codes import MissingCodes

CODES = MissingCodes(["?", 999, "-1", "unknown", 0.5, "1900-01-01"])


@pytest.mark.parametrize(
    ("cell", "held"),
    [
        (" ?", True),
        ("??", False),
        ("999", True),
        ("999.0", True),
        (999.0, True),
        (np.int64(999), True),
        (-1, True),
        ("unknown ", True),
        ("Unknown", False),
        ("0.50", True),
        (True, False),
        (pd.Timestamp("1900-01-01"), True),
        (pd.Timestamp("1900-01-02"), False),
        ([999], False),
        (float("inf"), False),
    ],
)
def test_which_cells_hold_a_code(cell: Any, held: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Numbers as numbers or text, text without the spaces around it, truths never."""
    assert CODES.holds(cell) is held
    assert CODES.find(pd.Series([cell], dtype=object)).tolist() == [held]


@pytest.mark.parametrize("dtype", ["int64", "float64", "int8", "float32"])
def test_numbers_are_compared_all_at_once(dtype: str) -> None:
    """With the same answer as cell by cell."""
    values = pd.Series([-1, 1, 0, 100], dtype=dtype)
    assert CODES.find(values).tolist() == [CODES.holds(cell) for cell in values.tolist()] == [True, False, False, False]


def test_a_text_that_is_not_how_a_number_is_written_stays_text() -> None:
    """The code "007" is no seven."""
    assert not MissingCodes(["007"]).holds(7)
    assert MissingCodes(["007"]).holds("007")


def test_long_whole_numbers_are_compared_exactly() -> None:
    """The neighbour of a code of 17 digits is no code."""
    codes = MissingCodes([2**53])
    assert not codes.holds(str(2**53 + 1))
    assert codes.find(pd.Series([2**53, 2**53 + 1])).tolist() == [True, False]
