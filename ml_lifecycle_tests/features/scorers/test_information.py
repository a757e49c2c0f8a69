"""Mutual information and its bins."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.features.scorers.information import bin_evenly, mutual_information


def test_mutual_information_is_scikit_learns() -> None:
    """The quick mutual information agrees with the library's."""
    from sklearn.metrics import mutual_info_score

    rng = np.random.default_rng(2)
    codes, target = rng.integers(0, 5, 200), rng.integers(0, 3, 200)
    assert mutual_information(codes, target) == pytest.approx(mutual_info_score(codes, target))


def test_a_mostly_zero_column_is_binned_apart() -> None:
    """Bins tell the few other values of a sparse column apart, and missing values from all others."""
    codes = bin_evenly(np.array([0] * 97 + [5, 9, np.nan], dtype=np.float32))
    assert len(set(codes[-4:])) == 4
    assert bin_evenly(np.array([np.nan, np.nan])).tolist() == [0, 0]
