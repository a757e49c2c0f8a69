"""A column that is named as a time must mostly hold times."""

from __future__ import annotations

import pandas as pd
import pytest

from ml_lifecycle.dataset.time_columns import read_times
from ml_lifecycle.errors import DataError


def test_single_cells_may_be_unreadable() -> None:
    """They are marked, for validation to set them aside."""
    read = read_times(pd.Series(["2024-01-01", "2024-01-02", "soon"], name="at"), key="dataset.event_time")
    assert read.unreadable.tolist() == [False, False, True]


def test_a_column_of_something_else_is_refused() -> None:
    """The message says what named it."""
    with pytest.raises(DataError, match="'city', which --event-time names, does not hold times"):
        read_times(pd.Series(["Oslo", "Rome"], name="city"), key="--event-time")
