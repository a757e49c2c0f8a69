"""Constants, chance and single features are models like others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.baselines import levels
from ml_lifecycle.modeling.estimators import load_model
from ml_lifecycle_tests.modeling.problems import KINDS, make_goal, make_samples


@pytest.mark.parametrize("kind", KINDS)
def test_simple_models_are_models(kind: Kind) -> None:
    """They predict in the form of their kind, also after storage; damaged files are refused."""
    train, goal = make_samples(kind), make_goal(kind)
    made = [levels.constant(train, goal, levels.level(train.y, goal)), levels.uniform(train, goal)]
    if kind is not Kind.RANKING:
        made.append(levels.stratified(train, goal))
    if goal.is_classification:
        made.append(levels.most_frequent(train, goal))
    for model in made:
        found = model.predict_matrix(train.matrix)
        files = model.to_files()
        np.testing.assert_array_equal(load_model(files).predict_matrix(train.matrix), found)
        assert found.shape == ((300, 3) if kind is Kind.MULTICLASS else (300,))
        with pytest.raises(PackageError, match=r"simple\.json"):
            load_model({**files, "simple.json": b"{"})


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS])
def test_the_most_frequent_class_is_named_for_certain(kind: Kind) -> None:
    """As certain as one unseen row of each other class allows, so that log loss stays finite."""
    samples = make_samples(kind)
    train, goal = replace(samples, y=np.where(np.arange(300) < 200, 1, 0)), make_goal(kind)
    found = levels.most_frequent(train, goal).predict_matrix(train.matrix)[0]
    rest = 1 / (300 + goal.classes)
    expected = 1 - rest if kind is Kind.BINARY else [rest, 1 - 2 * rest, rest]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS])
def test_stratified_chance_keeps_the_shares(kind: Kind) -> None:
    """Every row has one class for certain; as a whole they are as frequent as in training."""
    train, goal = make_samples(kind), make_goal(kind)
    found = levels.stratified(train, goal).predict_matrix(make_samples(kind, 4_000).matrix)
    drawn = found > 0.5 if kind is Kind.BINARY else found.argmax(axis=1)
    shares = np.bincount(drawn.astype(int), minlength=goal.classes) / 4_000
    np.testing.assert_allclose(shares, levels.class_shares(train.y, goal.classes), atol=0.04)
    assert np.unique(found).size == 2


def test_uniform_chance_stays_in_the_usual_range() -> None:
    """One outlier does not make the range absurd."""
    samples = make_samples(Kind.REGRESSION)
    train = replace(samples, y=np.where(np.arange(300) == 0, 1e9, samples.y))
    found = levels.uniform(train, make_goal(Kind.REGRESSION)).predict_matrix(train.matrix)
    assert found.max() < 10


@pytest.mark.parametrize("sign", [1, -1])
def test_a_single_feature_ranks_in_its_direction(sign: int) -> None:
    """The best feature is found in either direction; missing values come last."""
    train = make_samples(Kind.RANKING)
    turned = replace(train, y=sign * train.y + 3)
    model = levels.single_feature(turned, make_goal(Kind.RANKING))
    found = model.predict(np.array([[1, 0, 0, 0], [2, 0, 0, 0], [np.nan, 0, 0, 0]], dtype=np.float32))
    assert (found[1] > found[0]) == (sign > 0)
    assert found[2] == found.min()


@pytest.mark.parametrize("kind", KINDS)
def test_levels_count_rows_by_their_weight(kind: Kind) -> None:
    """A level is the weighted one."""
    samples = make_samples(kind)
    weight = np.where(samples.y >= np.median(samples.y), 1.0, 0.01)
    plain, weighted = (levels.level(samples.y, make_goal(kind), given) for given in (None, weight))
    assert weighted[-1] > plain[-1]


def test_the_median_counts_rows_by_their_weight() -> None:
    """Half of the weight lies at or below it."""
    y = np.array([3.0, 1.0, 2.0])
    assert levels.median(y) == 2
    assert levels.median(y, np.array([1.0, 1.0, 5.0])) == 2
    assert levels.median(y, np.array([9.0, 1.0, 5.0])) == 3
