"""One clock times single predictions: in turns, after some that warm up, by the quickest stretch."""

import time

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import Rounds, get_family
from ml_lifecycle.modeling.latency import Latency, ask_rows, compare_latency, measure_latency
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples


def test_percentiles_are_in_milliseconds_and_rise() -> None:
    """A call that sleeps a millisecond takes at least one."""
    found = measure_latency(lambda: time.sleep(0.001), repeats=10, warmup=0)
    assert 1 <= found.p50_ms <= found.p95_ms <= found.p99_ms < 100


def test_calls_take_turns_after_those_that_warm_up() -> None:
    """Both are called equally often, one after the other."""
    order: list[str] = []
    compare_latency({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=3, warmup=2)
    assert order == ["a", "a", "b", "b", *["a", "b"] * 3]


def test_a_disturbance_does_not_count() -> None:
    """Calls that something else held up for a while say nothing of the model; too few calls are taken as they are."""
    held_up = iter([True] * 20 + [False] * 40 + [True] * 20)

    def call() -> None:
        if next(held_up):
            time.sleep(0.002)

    assert measure_latency(call, repeats=60, warmup=0).p50_ms < 1
    assert measure_latency(call, repeats=20, warmup=0).p50_ms >= 2


def test_a_single_call_is_its_own_percentiles() -> None:
    """As few as one will do."""
    found = measure_latency(list, repeats=1, warmup=0)
    assert found == Latency(found.p50_ms, found.p50_ms, found.p50_ms)


def test_no_calls_are_refused() -> None:
    """Nothing can be said of them."""
    with pytest.raises(ValueError, match="at least 1 repeat, got 0"):
        measure_latency(list, repeats=0)


def test_a_model_is_asked_for_one_row_after_the_other() -> None:
    """Again from the first where they end."""
    rows, goal, family = make_samples(Kind.REGRESSION, 60), make_goal(Kind.REGRESSION), get_family("decision_tree")
    parameters = family.default_parameters(len(rows), goal)
    model = fit_model(family, rows, None, parameters, goal=goal, rounds=Rounds(1)).model
    values = rows.matrix.select(model.facts.names).values[:2]
    ask = ask_rows(model, values)
    np.testing.assert_allclose(np.ravel([ask() for _ in range(4)]), np.tile(model.predict(values), 2))
