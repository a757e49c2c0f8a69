"""Tests of `ml_lifecycle.monitoring.estimation`."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.monitoring.estimation import can_estimate, estimate_performance


class _Accuracy:
    name, greater_is_better = "accuracy", True

    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        del query
        named = predictions >= 0.5 if predictions.ndim == 1 else predictions.argmax(axis=1)
        return float((named == y).mean())


class _Undefined(_Accuracy):
    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        del y, predictions, query
        return float("nan")


def test_the_estimate_is_the_expected_metric_and_holds_the_truth() -> None:
    """Calibrated probabilities: the estimate is the mean certainty, and the realised accuracy lies in the interval."""
    generator = np.random.default_rng(0)
    p = generator.beta(1, 2, 1500)
    guess = estimate_performance(_Accuracy(), p, Kind.BINARY)
    assert guess is not None
    assert guess.value == pytest.approx(np.maximum(p, 1 - p).mean(), abs=0.01)
    inside = [guess.low <= _Accuracy()((generator.random(1500) < p).astype(float), p) <= guess.high for _ in range(40)]
    assert np.mean(inside) >= 0.85


def test_many_classes_are_estimated_too() -> None:
    """Multiclass: the mean of the highest probability; rows without probabilities are left out."""
    p = np.random.default_rng(1).dirichlet([1, 1, 3], 1500)
    p[0] = np.nan
    guess = estimate_performance(_Accuracy(), p, Kind.MULTICLASS)
    assert guess is not None
    assert guess.value == pytest.approx(p[1:].max(axis=1).mean(), abs=0.01)


def test_what_cannot_be_estimated_is_none() -> None:
    """Values carry no uncertainty; no rows, or an undefined metric, give no estimate."""
    p = np.full(50, 0.7)
    assert not can_estimate(Kind.RANKING)
    assert estimate_performance(_Accuracy(), p, Kind.REGRESSION) is None
    assert estimate_performance(_Accuracy(), p[:0], Kind.BINARY) is None
    metric: Score = _Undefined()
    assert estimate_performance(metric, p, Kind.BINARY) is None


def test_the_same_seed_gives_the_same_estimate() -> None:
    """Estimates can be repeated."""
    p = np.random.default_rng(2).random(300)
    assert estimate_performance(_Accuracy(), p, Kind.BINARY) == estimate_performance(_Accuracy(), p, Kind.BINARY)
