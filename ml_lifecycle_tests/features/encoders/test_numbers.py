"""Numbers as they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.encoders.numbers import NumberColumn
from ml_lifecycle_tests.features.encoders.cases import encode

PLAIN = NumberColumn("age", nullable=False)


def test_infinite_numbers_become_missing() -> None:
    """Infinity and what float32 cannot hold are missing, in typed and in object columns."""
    numbers = [1e300, -np.inf, 2.0]
    for values in (pd.Series(numbers), pd.Series(numbers, dtype=object)):
        np.testing.assert_array_equal(encode(PLAIN, values), [[np.nan], [np.nan], [2]])


def test_nullable_types_are_read() -> None:
    """Gaps of pandas' own integer type are missing."""
    np.testing.assert_array_equal(encode(PLAIN, pd.Series([1, None], dtype="Int64")), [[1], [np.nan]])


def test_text_in_a_number_column_is_refused_by_name() -> None:
    """A batch with text where numbers were learnt fails and names the column and the value."""
    with pytest.raises(DataError, match=r"'age'.*'old'"):
        encode(PLAIN, pd.Series([1, "old"], dtype=object))
