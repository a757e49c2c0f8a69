"""Columns of any type are read as what they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.discovery.audit.column_reading import read_column


@pytest.mark.parametrize(
    ("values", "kind", "different", "missing"),
    [
        (["1", "2", None], ColumnType.INTEGER, 2, 1),
        ([Decimal("1.5"), Decimal(2)], ColumnType.NUMBER, 2, 0),
        (pd.array([1, None, 1], dtype="Int64"), ColumnType.INTEGER, 1, 1),
        (pd.array([True, None, False], dtype="boolean"), ColumnType.BOOLEAN, 2, 1),
        (["true", "False"], ColumnType.BOOLEAN, 2, 0),
        (pd.Categorical(["a", "b", None]), ColumnType.TEXT, 2, 1),
        (["2024-05-01", "2024-05-02"], ColumnType.TIME, 2, 0),
        (["31/12/2023", "01/02/2024"], ColumnType.TIME, 2, 0),
        (pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin"), ColumnType.TIME, 3, 0),
        (pd.to_timedelta([1, 2], unit="h"), ColumnType.INTEGER, 2, 0),
        (["007", "008"], ColumnType.TEXT, 2, 0),
        ([None, None], ColumnType.ANY, 0, 2),
        ([2**63, 2**63 + 1], ColumnType.INTEGER, 2, 0),
        (["900000000000000001", "900000000000000002"], ColumnType.TEXT, 2, 0),
        ([[1], [1], {"a": 2}], ColumnType.TEXT, 2, 0),
    ],
)
def test_types(values: Any, kind: ColumnType, different: int, missing: int) -> None:
    """Whatever a column is stored as."""
    column = read_column(pd.Series(values, name="x"))
    assert (column.kind, column.different, int(column.absent.sum())) == (kind, different, missing)


def test_cells_that_do_not_fit_are_kept_apart() -> None:
    """They are there, but cannot be used."""
    column = read_column(pd.Series([*map(str, range(40)), "many", None], name="x"))
    assert (column.odd, column.present, int(column.absent.sum())) == ({"many": 1}, 40, 1)
    infinite = read_column(pd.Series([1.0, np.inf, np.nan], name="x"))
    assert (infinite.infinite, infinite.present, int(infinite.absent.sum())) == (1, 1, 1)
