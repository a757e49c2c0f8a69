"""Thresholds chosen for costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.errors import ConfigError, ModelError
from ml_lifecycle.modeling.cost_threshold import choose_by_cost, closed_form_threshold

RNG = np.random.default_rng(5)
ROWS = 4000
P = RNG.beta(1, 4, ROWS)
Y = (RNG.uniform(size=ROWS) < P).astype(np.int64)
COSTS = np.array([[0.0, 1.0], [4.0, 0.0]])


def brute_force(y: np.ndarray, p: np.ndarray, costs: np.ndarray) -> float:
    """The least mean cost over all thresholds, one by one."""
    tried = np.r_[0.0, np.unique(p), 1.0]
    return min(float(costs[y, (p >= one).astype(int)].mean()) for one in tried)


def test_costs_of_calibrated_probabilities_lead_to_the_closed_form() -> None:
    """The empirical minimum lies near the threshold that the costs imply, and both cost about the same."""
    choice = choose_by_cost(Y, P, COSTS)
    assert choice.closed_form == pytest.approx(0.2)
    assert choice.threshold == pytest.approx(0.2, abs=0.1)
    assert choice.low <= choice.closed_form <= choice.high
    assert choice.low < choice.threshold < choice.high
    assert choice.closed_form_value is not None
    assert choice.closed_form_value < choice.before
    assert choice.value < choice.held_out < choice.before


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 60))
def test_no_threshold_costs_less(seed: int, rows: int) -> None:
    """The sums over sorted rows find what trying every threshold finds, also with ties, and the labels cost as told."""
    rng = np.random.default_rng(seed)
    p, y = rng.uniform(0, 0.99, rows).round(1), rng.integers(0, 2, rows)
    y[:2] = 0, 1
    choice = choose_by_cost(y, p, COSTS)
    assert choice.curve["value"].min() == pytest.approx(brute_force(y, p, COSTS))
    for threshold, cost in ((choice.empirical, choice.curve["value"].min()), (choice.threshold, choice.value)):
        assert COSTS[y, (p >= threshold).astype(int)].mean() == pytest.approx(cost)


def test_the_mean_of_resamples_costs_less_than_the_luck_of_the_rows() -> None:
    """Over many samples of 500 rows, by the true probabilities."""
    true = np.random.default_rng(1).beta(1, 4, 20_000)
    lost: dict[str, list[float]] = {"threshold": [], "empirical": []}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = rng.beta(1, 4, 500)
        choice = choose_by_cost((rng.uniform(size=500) < p).astype(int), p, COSTS)
        for name, costs in lost.items():
            told = true >= getattr(choice, name)
            costs.append(float(np.where(told, (1 - true) * COSTS[0, 1], true * COSTS[1, 0]).mean()))
    assert np.mean(lost["threshold"]) < np.mean(lost["empirical"])


def test_costs_that_ask_for_no_threshold_are_refused() -> None:
    """Where being wrong is not dearer, one class would always be the answer."""
    with pytest.raises(ConfigError, match=r"brief\.costs"):
        closed_form_threshold(np.array([[0.0, 0.0], [5.0, 0.0]]))


def test_rows_of_one_class_choose_nothing() -> None:
    """Nothing can be weighed against anything."""
    with pytest.raises(ModelError, match="both classes"):
        choose_by_cost(np.zeros(5, dtype=int), np.linspace(0, 1, 5), COSTS)
