"""Cells are read as types, and a bad one is marked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.dataset.coercion import UNREADABLE, ColumnType, coerce_column, coerce_value, parse_times, type_of
from ml_lifecycle.dataset.rows import is_missing

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=True, width=32),
    st.sampled_from(
        ["1", "2.5", "", "x", "nan", "true", "0", "2024-05-01", "2024-05-01T10:00:00+02:00", "5", "now", " 7 "]
    ),
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001 - naive on purpose
    st.dates(date(1990, 1, 1), date(2060, 1, 1)),
)


@settings(deadline=None, max_examples=80)
@given(st.lists(CELLS, max_size=6), st.sampled_from(ColumnType))
def test_a_column_is_read_as_its_cells_are(cells: list[Any], kind: ColumnType) -> None:
    """The whole column and each single cell give the same value and the same complaint."""
    column = coerce_column(pd.Series(cells, dtype=object), kind)
    for position, cell in enumerate(cells):
        value = coerce_value(cell, kind)
        assert column.unreadable[position] == (value is UNREADABLE)
        if value is UNREADABLE or is_missing(value):
            assert kind is ColumnType.ANY or pd.isna(column.column.iloc[position])
        else:
            assert column.column.iloc[position] == value


@pytest.mark.parametrize(
    ("cells", "kind", "dtype"),
    [
        (["1", "2"], ColumnType.INTEGER, "int64"),
        (["1", None], ColumnType.INTEGER, "float64"),
        ([1, 2], ColumnType.NUMBER, "float64"),
        ([0, 1], ColumnType.BOOLEAN, "bool"),
        ([True, None], ColumnType.BOOLEAN, "float64"),
        ([1, "x"], ColumnType.TEXT, "object"),
        (["2024-01-01", None], ColumnType.TIME, "datetime64[ns]"),
        ([], ColumnType.NUMBER, "float64"),
    ],
)
def test_each_type_has_one_way_to_be_stored(cells: list[Any], kind: ColumnType, dtype: str) -> None:
    """What comes out has the dtype of the type, whatever came in."""
    coerced = coerce_column(pd.Series(cells, dtype=object if not cells else None), kind)
    assert str(coerced.column.dtype) == dtype
    assert not coerced.unreadable.any()


def test_a_column_that_is_of_the_type_is_not_copied() -> None:
    """Nothing is done where nothing is to be done."""
    for values, kind in (
        (pd.Series([1.0]), ColumnType.NUMBER),
        (pd.Series([1]), ColumnType.INTEGER),
        (pd.Series([True]), ColumnType.BOOLEAN),
        (pd.Series(["a", None]), ColumnType.TEXT),
        (pd.Series([pd.Timestamp(0)]), ColumnType.TIME),
        (pd.Series([[]]), ColumnType.ANY),
    ):
        assert coerce_column(values, kind).column is values


def test_odd_cells_are_read_or_marked() -> None:
    """Decimals are numbers, lists and infinities are no whole numbers, far dates and bare numbers no times."""
    assert coerce_value(Decimal("1.5"), ColumnType.NUMBER) == 1.5
    for cell, kind in (
        ([1], ColumnType.NUMBER),
        (float("inf"), ColumnType.INTEGER),
        (10**400, ColumnType.NUMBER),
        (2.0**63, ColumnType.INTEGER),
        ("9999-01-01", ColumnType.TIME),
        (20240501, ColumnType.TIME),
        ("maybe", ColumnType.BOOLEAN),
    ):
        assert coerce_value(cell, kind) is UNREADABLE
        assert coerce_column(pd.Series([cell], dtype=object), kind).unreadable.all()


def test_long_numbers_stay_exact() -> None:
    """An identifier of 17 digits does not become its neighbour, as text, as a number or unsigned."""
    long = 2**53 + 1
    for cells in ([str(long)], [long], np.array([long], dtype="uint64")):
        assert coerce_column(pd.Series(cells), ColumnType.INTEGER).column.tolist() == [long]
    assert coerce_column(pd.Series([2**63], dtype="uint64"), ColumnType.INTEGER).unreadable.all()
    assert coerce_value("7.0", ColumnType.INTEGER) == 7


def test_times_are_naive_utc() -> None:
    """A zone is taken into account and then left out."""
    parsed = parse_times(
        pd.Series(["2024-05-01T12:00:00+02:00", datetime(2024, 5, 1, 10, tzinfo=UTC), np.datetime64("2024-05-01T10")])
    )
    assert parsed.column.tolist() == [pd.Timestamp("2024-05-01 10:00")] * 3


def test_a_zoned_column_becomes_naive() -> None:
    """So does a column that pandas has parsed already."""
    zoned = pd.Series(pd.to_datetime(["2024-05-01T12:00+02:00", None], utc=True))
    assert parse_times(zoned).column.tolist() == [pd.Timestamp("2024-05-01 10:00"), pd.NaT]


def test_the_day_comes_first_where_the_column_shows_it() -> None:
    """One 13/04 says that 03/04 is in April too; dots always put the day first."""
    assert parse_times(pd.Series(["03/04/2024", "13/04/2024"])).column.dt.month.tolist() == [4, 4]
    assert parse_times(pd.Series(["03/04/2024"])).column.dt.month.tolist() == [3]
    assert coerce_value("03.04.2024", ColumnType.TIME) == pd.Timestamp("2024-04-03")


def test_dtypes_have_a_type() -> None:
    """Widths do not matter; what is not told apart has none."""
    assert [
        type_of(name) for name in ("uint8", "Int64", "category", "string", "boolean", "object", None, "complex128")
    ] == [
        ColumnType.INTEGER,
        ColumnType.INTEGER,
        ColumnType.TEXT,
        ColumnType.TEXT,
        ColumnType.BOOLEAN,
        ColumnType.ANY,
        ColumnType.ANY,
        None,
    ]


def test_truths_are_read_in_many_words() -> None:
    """Whatever their case; a word that is none is marked, in a column and alone."""
    said = ["yes", "No", "Y", "0", "TRUE", "wahr", "nein", "off"]
    assert coerce_column(pd.Series(said), ColumnType.BOOLEAN).column.tolist() == [
        *(True, False, True, False),
        *(True, True, False, False),
    ]
    assert coerce_value(" Yes ", ColumnType.BOOLEAN) is True
    assert coerce_value("perhaps", ColumnType.BOOLEAN) is UNREADABLE
