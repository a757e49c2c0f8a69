"""Rows have one name for life."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.dataset import rows
from ml_lifecycle.dataset.rows import ROW_ID, as_text, fingerprint, hash_values, identify, renumber
from ml_lifecycle.errors import DataError

CELLS = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from(["a", "b", "1"]), st.booleans())
TABLES = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12)


def table(cells: list[tuple[object, object]]) -> pd.DataFrame:
    """Two columns of anything."""
    return pd.DataFrame(cells, columns=["x", "y"])


@settings(deadline=None, max_examples=40)
@given(TABLES, TABLES)
def test_names_are_unique_and_stay_when_rows_are_appended(first: list, more: list) -> None:
    """Appending rows, even duplicates, renames none of those before."""
    before = identify(table(first))[ROW_ID]
    after = identify(table(first + more))[ROW_ID]
    assert after.is_unique
    assert before.tolist() == after.tolist()[: len(first)]


def test_a_name_does_not_depend_on_how_a_column_was_read() -> None:
    """1, 1.0 and "1" are one value, and so are all kinds of missing; the order of columns does not matter either."""
    numbers = pd.DataFrame({"x": [1, 2], "y": [None, "b"]})
    as_read_later = pd.DataFrame({"y": pd.Categorical([np.nan, "b"]), "x": ["1", "2"]})
    assert identify(numbers)[ROW_ID].tolist() == identify(as_read_later)[ROW_ID].tolist()
    assert identify(numbers.astype({"x": "float64"}))[ROW_ID].tolist() == identify(numbers)[ROW_ID].tolist()


def test_times_are_the_same_moment_in_any_zone_and_unit() -> None:
    """A moment's hash is that of its nanoseconds in UTC."""
    plain = pd.Series(pd.to_datetime(["2024-01-01 12:00", None]))
    zoned = plain.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").astype("datetime64[s, Europe/Berlin]")
    assert hash_values(plain).tolist() == hash_values(zoned).tolist()


def test_great_integers_are_told_apart() -> None:
    """Beyond 2**53, where float64 cannot, neighbours still differ."""
    assert identify(pd.DataFrame({"x": [2**60, 2**60 + 1]}))[ROW_ID].is_unique
    assert len(set(hash_values(pd.Series([2**60, 2**60 + 1])))) == 2


def test_lists_and_mixtures_have_a_name() -> None:
    """A cell without a hash, and True beside 1, are no obstacle."""
    frame = pd.DataFrame({"x": [[1], [1], True, 1, "1"]})
    assert identify(frame)[ROW_ID].is_unique


def test_an_id_names_the_row_whatever_else_changes() -> None:
    """The id alone decides, as a number or as text."""
    one = identify(pd.DataFrame({"id": [7, 8], "x": [1, 2]}), "id")
    other = identify(pd.DataFrame({"id": ["8", "7"], "x": [0, 0]}), "id")
    assert one[ROW_ID].tolist() == other[ROW_ID].tolist()[::-1]
    assert one.columns[0] == ROW_ID


def test_rows_without_an_id_are_named_by_their_content() -> None:
    """A missing id is for validation to object to; the row is not lost before."""
    named = identify(pd.DataFrame({"id": ["a", None, None], "x": [1, 2, 2]}), "id")
    assert named[ROW_ID].is_unique


def test_a_repeated_id_is_refused_with_examples() -> None:
    """The message says how many and which."""
    with pytest.raises(DataError, match=r"2 repeated rows, such as '5', '6'"):
        identify(pd.DataFrame({"id": [5, 5, 6, 6.0, 7]}), "id")


def test_the_reserved_column_is_refused() -> None:
    """Data that brings a `_row_id` of its own would be renamed silently."""
    with pytest.raises(DataError, match="_row_id"):
        identify(pd.DataFrame({ROW_ID: [1]}))


def test_clashing_hashes_are_separated() -> None:
    """Two rows that hash alike get two names."""
    assert len(set(rows._separate(np.array([5, 5, 5], dtype=np.uint64)))) == 3


def test_the_fingerprint_is_of_the_content() -> None:
    """Index and column order do not matter; values, their order and names of columns do."""
    frame = pd.DataFrame({"x": [1, 2], "y": ["a", "007"]})
    same = frame[["y", "x"]].set_axis([4, 5])
    assert fingerprint(frame) == fingerprint(same)
    others = [frame.iloc[::-1], frame.rename(columns={"x": "z"}), frame.assign(y=["a", "7"]), frame.head(1)]
    assert len({fingerprint(other) for other in [frame, *others]}) == 5


def test_text_of_any_column() -> None:
    """Whole numbers have no decimal point, missing cells stay missing."""
    assert as_text(pd.Series([True, 1, "x", None, 2.5], dtype=object)).tolist() == ["True", "1", "x", None, "2.5"]
    assert as_text(pd.Series(pd.Categorical([3, None]))).tolist() == ["3", None]


def test_renumbering_leaves_the_frame_alone() -> None:
    """Rows are counted from 0 in the copy only."""
    frame = pd.DataFrame({"x": [1, 2]}, index=[5, 6])
    assert renumber(frame).index.tolist() == [0, 1]
    assert frame.index.tolist() == [5, 6]
