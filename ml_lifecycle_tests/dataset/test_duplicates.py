"""Equal rows are taken out, and each names the one that was kept."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.cleaning import DuplicatesConfig
from ml_lifecycle.dataset.duplicates import KEPT, find_duplicates
from ml_lifecycle.dataset.rows import ROW_ID

EXACT = DuplicatesConfig(method="exact")


def found(frame: pd.DataFrame, config: DuplicatesConfig, **keywords: Any) -> dict[int, int]:
    """The row kept for each row taken out."""
    removed = find_duplicates(frame, config, **keywords)
    return dict(zip(removed[ROW_ID], removed[KEPT], strict=True))


def test_nothing_is_taken_out_by_default() -> None:
    """Some tables repeat rightly."""
    assert found(pd.DataFrame({ROW_ID: [1, 2], "x": [1, 1]}), DuplicatesConfig()) == {}


def test_rows_equal_in_every_column() -> None:
    """Missing cells are equal to each other, lists may be cells, and the first row stays."""
    frame = pd.DataFrame(
        {ROW_ID: [4, 5, 6, 7], "x": [1.0, None, None, 1.0], "y": [["a"], [1], [1], ["a"]], "z": ["t", None, None, "u"]}
    )
    assert found(frame, EXACT) == {6: 5}


def test_the_latest_row_of_a_key_stays() -> None:
    """By the column that is named, else the event time, else the order of rows; a missing key is no key."""
    frame = pd.DataFrame(
        {
            ROW_ID: [1, 2, 3, 4, 5],
            "who": ["a", "a", "b", None, None],
            "at": ["2024-03-01", "2024-01-01", "2024-01-01", None, None],
            "version": [1, 9, 1, 1, 1],
        }
    )
    by_version = DuplicatesConfig(method="key", key=("who",), order_by="version")
    by_time = DuplicatesConfig(method="key", key=("who",))
    assert found(frame, by_version) == {1: 2}
    assert found(frame, by_time, event_time="at") == {2: 1}
    assert found(frame, by_time) == {1: 2}


def test_a_row_without_an_age_is_the_oldest() -> None:
    """Among equally old rows the last one stays."""
    frame = pd.DataFrame({ROW_ID: [1, 2, 3], "who": "a", "at": [5.0, 5.0, None]})
    assert found(frame, DuplicatesConfig(method="key", key=("who",), order_by="at")) == {1: 2, 3: 2}


def test_a_key_that_has_vanished_takes_out_nothing() -> None:
    """The gate schema_valid tells of the column."""
    assert found(pd.DataFrame({ROW_ID: [1, 2], "x": 1}), DuplicatesConfig(method="key", key=("who",))) == {}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([0, 1, None]), st.sampled_from(["a", "b", None])), max_size=8))
def test_what_is_left_is_distinct_and_complete(rows: list[Any]) -> None:
    """As pandas' own duplicated says."""
    frame = pd.DataFrame(rows, columns=["x", "y"])
    removed = found(frame.assign(**{ROW_ID: range(len(rows))}), EXACT)
    assert sorted(removed) == frame.index[frame.duplicated()].tolist()
    assert not set(removed.values()) & set(removed)
