"""Tests of `ml_lifecycle.monitoring.cells`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.monitoring import cells

NUMBERS = st.lists(
    st.one_of(st.just(float("nan")), st.integers(-5, 5).map(float), st.floats(-1e6, 1e6, width=32)),
    min_size=1,
    max_size=200,
)


@settings(max_examples=60, deadline=None)
@given(NUMBERS, NUMBERS, st.integers(2, 20))
def test_counting_equals_a_plain_histogram(reference: list[float], current: list[float], bins: int) -> None:
    """Blocks of comparisons count what np.searchsorted counts, and no row is lost."""
    known = np.array(reference)[~np.isnan(reference)]
    edges = cells.choose_edges(known, bins)
    found = cells.count_numbers(pd.Series(current, dtype=float), edges)
    values = np.array(current)
    present = values[~np.isnan(values)]
    expected = np.bincount(np.searchsorted(edges, present, side="left"), minlength=len(edges) + 1)
    assert found.intervals.tolist() == expected.tolist()
    assert found.intervals.sum() + found.missing == len(current)
    assert np.all(np.diff(edges) > 0)


def test_more_rows_than_a_block_are_counted_whole() -> None:
    """Counting goes block by block and forgets none, the last partial one included."""
    values = np.arange(100_001) % 10
    found = cells.count_numbers(pd.Series(values), np.array([4.0]))
    assert found.intervals.tolist() == [50_001, 50_000]
    assert found.mean == pytest.approx(values.mean())


def test_continuous_values_fill_their_bins_equally() -> None:
    """Quantile edges of a continuous column leave a tenth in each of ten bins."""
    values = np.random.default_rng(0).normal(size=1000)
    found = cells.count_numbers(pd.Series(values), cells.choose_edges(values, 10))
    assert found.intervals.tolist() == [100] * 10


def test_a_value_that_fills_a_bin_alone_gets_its_own_cell() -> None:
    """Seven zeros of ten are one cell; what lies just beside zero is not in it."""
    values = np.concatenate([np.zeros(700), np.random.default_rng(0).exponential(size=300)])
    edges = cells.choose_edges(values, 10)
    counted = cells.count_numbers(pd.Series(values), edges).intervals
    assert 700 in counted.tolist()
    beside = cells.count_numbers(pd.Series([-1e-9, 0.0, 1e-9]), edges).intervals
    assert beside.max() == 1
    assert counted[beside.argmax()] == 0, "values below the smallest of the reference have an empty cell"


def test_a_detour_over_float32_moves_no_value() -> None:
    """A price of 0.1 read as float32 is still in the cell of 0.1."""
    edges = cells.choose_edges(np.array([0.1, 0.1, 19.99, 19.99]), 10)
    direct = cells.count_numbers(pd.Series([0.1, 19.99]), edges).intervals
    detour = cells.count_numbers(pd.Series([0.1, 19.99], dtype=np.float32), edges).intervals
    assert direct.tolist() == detour.tolist()
    assert (direct > 0).sum() == 2


@pytest.mark.parametrize(
    "dtype", ["int8", "uint16", "int64", "float16", "float32", "Int64", "Float64", "bool", "boolean"]
)
def test_every_numeric_type_is_read(dtype: str) -> None:
    """Whole numbers, floats, nullable types and booleans count alike."""
    found = cells.count_numbers(pd.Series([0, 1, 1], dtype=dtype), np.array([0.5]))
    assert found.intervals.tolist() == [1, 2]
    assert found.mean == pytest.approx(2 / 3, rel=1e-3)


def test_missing_infinite_and_unreadable_values_are_kept_apart() -> None:
    """Text among numbers is not missing; infinities are at the ends and do not enter the mean."""
    found = cells.count_numbers(pd.Series([None, "7", "seven", 1.0, np.inf, -np.inf], dtype=object), np.array([5.0]))
    assert (found.missing, found.unreadable) == (1, 1)
    assert found.intervals.tolist() == [2, 2]
    assert found.mean == 4.0
    nothing = cells.count_numbers(pd.Series([pd.NA, None], dtype="Int64"), np.array([5.0]))
    assert nothing.missing == 2
    assert np.isnan(nothing.mean)


def test_labels_do_not_depend_on_the_type_that_carries_them() -> None:
    """1, 1.0 and "1" are one label, whether the column is text, numbers or a category."""
    for series in (pd.Series([1, 2, 1]), pd.Series([1.0, 2.0, 1.0]), pd.Series(["1", "2", "1"])):
        assert cells.count_labels(series) == ({"1": 2, "2": 1}, 0)
        assert cells.count_labels(series.astype("category")) == ({"1": 2, "2": 1}, 0)
    assert cells.count_labels(pd.Series(["a", None, "a"], dtype="string")) == ({"a": 2}, 1)
    assert cells.count_labels(pd.Series(["a", None, np.nan])) == ({"a": 1}, 2)


def test_truth_values_are_read_in_every_spelling() -> None:
    """Booleans, 0/1 and "true" are the same two labels."""
    for values in ([True, False, True], [1, 0, 1], [1.0, 0.0, 1.0], ["true", "false", "TRUE"]):
        assert cells.count_labels(pd.Series(values), boolean=True)[0] == {"False": 1, "True": 2}
    assert cells.count_labels(pd.Series([True, None], dtype=object), boolean=True) == ({"True": 1}, 1)


def test_values_that_cannot_be_hashed_are_compared_as_text() -> None:
    """Lists in a column are no crash."""
    assert cells.count_labels(pd.Series([[1], [1], None])) == ({"[1]": 2}, 1)


def test_unknown_labels_are_summed_up() -> None:
    """Known labels keep their place, the others are one figure."""
    placed, other = cells.place_labels({"a": 2, "x": 3, "y": 1}, ["a", "b"])
    assert (placed.tolist(), other) == ([2, 0], 4)
