"""Fitting again, and on shuffled labels."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import FAMILIES, Rounds, get_family
from ml_lifecycle.modeling.training import count_threads, fit_model, fit_on_shuffled_labels, fit_twice, refit
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


def test_threads_are_those_we_own() -> None:
    """The wish counts; without one it is the cores of this process."""
    assert count_threads(3) == 3
    assert count_threads(None) >= 1
