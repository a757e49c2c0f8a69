"""Several models as one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.estimators import FittedModel, Rounds, get_family, load_model
from ml_lifecycle.modeling.estimators.blend import BlendModel, Mix, blend_models, log_odds
from ml_lifecycle.modeling.training import fit_model, fit_on_shuffled_labels, fit_twice, refit
from ml_lifecycle_tests.modeling.problems import KINDS, SCORES, make_goal, make_samples


def fit_members(kind: Kind, third: str) -> list[FittedModel]:
    """A few trees twice, and a third model."""
    train, goal = make_samples(kind), make_goal(kind)
    return [
        fit_model(get_family(family), train, None, {}, goal=goal, rounds=Rounds(most)).model
        for family, most in (("lightgbm", 6), ("lightgbm", 12), (third, 2))
    ]


def make_blend(kind: Kind, third: str = "linear") -> BlendModel:
    """The mean for numbers, log odds for classes."""
    if kind in {Kind.BINARY, Kind.MULTICLASS}:
        mix = Mix("odds", (0.5, 0.3, 0.4), (0.1,) if kind is Kind.BINARY else (0.1, 0.0, -0.2))
    else:
        mix = Mix("mean", (0.5, 0.3, 0.2), (0.25,))
    return blend_models(fit_members(kind, third), mix, make_goal(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_blend_is_stored_and_predicts_as_before(kind: Kind) -> None:
    """To the last bit, in many rows and in one (as far as its members do, which linear ones do to 15 digits)."""
    blend, rows = make_blend(kind, third="lightgbm"), make_samples(kind, 60, seed=2)
    restored = load_model(blend.to_files())
    assert restored.family == "blend"
    assert restored.to_files() == blend.to_files()
    many = blend.predict_matrix(rows.matrix)
    np.testing.assert_array_equal(restored.predict_matrix(rows.matrix), many)
    for values, expected in zip(rows.matrix.values, many, strict=True):
        np.testing.assert_array_equal(restored.predict_row(values), expected)


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS])
def test_mixed_odds_are_probabilities(kind: Kind) -> None:
    """They lie within 0 and 1; those of several classes sum to 1."""
    predictions = make_blend(kind).predict_matrix(make_samples(kind).matrix)
    assert ((predictions > 0) & (predictions < 1)).all()
    if kind is Kind.MULTICLASS:
        np.testing.assert_allclose(predictions.sum(axis=1), 1)


def test_the_mean_is_weighted() -> None:
    """And log odds of one member with the weight 1 give its probabilities again."""
    p, q = np.array([0.2, 0.8]), np.array([0.4, 0.6])
    np.testing.assert_allclose(Mix("mean", (0.25, 0.75))([p, q]), [0.35, 0.65])
    np.testing.assert_allclose(Mix("odds", (1.0, 0.0))([p, q]), p)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_blend_is_fitted_again_to_the_byte(kind: Kind) -> None:
    """From its facts alone, whatever its members are; also with fewer rows and rounds, as proofs do."""
    blend, train = make_blend(kind), make_samples(kind)
    assert refit(blend, train).to_files() == blend.to_files()
    proof = fit_twice(blend, train, rows=100, rounds=3)
    assert proof.first == proof.second
    assert (proof.rows, proof.rounds) == (100, 3)


def test_a_blend_learns_nothing_from_shuffled_labels() -> None:
    """The sanity check takes its parameters as those of any family."""
    kind = Kind.BINARY
    blend, valid = make_blend(kind), make_samples(kind, 200, seed=1)
    facts = blend.facts
    family = get_family(facts.family)
    told = fit_on_shuffled_labels(make_samples(kind), valid, family, facts.parameters, goal=facts.goal)
    assert SCORES[kind](valid.y, told) > SCORES[kind](valid.y, blend.predict_matrix(valid.matrix))


def test_what_a_blend_does_is_shared_among_the_features() -> None:
    """By the weights of its members."""
    blend = make_blend(Kind.BINARY)
    assert sum(blend.importance().values()) == pytest.approx(1)
    by_hand = sum(
        weight * one.importance()["age"] for weight, one in zip(blend.mix.weights, blend.members, strict=True)
    ) / sum(blend.mix.weights)
    assert blend.importance()["age"] == pytest.approx(by_hand)


def test_a_family_judges_what_it_fitted() -> None:
    """The score of a blend on validation rows is told, where one is asked for."""
    blend, valid = make_blend(Kind.REGRESSION), make_samples(Kind.REGRESSION, 80, seed=1)
    family, train = get_family("blend"), make_samples(Kind.REGRESSION)
    prepared = family.prepare(train, valid, blend.facts.goal, blend.parameters)
    fit = family.fit(prepared, blend.parameters, Rounds(100, score=SCORES[Kind.REGRESSION]))
    assert fit.score == SCORES[Kind.REGRESSION](valid.y, blend.predict_matrix(valid.matrix))
    assert fit.model.to_files() == blend.to_files()
    with pytest.raises(TypeError, match=r"Blend\.prepare"):
        family.fit(get_family("linear").prepare(train, None, blend.facts.goal, {}), blend.parameters, Rounds(1))


def test_a_damaged_blend_is_refused() -> None:
    """A member that is missing, or facts without weights."""
    files = make_blend(Kind.BINARY).to_files()
    with pytest.raises(PackageError, match="members/1"):
        load_model({name: content for name, content in files.items() if not name.startswith("members/1/")})
    facts = json.loads(files["model.json"])
    facts["parameters"].pop("weights")
    with pytest.raises(PackageError, match="of a blend cannot be read"):
        load_model({**files, "model.json": json.dumps(facts).encode()})
