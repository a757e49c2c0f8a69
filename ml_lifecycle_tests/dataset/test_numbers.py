"""Tests of `ml_lifecycle.dataset.numbers`."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.dataset.numbers import parse_numbers


@pytest.mark.parametrize("text", ["0e6678994503", " 0e6678994503", "0E+99999999999", "00e12345678901"])
def test_a_code_that_looks_like_a_huge_power_is_no_number(text: str) -> None:
    """The parser of pandas 2.3 takes the whole process down with some of them."""
    assert parse_numbers(pd.Series([text, "7"], dtype=object)).isna().tolist() == [True, False]


@given(st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6), st.floats(-1e300, 1e300), st.booleans())))
def test_numbers_are_read_as_pandas_reads_them(cells: list[object]) -> None:
    """Of cells that are numbers, or text of numbers, nothing changes."""
    for values in (
        pd.Series(cells, dtype=object),
        pd.Series([None if c is None else str(c) for c in cells], dtype=object),
    ):
        expected = pd.to_numeric(values, errors="coerce").astype("float64")
        pd.testing.assert_series_equal(parse_numbers(values), expected)


def test_categories_are_read_too() -> None:
    """A column of few texts may come as a Categorical."""
    assert parse_numbers(pd.Series(["1", "x", "1"], dtype="category")).tolist()[::2] == [1.0, 1.0]
