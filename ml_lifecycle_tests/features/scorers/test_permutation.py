"""Features by the loss on held-out rows."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.permutation import _losses, score_by_permutation
from ml_lifecycle.features.values import FeatureMatrix


def test_the_increase_of_the_loss_is_the_score() -> None:
    """Shuffling the only column that counts costs about twice the variance it explains; noise costs nothing."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4000, 2)).astype(np.float32)
    matrix = FeatureMatrix(values, ("signal", "noise"))
    scores = score_by_permutation(matrix, values[:, 0].astype(float), Kind.REGRESSION, 0, None)
    assert scores.found[0] == pytest.approx(2, abs=0.3)
    assert abs(scores.found[1]) < 0.01
    assert scores.distance[0] > 5 > scores.distance[1]


def test_a_class_that_the_model_never_saw_is_a_loss_and_no_error() -> None:
    """A held-out row of an unknown class has the greatest loss."""
    losses = _losses(Kind.MULTICLASS, np.array([0, 2]))(np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert losses[0] == 0
    assert losses[1] > 20
