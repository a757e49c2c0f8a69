"""Numbers with thousands set apart are read as numbers, and nothing else is."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.dataset.grouped_numbers import oddly_grouped, read_grouped


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1))
def test_what_is_written_with_thousands_is_read_back(numbers: list[int]) -> None:
    """Whole numbers stay whole, exactly."""
    frame = pd.DataFrame({"n": [f"{number:,}" for number in numbers]}, dtype=object)
    assert read_grouped(frame, thousands=",", decimal=".")["n"].tolist() == numbers


@pytest.mark.parametrize("cells", [["10.0.0.1"], ["31.12.2023"], ["1.23,5"], ["1.000", "x"], ["1.2345"], [None]])
def test_a_column_with_anything_else_stays_text(cells: list[str | None]) -> None:
    """Addresses, dates, and groups that are no thousands."""
    frame = pd.DataFrame({"n": cells}, dtype=object)
    assert read_grouped(frame, thousands=".", decimal=",")["n"].tolist() == cells


def test_missing_cells_stay_missing_and_columns_may_be_left_out() -> None:
    """The numbers beside them are floats then."""
    frame = pd.DataFrame({"n": ["1.000", None], "zip": ["1.000", "2"]}, dtype=object)
    read = read_grouped(frame, thousands=".", decimal=",", without=["zip"])
    assert read["n"].iloc[0] == 1000
    assert read["n"].isna().tolist() == [False, True]
    assert read["zip"].tolist() == ["1.000", "2"]


@pytest.mark.parametrize(
    ("text", "odd"), [("1,5", True), ("1,234", False), ("1,234,567.5", False), ("12,34,567", True)]
)
def test_groups_that_are_no_thousands_are_noticed(text: str, *, odd: bool) -> None:
    """Where a sign is to be taken out."""
    assert oddly_grouped(text, (",",)) is odd
