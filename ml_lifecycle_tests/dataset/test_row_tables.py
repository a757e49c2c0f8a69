"""Many rows at once: the same as row by row, or nothing."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.dataset.rows import is_missing
from ml_lifecycle.dataset.schema import Schema

_SCHEMA = Schema.from_yaml(
    """
schema_type: dataframe
columns:
  amount: {dtype: float64, nullable: true, checks: {in_range: {min_value: 0, max_value: 10}}}
  count: {dtype: int64, nullable: false, checks: {isin: [1, 2, 3]}}
  city: {dtype: object, nullable: true, required: false, checks: {isin: [Oslo, Riga]}}
  known: {dtype: bool, nullable: false}
  at: {dtype: "datetime64[ns]", nullable: true}
index: null
checks: null
coerce: false
strict: false
"""
)
_WANTED = ("amount", "count", "city", "known", "at", "more")
_GOOD: dict[str, Any] = {"amount": 2.5, "count": 1, "city": "Riga", "known": True, "at": "2026-01-01", "more": 3}


def test_good_rows_become_a_table_of_the_schemas_types() -> None:
    """Gaps are missing; a column that no rule names is passed on."""
    table = _SCHEMA.read_table([_GOOD, {**_GOOD, "amount": None, "at": None}], _WANTED)
    assert table is not None
    assert table["amount"].dtype == "float64"
    assert table["at"].tolist()[0] == pd.Timestamp("2026-01-01")
    assert table["more"].tolist() == [3, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 11.0},
        {"amount": "much"},
        {"count": None},
        {"count": 4},
        {"city": "Mars"},
        {"known": None},
        {"at": "soon"},
    ],
)
def test_with_one_bad_row_there_is_no_table(change: dict[str, Any]) -> None:
    """Which one it is, is asked row by row."""
    assert _SCHEMA.read_table([_GOOD, {**_GOOD, **change}], _WANTED) is None


def test_rows_of_different_columns_make_no_table() -> None:
    """Whether absent or missing, a model may tell the two apart."""
    fewer = {name: cell for name, cell in _GOOD.items() if name != "city"}
    assert _SCHEMA.read_table([_GOOD, fewer], _WANTED) is None
    table = _SCHEMA.read_table([fewer, fewer], _WANTED)
    assert table is not None
    assert "city" not in table.columns


_CELL = (
    st.none() | st.booleans() | st.integers(-1, 12) | st.floats() | st.sampled_from(["Riga", "Mars", "2", "2026-01-01"])
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(_GOOD, _CELL)) | st.just(_GOOD), min_size=1, max_size=4))
def test_a_table_holds_what_each_row_holds(rows: list[dict[str, Any]]) -> None:
    """And there is none exactly where a row is bad."""
    read = [_SCHEMA.read_row(row) for row in rows]
    table = _SCHEMA.read_table(rows, _WANTED)
    assert (table is None) == any(item.failures for item in read)
    if table is not None:
        for place, item in enumerate(read):
            for name in _WANTED:
                got, expected = table[name].iloc[place], item.cells[name]
                assert (is_missing(got) and is_missing(expected)) or got == expected
