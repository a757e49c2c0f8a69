"""Thresholds chosen for a metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.threshold import Resampled, choose_by_metric, conclude

RNG = np.random.default_rng(5)
ROWS = 4000
P = RNG.beta(1, 4, ROWS)
Y = (RNG.uniform(size=ROWS) < P).astype(np.int64)


@dataclass(frozen=True)
class At:
    """A metric of classes at a threshold: F1, or the share of wrong classes."""

    threshold: float
    name: str = "f1"

    @property
    def greater_is_better(self) -> bool:
        """Of F1, not of errors."""
        return self.name == "f1"

    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        """Score."""
        del query
        told = predictions >= self.threshold
        if self.name == "errors":
            return float((told != (y == 1)).mean())
        hits = float((told & (y == 1)).sum())
        return 2 * hits / (told.sum() + y.sum()) if told.sum() + y.sum() else float("nan")


@pytest.mark.parametrize("name", ["f1", "errors"])
def test_a_metric_is_made_best(name: str) -> None:
    """Whatever its direction; the value is that at the threshold, and better than at the former one."""
    choice = choose_by_metric(Y, P, lambda threshold: At(threshold, name), before=0.9)
    tried = [At(one, name)(Y, P) for one in np.linspace(0.05, 0.95, 50)]
    best = max(tried) if name == "f1" else min(tried)
    assert choice.value == pytest.approx(best, abs=0.01)
    assert At(choice.threshold, name)(Y, P) == choice.value
    assert choice.before == At(0.9, name)(Y, P)
    assert choice.low <= choice.high
    assert set(choice.curve.columns) == {"threshold", "value"}
    assert choice.describe()["metric"] == name


def test_a_rare_class_has_candidates_of_its_own() -> None:
    """Where 1 row of 200 is positive, thresholds are also tried among the positive ones."""
    p = np.r_[np.linspace(0, 0.5, 3980), np.linspace(0.5, 1, 20)]
    y = (p > 0.87).astype(np.int64)
    assert choose_by_metric(y, p, At).value > 0.9


def test_rows_of_one_class_choose_nothing() -> None:
    """Nor does a metric that has no value."""
    with pytest.raises(ModelError, match="both classes"):
        choose_by_metric(np.zeros(5, dtype=int), np.linspace(0, 1, 5), At)
    with pytest.raises(ModelError, match="NaN"):
        choose_by_metric(Y, P, _Nothing)


class _Nothing(At):
    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        del y, predictions, query
        return float("nan")


def test_a_mean_in_a_valley_is_not_taken() -> None:
    """Where resamples chose one of two peaks, the mean of them would be neither; the best of all rows is taken then."""
    found = [Resampled(0.2, 0.8), Resampled(0.8, 0.8)]
    choice = conclude(0.2, found, lambda threshold: 0.1 if 0.4 < threshold < 0.6 else 0.8, 0.5, sign=1.0)
    assert (choice.threshold, choice.value, choice.held_out) == (0.2, 0.8, 0.8)
    level = conclude(0.2, found, lambda _: 0.8, 0.5, sign=1.0)
    assert level.threshold == pytest.approx(0.5)
