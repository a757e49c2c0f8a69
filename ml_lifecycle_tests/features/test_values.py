"""The matrix of features."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.values import FeatureMatrix

MATRIX = FeatureMatrix(np.arange(6, dtype=np.float32).reshape(2, 3), ("a", "b", "c"), (2,))


def test_rows_are_taken_by_position_and_by_mask() -> None:
    """Positions and masks pick the same rows; names stay."""
    assert MATRIX.take(np.array([1])).values.tolist() == [[3, 4, 5]]
    assert MATRIX.take(np.array([False, True])).values.tolist() == [[3, 4, 5]]
    assert len(MATRIX.take(np.array([0, 0, 1]))) == 3


def test_columns_are_selected_in_the_order_given() -> None:
    """A selection reorders, stays C-contiguous, and keeps track of which columns are codes."""
    selected = MATRIX.select(["c", "a"])
    assert selected.values.tolist() == [[2, 0], [5, 3]]
    assert selected.values.flags.c_contiguous
    assert selected.categorical == (0,)
    assert MATRIX.select(["a", "b", "c"]) is MATRIX


def test_an_unknown_column_is_named() -> None:
    """Selecting what is not there fails with its name."""
    with pytest.raises(DataError, match="'zip'"):
        MATRIX.select(["a", "zip"])


@pytest.mark.parametrize(
    "values",
    [np.zeros((2, 2), np.float32), np.zeros(3, np.float32), np.zeros((2, 3)), np.zeros((3, 2), np.float32).T],
)
def test_a_wrong_shape_or_type_is_refused(values: np.ndarray) -> None:
    """Shape, type and memory order are checked when a matrix is made."""
    with pytest.raises(ValueError, match="expected"):
        FeatureMatrix(values, ("a", "b", "c"))
