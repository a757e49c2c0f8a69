"""What all scorers share."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.base import add_probes, distance_from, distance_from_probes, pick_probes, sample_rows
from ml_lifecycle.features.values import FeatureMatrix


def test_samples_keep_rare_classes_and_whole_groups() -> None:
    """A sample takes all of a rare class, keeps its size, and never cuts a group."""
    rng = np.random.default_rng(0)
    y = np.where(np.arange(1000) < 10, 1, 0)
    rows = sample_rows(y, Kind.BINARY, 100, rng, None)
    assert y[rows].sum() == 10
    assert len(rows) == 100
    assert len(sample_rows(y, Kind.REGRESSION, 100, rng, None)) == 100
    groups = rng.permutation(np.repeat(np.arange(50), 20))
    picked = sample_rows(y, Kind.RANKING, 100, rng, groups)
    codes, counts = np.unique(groups[picked], return_counts=True)
    assert (counts == 20).all()
    assert len(codes) == 5
    assert (np.diff(groups[picked]) >= 0).all()


def test_probes_are_shufflings_of_both_sorts() -> None:
    """Numbers and categories give ten probes each, with the same values in another order."""
    rng = np.random.default_rng(1)
    matrix = FeatureMatrix(np.arange(60, dtype=np.float32).reshape(20, 3), ("a", "b", "c"), (2,))
    probes = pick_probes(matrix, rng)
    probed = add_probes(matrix, probes, rng)
    assert sorted(np.bincount(probes == 2)) == [10, 10]
    assert probed.categorical == (2, *range(13, 23))
    np.testing.assert_array_equal(np.sort(probed.values[:, 3]), np.sort(matrix.values[:, probes[0]]))


def test_a_distance_is_in_standard_deviations_of_its_own_sort() -> None:
    """A number is held against number probes, a category against category probes."""
    matrix = FeatureMatrix(np.zeros((2, 2), dtype=np.float32), ("number", "code"), (1,))
    distance = distance_from_probes(np.array([5.0, 5.0, 0.0, 2.0, 4.0, 6.0]), matrix, np.array([0, 0, 1, 1]))
    assert distance.tolist() == [4.0, 0.0]
    assert distance_from(np.array([1.0]), np.array([1.0, 1.0]))[0] == pytest.approx(0)
