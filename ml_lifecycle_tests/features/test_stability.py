"""How often a choice is repeated."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.stability import assign_folds, measure_stability


def test_each_repetition_leaves_out_one_fold() -> None:
    """A feature that is chosen only where row 0 is there is kept in one of two repetitions."""
    folds = np.array([0, 0, 1, 1])
    shares = measure_stability(lambda rows: ["a", "b"] if rows[0] else ["a"], ["a", "b", "c"], folds)
    assert shares.tolist() == [1.0, 0.5, 0.0]


@given(st.lists(st.integers(0, 3), min_size=8, max_size=60), st.integers(2, 5), st.integers(0, 9))
def test_folds_are_even_within_classes(classes: list[int], count: int, seed: int) -> None:
    """No class has two rows more in one fold than in another, and the same seed gives the same folds."""
    y = np.array(classes)
    folds = assign_folds(y, Kind.MULTICLASS, count, seed=seed, groups=None)
    for code in np.unique(y):
        held = np.bincount(folds[y == code], minlength=count)
        assert held.max() - held.min() <= 1
    np.testing.assert_array_equal(folds, assign_folds(y, Kind.MULTICLASS, count, seed=seed, groups=None))


def test_groups_stay_whole() -> None:
    """All rows of a group are in one fold."""
    groups = np.array([3, 1, 3, 2, 1, 2])
    folds = assign_folds(np.zeros(6), Kind.RANKING, 3, seed=0, groups=groups)
    assert all(len(set(folds[groups == group])) == 1 for group in groups)
