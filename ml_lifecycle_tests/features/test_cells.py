"""What single cells mean: missing, categories, numbers and moments."""

# ruff: noqa: DTZ001 - naive moments are what is tested

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.cells import FLOAT32_LIMIT, category_key, is_missing, moment_of, number_of


@pytest.mark.parametrize("value", [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")])
def test_all_kinds_of_nothing_are_missing(value: object) -> None:
    """Whatever a library puts in an empty cell counts as missing."""
    assert is_missing(value)
    assert category_key(value) is None
    assert isnan(number_of(value))
    assert moment_of(value) is None


@pytest.mark.parametrize("value", ["", 0, False, [], [1, 2], np.array([1, 2])])
def test_values_are_not_missing(value: object) -> None:
    """Empty text, zero and even a list are something."""
    assert not is_missing(value)


@pytest.mark.parametrize("value", [1, 1.0, np.int8(1), np.float32(1), "1", np.str_("1")])
def test_a_whole_number_is_one_category_however_it_is_stored(value: object) -> None:
    """Integer, float and text of the same whole number share a key."""
    assert category_key(value) == "1"


def test_truth_values_are_categories_of_their_own() -> None:
    """True is not the category 1, in whichever library's type."""
    assert category_key(value=True) == category_key(np.True_) == "True"
    assert category_key(-0.0) == "0"


@given(st.floats() | st.integers(-(2**70), 2**70))
def test_a_number_is_what_float32_holds_or_missing(value: float) -> None:
    """Reading a number never overflows: it is the finite float32 of the value, or NaN."""
    number = number_of(value)
    with np.errstate(over="ignore"):
        stored = np.float32(float(value))
    assert isnan(number) if not np.isfinite(stored) else np.float32(number) == stored


def test_too_large_numbers_are_missing() -> None:
    """A number from the limit of float32 on is missing, also an integer beyond all floats."""
    assert isnan(number_of(FLOAT32_LIMIT))
    assert isnan(number_of(10**400))
    assert number_of(Decimal("2.5")) == 2.5
    assert number_of(np.float64(3)) == 3


@pytest.mark.parametrize("value", ["1", "", "x", b"1", date(2026, 1, 1), pd.Timestamp("2026"), [1], object()])
def test_what_is_no_number_is_refused(value: object) -> None:
    """Text, also of digits, is refused where numbers are expected, and the message shows it."""
    with pytest.raises(DataError, match="expected a number"):
        number_of(value)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T10:00:00",
        "2026-01-31 10:00",
        "2026-01-31T12:00:00+02:00",
        "2026-01-31T10:00:00Z",
        "20260131T100000",
        datetime(2026, 1, 31, 10),
        datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))),
        pd.Timestamp("2026-01-31T12:00", tz="Europe/Berlin") - pd.Timedelta(hours=1),
        np.datetime64("2026-01-31T10"),
    ],
)
def test_moments_are_read_as_utc(value: object) -> None:
    """Text, datetimes and numpy's dates with and without a zone give the same naive moment in UTC."""
    assert moment_of(value) == datetime(2026, 1, 31, 10)


def test_a_date_is_its_first_moment() -> None:
    """A date without a time is midnight; dates beyond pandas' range are read too."""
    assert moment_of(date(2026, 1, 31)) == datetime(2026, 1, 31)
    assert moment_of("9999-12-31") == datetime(9999, 12, 31)


@pytest.mark.parametrize(
    "value", [20260131, 1.5, "", "soon", "31.01.2026", "NaT", "2026-02-30", "0001-01-01T00:00+05:00"]
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    """Numbers (seconds? days?) and other writings of a date are refused, not guessed."""
    with pytest.raises(DataError, match="date"):
        moment_of(value)
