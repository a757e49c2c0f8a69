"""The nearest single threshold, and rates that groups can have together."""

import sys

import numpy as np
import pytest

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.fairness.thresholds import ask_fairlearn, find_nearest


@pytest.mark.parametrize(("asked", "selected"), [(0.0, 0), (0.26, 1), (0.5, 2), (1.0, 4)])
def test_the_nearest_threshold_selects_as_many_as_asked(asked: float, selected: int) -> None:
    """From nobody to everybody, between two probabilities."""
    p = np.array([0.1, 0.3, 0.6, 0.9])
    threshold, reached = find_nearest(np.array([0, 1, 0, 1]), p, {"selection_rate": asked})
    assert (p >= threshold).sum() == selected
    assert reached["selection_rate"] == selected / 4
    assert 0 < threshold < 1


def test_of_several_rates_the_worst_counts() -> None:
    """Half of the positives and none of the negatives: the threshold between the two best rows."""
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.6, 0.9])
    threshold, reached = find_nearest(y, p, {"true_positive_rate": 0.5, "false_positive_rate": 0.1})
    assert threshold == pytest.approx(0.75)
    assert reached == {"true_positive_rate": 0.5, "false_positive_rate": 0.0}


def test_all_groups_are_asked_for_the_same_rate() -> None:
    """That is the constraint."""
    rng = np.random.default_rng(0)
    p, keys = rng.random(400), np.array(["a", "b"] * 200, dtype=object)
    y = (rng.random(400) < np.where(keys == "a", p, p / 2)).astype(int)
    asked = ask_fairlearn(y, p, keys, "demographic_parity", "accuracy_score")
    assert asked["a"]["selection_rate"] == pytest.approx(asked["b"]["selection_rate"], abs=1e-3)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The advice says what to install."""
    monkeypatch.setitem(sys.modules, "fairlearn.postprocessing", None)
    with pytest.raises(ConfigError, match=r"ml-lifecycle\[fairness\]"):
        ask_fairlearn(
            np.array([0, 1]), np.array([0.1, 0.9]), np.array(["a", "b"]), "demographic_parity", "accuracy_score"
        )
