"""Categories as codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.codes import CategoryColumn
from ml_lifecycle_tests.features.encoders.cases import encode, values_of


def fit(values: pd.Series, most: int = 9) -> CategoryColumn:
    """Fit on a column called x."""
    return CategoryColumn.fit(Values(values), column="x", most=most)


def test_codes_follow_frequency_and_unknown_is_last() -> None:
    """The most frequent category is 0, the rest beyond the limit and new ones share a code, missing is NaN."""
    encoder = fit(pd.Series(["b", "a", "c", "c", None, "b"]), most=2)
    assert encoder.categories == ("b", "c")
    assert encoder.nullable
    np.testing.assert_array_equal(encode(encoder, pd.Series(["c", "a", "new", None])), [[1], [2], [2], [np.nan]])


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_the_type_of_a_category_column_does_not_matter(dtype: Any) -> None:
    """Categories are the extractor's knowledge: any type of the same values gives the same codes."""
    encoder = fit(pd.Series(["a", "a", "b"], dtype=dtype))
    np.testing.assert_array_equal(
        encode(encoder, pd.Series(["b", None, "a", "z"], dtype=dtype)), [[1], [np.nan], [0], [2]]
    )


def test_unused_categories_of_a_categorical_are_not_learnt() -> None:
    """A category without a training row is unknown, although the type lists it."""
    assert fit(pd.Series(pd.Categorical(["a", "a"], categories=["a", "ghost"]))).categories == ("a",)


def test_categories_of_other_rows_are_not_learnt() -> None:
    """Fitted on some rows of a column, the encoder knows nothing of the others."""
    part = values_of(["a", "b", "c", "c"]).take(np.array([True, True, False, False]))
    assert CategoryColumn.fit(part, column="x", most=9).categories == ("a", "b")


def test_numbers_as_categories_encode_equally_as_int_float_and_text() -> None:
    """A column of ints that became float through a gap keeps its codes."""
    encoder = fit(pd.Series([1, 1, 2], dtype="category"))
    for cells in ([1, 2], [1.0, 2.0], ["1", "2"]):
        assert encode(encoder, pd.Series(cells)).tolist() == [[0], [1]]


def test_true_and_one_stay_apart_in_a_mixed_column() -> None:
    """Hashing would merge True with 1; the batch does not, so it agrees with single cells."""
    encoder = fit(pd.Series(["a", True, 1, 1], dtype=object))
    assert encoder.categories == ("1", "True", "a")
    assert encode(encoder, pd.Series([1, True, 1.0], dtype=object)).tolist() == [[0], [1], [0]]
