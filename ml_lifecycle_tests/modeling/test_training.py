"""Fitting again, and on shuffled labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import FAMILIES, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.training import (
    count_threads,
    fit_model,
    fit_on_shuffled_labels,
    fit_twice,
    refit,
    refit_with,
)
from ml_lifecycle_tests.modeling.problems import CORRELATION, SCORES, make_goal, make_samples


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.RANKING])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_is_fitted_again_to_the_byte(family: str, kind: Kind) -> None:
    """A fit that early stopping ended is repeated from its facts alone, without validation rows."""
    train = make_samples(kind)
    rules = Rounds(60, patience=5, score=SCORES[kind])
    chosen = get_family(family)
    model = fit_model(chosen, train, make_samples(kind, 80, seed=1), {}, goal=make_goal(kind), rounds=rules).model
    assert refit(model, train).to_files() == model.to_files()


def test_the_proof_is_bounded() -> None:
    """Two fits of the same are equal; the caps on rows and rounds hold and are told."""
    train = make_samples(Kind.BINARY)
    model = fit_model(get_family("lightgbm"), train, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(12)).model
    proof = fit_twice(model, train, rows=100, rounds=4)
    assert proof.first == proof.second
    assert (proof.rows, proof.rounds) == (100, 4)
    other = fit_twice(model, train.take(np.arange(200, 300)), rows=100, rounds=4)
    assert other.first != proof.first


@pytest.mark.parametrize("family", FAMILIES)
def test_shuffled_labels_teach_nothing(family: str) -> None:
    """A model of shuffled labels predicts all validation rows and knows nothing of them."""
    train, valid = make_samples(Kind.REGRESSION, 2000), make_samples(Kind.REGRESSION, 500, seed=1)
    goal = make_goal(Kind.REGRESSION)
    found = fit_on_shuffled_labels(train, valid, get_family(family), {}, goal=goal, rows=1500, rounds=5)
    assert found.shape == valid.y.shape
    assert abs(CORRELATION(valid.y, found)) < 0.35


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.REGRESSION])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_counts_by_its_weight(family: str, kind: Kind) -> None:
    """Rows that hardly weigh teach hardly anything; equal weights change nothing, but for the draws of a forest."""
    honest, goal = make_samples(kind, 400), make_goal(kind)
    wrong = 1 - honest.y if kind is Kind.BINARY else -honest.y
    mixed = replace(
        honest,
        y=np.concatenate([honest.y[:200], wrong[200:]]),
        weight=np.where(np.arange(400) < 200, 1.0, 1e-3),
    )
    valid, score = make_samples(kind, 200, seed=1), SCORES[kind]

    def loss(train: Samples) -> float:
        model = fit_model(get_family(family), train, None, {}, goal=goal, rounds=Rounds(20)).model
        return score(valid.y, model.predict_matrix(valid.matrix))

    assert loss(mixed) < loss(replace(mixed, weight=None))
    if family == "random_forest":
        return
    ones = fit_model(
        get_family(family), replace(honest, weight=np.ones(400)), None, {}, goal=goal, rounds=Rounds(5)
    ).model
    none = fit_model(get_family(family), honest, None, {}, goal=goal, rounds=Rounds(5)).model
    np.testing.assert_allclose(ones.predict_matrix(valid.matrix), none.predict_matrix(valid.matrix), rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_weighted_model_is_fitted_again_to_the_byte(family: str) -> None:
    """Weights come from the rows, so the proof of reproducibility holds with them."""
    train = replace(make_samples(Kind.BINARY), weight=np.linspace(0.5, 1, 300))
    model = fit_model(get_family(family), train, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(10)).model
    proof = fit_twice(model, train, rows=200)
    assert proof.first == proof.second
    assert proof.first != fit_twice(model, replace(train, weight=None), rows=200).first


def test_threads_are_those_we_own() -> None:
    """The wish counts; without one it is the cores of this process."""
    assert count_threads(3) == 3
    assert count_threads(None) >= 1


@pytest.mark.parametrize("kind", Kind)
def test_a_model_learns_from_further_rows(kind: Kind) -> None:
    """Parameters and rounds stay, the rows become more, and it is the model that a fit on all of them gives."""
    train, more = make_samples(kind), make_samples(kind, 100, seed=1)
    family, goal = get_family("lightgbm"), make_goal(kind)
    model = fit_model(family, train, None, {}, goal=goal, rounds=Rounds(8)).model
    both = refit_with(model, train, more)
    assert (both.facts.rows, both.iterations, both.parameters) == (400, model.iterations, model.parameters)
    whole = fit_model(family, train.join(more), None, model.parameters, goal=goal, rounds=Rounds(8)).model
    assert both.to_files() == whole.to_files()


def test_a_model_of_a_part_learns_from_as_large_a_part() -> None:
    """Half of the training rows, then half of all."""
    train, more = make_samples(Kind.BINARY), make_samples(Kind.BINARY, 100, seed=1)
    half = train.take(np.arange(150))
    model = fit_model(get_family("lightgbm"), half, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(4)).model
    assert refit_with(model, train, more).facts.rows == 200
