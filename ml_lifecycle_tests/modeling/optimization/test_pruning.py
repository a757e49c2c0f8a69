"""Tests of `ml_lifecycle.modeling.optimization.pruning`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import load_model
from ml_lifecycle.modeling.optimization.forms import Form, Refused
from ml_lifecycle.modeling.optimization.pruning import count_kept, list_rounds, prune
from ml_lifecycle_tests.modeling.optimization.small import ROUNDS, boosted, fitted, new_rows

_WITH_ROUNDS = ["lightgbm", "xgboost", "catboost", "hist_gradient_boosting", "random_forest"]


@pytest.mark.parametrize("family", _WITH_ROUNDS)
def test_all_rounds_are_the_whole_model(family: str) -> None:
    """The law of shortening: nothing taken out, nothing changed, also after it was stored."""
    model = fitted(family=family)
    whole = model.first_rounds(model.iterations)
    assert whole is not None
    np.testing.assert_array_equal(whole.predict(new_rows()), model.predict(new_rows()))
    half = model.first_rounds(ROUNDS // 2)
    assert half is not None
    assert half.iterations == ROUNDS // 2
    stored = load_model(half.to_files())
    np.testing.assert_array_equal(stored.predict(new_rows()), half.predict(new_rows()))
    assert not np.array_equal(half.predict(new_rows()), model.predict(new_rows()))


def test_all_rounds_of_lightgbm_are_the_same_bytes() -> None:
    """And the same facts."""
    model = boosted()
    assert model.first_rounds(ROUNDS).to_files() == model.to_files()


def test_the_fewest_rounds_that_keep_the_quality_are_taken() -> None:
    """Tried from the fewest up; the judge decides."""
    asked = []

    def keeps(model: object) -> bool:
        asked.append(model.iterations)  # type: ignore[attr-defined]
        return asked[-1] >= 9

    form = prune(boosted(), 0.5, keeps)
    assert isinstance(form, Form)
    assert form.model is not None
    assert form.model.iterations == 9
    assert asked == [6, 7, 8, 9]
    assert "9 of 12" in form.note


def test_where_every_shorter_model_loses_it_is_said() -> None:
    """The model stays whole then."""
    form = prune(boosted(), 0.5, lambda _: False)
    assert isinstance(form, Refused)
    assert "keeps the quality" in form.reason


@pytest.mark.parametrize("family", ["linear", "knn", "decision_tree"])
def test_models_without_rounds_are_refused(family: str) -> None:
    """With the name of the family."""
    form = prune(fitted(Kind.BINARY, family), 0.5, lambda _: True)
    assert isinstance(form, Refused)
    assert family in form.reason


@given(rounds=st.integers(2, 3000), sparsity=st.floats(0.01, 0.99))
def test_no_more_is_taken_out_than_the_sparsity_allows(rounds: int, sparsity: float) -> None:
    """And at least one round stays, and something is taken out."""
    tried = list_rounds(rounds, sparsity)
    assert tried == sorted(set(tried))
    assert all(max(1, count_kept(rounds, sparsity)) <= number < rounds for number in tried)
