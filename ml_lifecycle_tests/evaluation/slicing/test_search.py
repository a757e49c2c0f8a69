"""The search finds planted slices, tells each once, keeps rows apart, and is quick."""

import time

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.inference.resampling import Units
from ml_lifecycle.evaluation.slicing.search import search_slices, surely_worse


def _table(rows: int, seed: int = 0, columns: int = 4) -> tuple[pd.DataFrame, np.random.Generator]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"x{k}": rng.normal(size=rows) for k in range(columns)})
    for k in range(columns):
        frame[f"c{k}"] = rng.choice(["a", "b", "c"], rows)
    return frame, rng


def test_a_planted_slice_is_told_once() -> None:
    """One bad corner of two columns is one slice, not many that overlap; its parents are its two columns."""
    frame, rng = _table(8000)
    bad = ((frame["c0"] == "b") & (frame["x1"] > 0)).to_numpy()
    result = search_slices(frame, rng.exponential(size=8000) + 2 * bad, columns=list(frame), depth=2, min_rows=50)
    (found,) = result.slices
    assert set(found.columns) == {"c0", "x1"}
    assert (found.rows & bad).sum() > 0.9 * bad.sum()
    assert found.rows.sum() < 1.2 * bad.sum()
    assert [int((parent & found.rows).sum()) for parent in found.parents] == [found.rows.sum()] * 2


def test_three_columns_are_found_only_where_asked_for() -> None:
    """A corner of three columns needs depth 3."""
    frame, rng = _table(12_000)
    bad = ((frame["c0"] == "b") & (frame["c1"] == "a") & (frame["x1"] > 0)).to_numpy()
    losses = rng.exponential(size=12_000) + 3 * bad
    deep = search_slices(frame, losses, columns=list(frame), depth=3, min_rows=50)
    assert set(deep.slices[0].columns) == {"c0", "c1", "x1"}
    assert len(deep.slices[0].parents) == 3
    assert all(
        len(found.columns) == 1
        for found in search_slices(frame, losses, columns=list(frame), depth=1, min_rows=50).slices
    )


def test_two_bad_corners_are_two_slices() -> None:
    """Corners that do not overlap are both told."""
    frame, rng = _table(10_000)
    one = ((frame["c0"] == "b") & (frame["x0"] > 0.7)).to_numpy()
    other = ((frame["c1"] == "a") & (frame["x1"] < -0.7)).to_numpy()
    result = search_slices(
        frame, rng.exponential(size=10_000) + 3 * one + 2 * other, columns=list(frame), depth=2, min_rows=50
    )
    assert {frozenset(found.columns) for found in result.slices[:2]} == {
        frozenset({"c0", "x0"}),
        frozenset({"c1", "x1"}),
    }


def test_noise_has_hardly_a_slice() -> None:
    """Bounds are corrected for all that were looked at, so that noise is seldom handed on."""
    handed_on = 0
    for seed in range(20):
        frame, rng = _table(1000, seed, columns=3)
        handed_on += len(search_slices(frame, rng.normal(size=1000), columns=list(frame), depth=2, min_rows=50).slices)
    assert handed_on <= 4


def test_hard_rows_do_not_hide_a_fault() -> None:
    """Where many slices are hard, one that is worse than foreseen is handed on too."""
    frame, rng = _table(8000)
    hard = np.abs(frame["x0"]).to_numpy() * 3
    bad = ((frame["c0"] == "b") & (frame["x1"] > 0.7)).to_numpy()
    losses = hard + rng.exponential(size=8000) + 1.0 * bad
    found = search_slices(frame, losses, columns=list(frame), depth=2, min_rows=50, foreseen=hard + 1)
    assert frozenset({"c0", "x1"}) in {frozenset(item.columns) for item in found.slices}


def test_groups_search_or_confirm_as_a_whole() -> None:
    """No group is on both sides, and about half of the rows are on each."""
    frame, rng = _table(2000)
    groups = rng.integers(0, 100, 2000)
    result = search_slices(frame, rng.normal(size=2000), columns=list(frame), depth=1, min_rows=50, units=groups)
    assert not set(groups[result.held]) & set(groups[~result.held])
    assert 0.3 < result.held.mean() < 0.7


def test_too_few_rows_are_not_searched() -> None:
    """Without rows enough, or with none that count, nothing is found."""
    frame, rng = _table(12)
    assert search_slices(frame, rng.normal(size=12), columns=list(frame), depth=2, min_rows=2).slices == ()
    assert search_slices(frame, np.full(12, np.nan), columns=list(frame), depth=2, min_rows=2).slices == ()
    assert search_slices(frame, rng.normal(size=12), columns=[], depth=2, min_rows=2).slices == ()


def test_surely_worse_is_a_test_of_its_level() -> None:
    """Of equal means it says so in about the cases that its level allows; of far ones always; a margin counts."""
    rng = np.random.default_rng(0)
    rows = np.arange(400) < 150
    said = [surely_worse(rng.normal(size=400), rows, ~rows, Units.of(400), tail=0.1) for _ in range(300)]
    assert 0.05 < np.mean(said) < 0.15
    losses = rng.normal(size=400) + rows
    assert surely_worse(losses, rows, np.ones(400, dtype=bool), Units.of(400), tail=0.001)
    assert not surely_worse(losses, rows, ~rows, Units.of(400), tail=0.001, margin=1.0)
    assert not surely_worse(losses, rows, rows, Units.of(400), tail=0.1)


def test_many_rows_are_quick() -> None:
    """100,000 rows of 20 columns take a second or two (the bound is loose for busy machines)."""
    frame, rng = _table(100_000, columns=10)
    losses = rng.normal(size=100_000)
    started = time.process_time()
    search_slices(frame, losses, columns=list(frame), depth=2, min_rows=50)
    assert time.process_time() - started < 5
