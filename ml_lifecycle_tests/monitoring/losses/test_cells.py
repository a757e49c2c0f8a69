"""Tests of `ml_lifecycle.monitoring.losses.cells`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.monitoring.losses.cells import ColumnCells, code_columns, fit_cells


def test_numbers_fall_between_edges_and_missing_ones_have_a_cell() -> None:
    """The upper edge belongs to its cell; the last cell is for missing values."""
    cells = ColumnCells("x", (1.0, 2.0))
    values = pd.Series([0.0, 1.0, 1.5, 2.0, 9.0, np.nan])
    assert cells.codes(values).tolist() == [0, 0, 1, 1, 2, 4]
    assert cells.names == ("x <= 1", "x in (1, 2]", "x > 2", "x is another", "x is missing")


def test_labels_are_the_same_however_they_are_typed() -> None:
    """1, 1.0 and "1" are one label; what was never seen is another."""
    cells = ColumnCells.fit(pd.Series(["1", "1", "2"], name="c"), 10)
    assert cells is not None
    assert cells.codes(pd.Series([1.0, 2.0, np.nan, 7.0])).tolist() == [0, 1, 3, 2]
    assert cells.codes(pd.Series(["2", "x"], dtype="category")).tolist() == [1, 2]


def test_columns_with_nothing_to_tell_apart_have_no_cells() -> None:
    """Times, constants, names and nothing at all; a column that a window lacks is missing throughout."""
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2026-01-01", periods=4),
            "same": [1.0] * 4,
            "name": list("abcd"),
            "void": [None] * 4,
            "x": [1.0, 2.0, 3.0, 4.0],
        }
    )
    cells = fit_cells(frame, 2)
    assert [item.name for item in cells] == ["x"]
    assert code_columns(cells, pd.DataFrame({"y": [1, 2]})).tolist() == [[3], [3]]


def test_cells_survive_as_json() -> None:
    """Numbers and labels alike."""
    for cells in (ColumnCells("x", (1.0,)), ColumnCells("c", None, ("a", "b"))):
        assert ColumnCells.from_dict(cells.to_dict()) == cells
