"""Features by when they enter an L1 path."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.lasso import _entries, score_by_l1
from ml_lifecycle.features.values import FeatureMatrix


def test_the_first_to_enter_does_so_at_its_correlation() -> None:
    """Independent columns enter the path at their correlation with the target, to a step of the penalties."""
    entered = _entries(np.eye(3), np.array([0.5, -0.2, 0.0]), 10_000)
    assert entered[0] == pytest.approx(0.5, rel=0.12)
    assert entered[1] == pytest.approx(0.2, rel=0.12)
    assert entered[2] == 0


def test_missing_cells_and_categories_can_carry_the_signal() -> None:
    """A column whose absence decides, and one category among many, stand out from noise."""
    rng = np.random.default_rng(4)
    code, gap, noise = rng.integers(0, 6, 3000), rng.random(3000) < 0.3, rng.normal(size=3000)
    holes = np.where(gap, np.nan, rng.normal(size=3000))
    matrix = FeatureMatrix(np.column_stack([noise, holes, code]).astype(np.float32), ("noise", "holes", "code"), (2,))
    scores = score_by_l1(matrix, (gap | (code == 2)).astype(int), Kind.BINARY, 0, None)
    assert scores.distance[1] > 5
    assert scores.distance[2] > 5
    assert abs(scores.distance[0]) < 5
