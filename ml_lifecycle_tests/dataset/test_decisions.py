"""Corrected cells get into rows as they came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.dataset.decisions import Release, apply_releases
from ml_lifecycle.dataset.rows import ROW_ID

FRAME = pd.DataFrame(
    {
        ROW_ID: [7, 8],
        "age": [20, 99],
        "x": [1.5, 2.5],
        "job": ["cook", "king"],
        "ok": [True, False],
        "at": pd.to_datetime(["2024-01-01", "2024-01-02"]),
    }
)


def release(corrections: dict[str, Any], was: dict[str, Any], row_id: int = 8) -> Release:
    """A decision of somebody."""
    return Release(row_id, corrections, was, (), by="me", at="2024", reason="")


@pytest.mark.parametrize(
    ("column", "was", "value", "cell", "dtype"),
    [
        ("age", 99, 33, 33, "int64"),
        ("age", "99", "33", 33, "int64"),
        ("age", 99, None, None, "object"),
        ("age", 99, "old", "old", "object"),
        ("x", 2.5, "7", 7.0, "float64"),
        ("job", "king", "pilot", "pilot", "object"),
        ("ok", False, "true", True, "bool"),
        ("at", "2024-01-02T00:00:00.000", "2024-03-01", pd.Timestamp("2024-03-01"), "datetime64[ns]"),
    ],
)
def test_a_cell_is_corrected(column: str, was: Any, value: Any, cell: Any, dtype: str) -> None:
    """In its type where it can be; a column that cannot hold the cell becomes one that can hold anything."""
    corrected = apply_releases(FRAME, [release({column: value}, {column: was})])
    assert corrected.frame[column].iloc[1] == cell or cell is corrected.frame[column].iloc[1]
    assert str(corrected.frame[column].dtype) == dtype
    assert corrected.frame[column].iloc[0] == FRAME[column].iloc[0]
    assert len(corrected.applied) == 1
    assert corrected.stale.empty


def test_the_rows_that_came_are_left_as_they_are() -> None:
    """What is not corrected is not copied either."""
    before = FRAME.copy()
    corrected = apply_releases(FRAME, [release({"age": 33}, {"age": 99})])
    pd.testing.assert_frame_equal(FRAME, before)
    assert np.shares_memory(corrected.frame["x"].to_numpy(), FRAME["x"].to_numpy())


def test_nothing_to_apply_gives_back_the_frame() -> None:
    """Releases of rows that did not come, or without corrections."""
    assert apply_releases(FRAME, [release({"age": 1}, {"age": 2}, row_id=9), release({}, {})]).frame is FRAME


def test_a_cell_or_column_that_has_changed_is_stale() -> None:
    """The source goes first."""
    corrected = apply_releases(FRAME, [release({"age": 33, "gone": 1}, {"age": 98, "gone": 0})])
    assert corrected.applied.empty
    assert corrected.stale[["column", "was", "value"]].to_numpy().tolist() == [["age", "98", "33"], ["gone", "0", "1"]]


def test_a_second_correction_says_what_came_by_then() -> None:
    """The source has changed the cell after the first one; the second one has seen that."""
    releases = [release({"age": 33}, {"age": 98}), release({"age": 34}, {"age": 99})]
    assert apply_releases(FRAME, releases).frame["age"].tolist() == [20, 34]
