"""Dates taken apart."""

# ruff: noqa: DTZ001 - naive moments are what is tested

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.features.encoders.calendar import PARTS, READABLE
from ml_lifecycle.features.encoders.datetimes import DatetimeColumn, with_cycles
from ml_lifecycle.features.encoders.registry import encoder_from_dict
from ml_lifecycle_tests.features.encoders.cases import encode

ALL = DatetimeColumn("t", nullable=True, parts=tuple(sorted(READABLE)))


def test_dates_are_taken_apart() -> None:
    """Parts of dates are those in UTC, from typed columns, zoned columns, text and objects alike."""
    encoder = DatetimeColumn("t", nullable=True, parts=("year", "month", "day", "weekday", "hour"))
    expected = [[2026, 2, 1, 6, 1], [np.nan] * 5]
    text = ["2026-01-31T23:30:00-02:00", None]
    moments = pd.to_datetime(pd.Series(text), utc=True)
    objects = pd.Series([date(2026, 2, 1), None, moments[0]], dtype=object)
    for values in (moments, moments.dt.tz_localize(None), moments.dt.tz_convert("Asia/Tokyo"), pd.Series(text)):
        np.testing.assert_array_equal(encode(encoder, values), expected)
    np.testing.assert_array_equal(encode(encoder, objects), [[2026, 2, 1, 6, 0], [np.nan] * 5, [2026, 2, 1, 6, 1]])


def test_a_mixed_column_of_dates_encodes_cell_by_cell() -> None:
    """Text and datetimes in one column are both read."""
    encoder = DatetimeColumn("t", nullable=False, parts=("day",))
    mixed = pd.Series(["2026-01-02", pd.Timestamp("2026-01-03"), None], dtype=object)
    np.testing.assert_array_equal(encode(encoder, mixed), [[2], [3], [np.nan]])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@settings(max_examples=12, deadline=None)
@given(moments=st.lists(st.datetimes(datetime(1680, 1, 1), datetime(2260, 1, 1)) | st.none(), min_size=1, max_size=6))
def test_all_parts_and_cycles_agree_with_single_moments(unit: str, moments: list[Any]) -> None:
    """Computed for the column at once, in any unit, all parts and cycles have the bits of single moments."""
    encode(ALL, pd.Series(moments, dtype=f"datetime64[{unit}]"))


def test_far_apart_dates_are_read_too() -> None:
    """A column that spans more years than a table of days is made for."""
    moments = np.array(["0001-03-04T05:06", "9999-12-31T23:59"], dtype="datetime64[s]")
    found = encode(DatetimeColumn("t", nullable=False, parts=PARTS), pd.Series(moments))
    assert found[:, :5].tolist() == [[1, 1, 3, 9, 4], [9999, 4, 12, 52, 31]]


def test_cycles_bring_the_ends_together() -> None:
    """December is as near to January as January to February."""
    encoder = DatetimeColumn("t", nullable=False, parts=("month_sin", "month_cos"))
    december, january, february = encode(encoder, pd.to_datetime(pd.Series(["2025-12-01", "2026-01-01", "2026-02-01"])))
    assert np.linalg.norm(december - january) == pytest.approx(np.linalg.norm(february - january), rel=1e-6)
    assert with_cycles(["year", "month"]) == ("year", "month", "month_sin", "month_cos")


def test_an_unknown_part_is_refused() -> None:
    """A state of a later version is not misread."""
    with pytest.raises(ValueError, match="expected an encoder"):
        encoder_from_dict({"kind": "datetime", "column": "x", "nullable": False, "parts": ["century"]})
