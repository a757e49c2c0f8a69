"""Trials are read as columns, and what mattered in them is found."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.evaluation.plots.search_table import Searched, complete_trials, parameter_importance, read_parameters
from ml_lifecycle_tests.evaluation.searches import trials

_RNG = np.random.default_rng(0)
_PARAMS = [
    {"rate": float(10 ** _RNG.uniform(-3, 0)), "kind": str(_RNG.choice(["a", "b"])), "noise": float(_RNG.random())}
    for _ in range(40)
]
_VALUES = [np.log10(item["rate"]) + 0.3 * (item["kind"] == "b") for item in _PARAMS]


@pytest.mark.parametrize("sign", [1, -1])
def test_what_decides_is_the_most_important(sign: int) -> None:
    """In either direction of the score; what does nothing comes last, and shares sum to one."""
    found = parameter_importance(trials([sign * value for value in _VALUES], _PARAMS))
    assert found["parameter"].tolist() == ["rate", "kind", "noise"]
    assert found["share"].sum() == pytest.approx(1)
    assert found["share"].iloc[0] > 0.6


def test_a_few_or_equal_trials_say_nothing() -> None:
    """Better no picture than one of chance."""
    assert parameter_importance(trials(_VALUES[:4], _PARAMS[:4])).empty
    assert parameter_importance(trials([1.0] * 10, _PARAMS[:10])).empty
    assert parameter_importance(trials(_VALUES, [{}] * 40)).empty
    assert parameter_importance(trials(_VALUES, _PARAMS, "pruned")).empty


def test_parameters_are_numbers_orders_of_magnitude_or_categories() -> None:
    """A wide positive range is read by its logarithm; a missing value stays missing."""
    wide, narrow, named, flags = (
        Searched.of("x", values) for values in ([0.001, 1.0, None], [5, 9, 7], ["b", None, "a"], [True, False, True])
    )
    np.testing.assert_allclose(wide.codes, [-3, 0, np.nan])
    assert (wide.log, narrow.log) == (True, False)
    assert named.labels == ("a", "b")
    np.testing.assert_allclose(named.codes, [1, np.nan, 0])
    assert flags.labels == ("False", "True")
    assert not Searched.of("x", [3, 3, None]).varies


def test_trials_may_have_different_parameters() -> None:
    """A conditional hyperparameter is missing in some of them."""
    params = [{"a": number, "b": number} if number % 2 else {"a": number} for number in range(12)]
    table = trials(range(12), params)
    assert [item.name for item in read_parameters(table)] == ["a", "b"]
    assert set(parameter_importance(table)["parameter"]) == {"a", "b"}


def test_only_trials_on_as_many_rows_are_compared() -> None:
    """A value on few rows is another figure."""
    table = trials([1, 2, np.nan, 4], [{}] * 4, ["complete", "complete", "complete", "pruned"])
    assert complete_trials(table)["number"].tolist() == [0, 1]
    assert complete_trials(table.assign(rows=[100, 50, 100, 100]))["number"].tolist() == [0]
