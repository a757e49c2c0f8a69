"""Blocks of time keep neighbours together, grow with their dependence, and make intervals cover."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.evaluation.inference.intervals import bootstrap_interval
from ml_lifecycle.evaluation.inference.time_blocks import autocovariance, block_length, blocks_of
from ml_lifecycle.evaluation.metrics import METRICS

MAE = METRICS["mae"]


def _swinging(rows: int, memory: float, seed: int) -> np.ndarray:
    """A stationary series in which each value remembers so much of the one before."""
    rng = np.random.default_rng(seed)
    out = np.empty(rows)
    out[0] = rng.normal() / np.sqrt(1 - memory**2)
    for place in range(1, rows):
        out[place] = memory * out[place - 1] + rng.normal()
    return out


@given(st.lists(st.integers(0, 50), min_size=1, max_size=80), st.integers(1, 9))
def test_blocks_follow_time(times: list[int], length: int) -> None:
    """Law: a later row is in no earlier block, and rows of one time are in one block."""
    time = np.array(times)
    found = blocks_of(time, length=length)
    order = np.argsort(time, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert all(len(set(found[time == stamp])) == 1 for stamp in set(times))


def test_rows_without_a_time_are_one_block() -> None:
    """Missing times are taken as dependent on each other, not on the rest."""
    time = pd.Series(pd.to_datetime(["2024-01-02", None, "2024-01-01", None]))
    assert blocks_of(time, length=1).tolist() == [1, 2, 0, 2]
    assert blocks_of(np.array([np.nan, np.nan])).tolist() == [0, 0]


def test_without_values_blocks_are_as_long_as_the_cube_root() -> None:
    """A thousand times make a hundred blocks of ten."""
    assert np.bincount(blocks_of(np.arange(1000))).tolist() == [10] * 100


def test_there_are_enough_blocks_to_compare() -> None:
    """Even where blocks should be long, there are twenty of them."""
    assert blocks_of(np.arange(100), length=60).max() == 19


def test_the_length_grows_with_the_dependence() -> None:
    """Independent values need no blocks, values with a long memory need long ones."""
    lengths = [block_length(_swinging(4000, memory, seed=1)) for memory in (0.0, 0.5, 0.9)]
    assert lengths[0] <= 2
    assert lengths[0] < lengths[1] < lengths[2]
    assert block_length(np.ones(500)) == 8
    assert block_length(np.arange(9.0)) == 2


def test_autocovariance_is_the_textbook_one() -> None:
    """The mean of products of deviations that are so far apart, over all n."""
    series = np.array([1.0, 3.0, 2.0, 5.0])
    centred = series - series.mean()
    expected = [(centred[lag:] * centred[: 4 - lag]).sum() / 4 for lag in range(3)]
    assert autocovariance(series, 2) == pytest.approx(expected)


def test_intervals_by_block_cover_where_those_by_row_do_not() -> None:
    """Errors with a memory of 0.8: 90 % intervals by row hold the truth in half of the cases, by block in most."""
    truth = np.sqrt(2 / np.pi) / np.sqrt(1 - 0.8**2)  # the mean of |N(0, s)|
    by_row, by_block = 0, 0
    for seed in range(100):
        error = _swinging(600, 0.8, seed)
        y, time = np.zeros(600), np.arange(600)
        blocks = blocks_of(time, values=np.abs(error))
        plain = bootstrap_interval(MAE, y, error, resamples=100, confidence=0.9)
        blocked = bootstrap_interval(MAE, y, error, groups=blocks, resamples=100, confidence=0.9)
        by_row += plain.low <= truth <= plain.high
        by_block += blocked.low <= truth <= blocked.high
    assert by_row < 75
    assert by_block >= 80
