"""Tests of `ml_lifecycle.monitoring.detectors.blocks`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.monitoring.detectors.blocks import NO_BLOCKS, Blocks


@given(st.lists(st.floats(0, 1), min_size=1, max_size=300))
def test_blocks_hold_the_sums_of_all_rows(values: list[float]) -> None:
    """However rows fall into blocks, count, sum and sum of squares are those of the rows."""
    blocks = Blocks.of(np.array(values))
    assert blocks.rows == len(values)
    assert blocks.sums.sum() == pytest.approx(sum(values))
    assert blocks.squares.sum() == pytest.approx(sum(value**2 for value in values))


def test_blocks_survive_as_text() -> None:
    """Written into a cell and read back; an empty cell holds none."""
    blocks = Blocks.of(np.linspace(0, 1, 100))
    again = Blocks.from_text(blocks.to_text())
    assert all(np.allclose(a, b) for a, b in zip(again.arrays, blocks.arrays, strict=True))
    assert len(Blocks.from_text("")) == 0


def test_only_the_newest_rows_are_kept() -> None:
    """Whole blocks, the oldest left out."""
    blocks = Blocks.of(np.arange(96.0))
    assert blocks.newest(64).sums.tolist() == blocks.sums[1:].tolist()
    assert len(blocks.newest(10)) == 0


def test_nothing_has_no_mean() -> None:
    """No rows: NaN, not zero."""
    assert np.isnan(NO_BLOCKS.mean)
    assert len(Blocks.of(np.array([np.nan]))) == 0
