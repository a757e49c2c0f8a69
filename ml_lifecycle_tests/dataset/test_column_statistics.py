"""Columns are described by figures that fit their type."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.dataset.column_statistics import ColumnStatistics, describe_columns
from ml_lifecycle.dataset.rows import ROW_ID


def test_each_type_has_its_figures() -> None:
    """Numbers have quantiles, times their ends, text its most frequent values; names of rows are left out."""
    frame = pd.DataFrame(
        {
            ROW_ID: [1, 2, 3, 4],
            "x": [1.0, 2.0, 3.0, np.inf],
            "at": pd.to_datetime(["2024-01-02", None, "2024-01-01", None]),
            "job": ["cook", "cook", "pilot", None],
            "yes": [True, False, True, True],
            "kind": pd.Categorical([3, 3, None, 5]),
        }
    )
    known = describe_columns(frame)
    assert list(known) == ["x", "at", "job", "yes", "kind"]
    assert known["x"].figures["q50"] == 2.0
    assert known["x"].distinct == 4
    assert (known["at"].earliest, known["at"].latest) == ("2024-01-01T00:00:00", "2024-01-02T00:00:00")
    assert known["job"].top == {"cook": 0.5, "pilot": 0.25}
    assert known["job"].missing_share == 0.25
    assert known["yes"].top == {"True": 0.75, "False": 0.25}
    assert known["kind"].distinct == 2


@pytest.mark.parametrize("values", [[], [None, None], [float("inf")], [[1], [2]], [1, "a", True]])
def test_odd_columns_are_described(values: list[object]) -> None:
    """Empty, without a value, infinite, unhashable or mixed: plain JSON, which can be read back."""
    column = describe_columns(pd.DataFrame({"x": pd.Series(values, dtype=object)}))["x"]
    assert ColumnStatistics.from_dict(json.loads(json.dumps(column.to_dict()))) == column
    assert describe_columns(pd.DataFrame({"x": pd.Series([], dtype=float)}))["x"].figures == {}
