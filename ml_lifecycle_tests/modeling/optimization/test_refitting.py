"""Tests of `ml_lifecycle.modeling.optimization.refitting`."""

from __future__ import annotations

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.optimization.forms import Form, Refused
from ml_lifecycle.modeling.optimization.refitting import (
    Weights,
    fit_weights,
    fold_weights,
    prune_and_refit,
    tree_outputs,
)
from ml_lifecycle_tests.modeling.optimization.small import ROUNDS, boosted, new_rows
from ml_lifecycle_tests.modeling.problems import make_samples


def _raw(text: str, values: np.ndarray) -> np.ndarray:
    return np.asarray(lgb.Booster(model_str=text).predict(values, raw_score=True))


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION])
def test_the_trees_add_up_to_the_model(kind: Kind) -> None:
    """What each tree says of a row, summed, is the raw prediction."""
    model = boosted(kind)
    outputs = tree_outputs(model, ModelText.parse(model.text), new_rows(kind))
    np.testing.assert_allclose(outputs.sum(axis=1).squeeze(), _raw(model.text, new_rows(kind)), rtol=1e-12)


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS])
def test_folded_weights_predict_the_weighted_sum(kind: Kind) -> None:
    """The law of folding, with intercepts."""
    model = boosted(kind)
    text, classes = ModelText.parse(model.text), 3 if kind is Kind.MULTICLASS else 1
    chosen = Weights(np.array([0, 4, 7]), np.array([0.5, -2.0, 1.25]), np.arange(classes) + 0.25)
    outputs = tree_outputs(model, text, new_rows(kind))[:, chosen.kept]
    expected = np.einsum("ntk,t->nk", outputs, chosen.weights) + chosen.intercepts
    found = _raw(fold_weights(text, chosen).write(), new_rows(kind))
    np.testing.assert_allclose(found.reshape(-1, classes), expected, rtol=1e-12)


def test_trees_that_say_the_same_stand_for_each_other() -> None:
    """Of four equal rounds one is kept and counts four times; a constant one becomes an intercept."""
    rng = np.random.default_rng(0)
    said = rng.normal(size=200)
    outputs = np.stack([said, said, np.full(200, 3.0), said, said], axis=1)[:, :, None]
    found = fit_weights(outputs, keep=1)
    assert found.weights == pytest.approx([4.0], rel=1e-4)
    assert found.kept.tolist() != [2]
    assert found.intercepts == pytest.approx([3.0], abs=1e-4)


@pytest.mark.parametrize("kind", list(Kind))
def test_half_of_the_trees_follow_the_whole_better_than_the_first_half(kind: Kind) -> None:
    """For every kind of problem; it is a LightGBM model like any other."""
    model = boosted(kind)
    form = prune_and_refit(model, make_samples(kind), 0.5)
    assert isinstance(form, Form)
    assert isinstance(form.model, LightGBMModel)
    assert form.model.iterations == ROUNDS // 2
    whole = _raw(model.text, new_rows(kind))
    refitted, first = (_raw(each.text, new_rows(kind)) for each in (form.model, model.first_rounds(ROUNDS // 2)))
    assert np.abs(refitted - whole).mean() < np.abs(first - whole).mean()


def test_what_cannot_be_pruned_is_refused() -> None:
    """One round; a monotone promise that a weight below 0 would break."""
    assert isinstance(prune_and_refit(boosted(rounds=1), make_samples(Kind.BINARY), 0.5), Refused)
    model = boosted()
    rising = replace(model.facts, goal=replace(model.facts.goal, monotone={"age": 1}))
    form = prune_and_refit(LightGBMModel(rising, model.text), make_samples(Kind.BINARY), 0.5)
    assert isinstance(form, Form) or "monotone" in form.reason
