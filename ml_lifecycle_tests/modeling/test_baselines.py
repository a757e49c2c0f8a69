"""Baselines are honest, scored and storable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.errors import ModelError, PackageError
from ml_lifecycle.modeling.baselines import Baselines, fit_baselines
from ml_lifecycle.modeling.estimators import load_model
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle_tests.modeling.problems import KINDS, SCORES, make_goal, make_samples

TASKS = {Kind.REGRESSION: Task.REGRESSION, Kind.RANKING: Task.RANKING}


def fit(kind: Kind, train: Samples | None = None, *, timed: bool = False) -> Baselines:
    """Fit the baselines of a small problem."""
    samples = train or make_samples(kind, timed=timed)
    target = Target.fit(
        pd.Series(make_samples(kind).y),
        TASKS.get(kind, Task.CLASSIFICATION),
        name="y",
        positive_class=1 if kind is Kind.BINARY else None,
    )
    return fit_baselines(
        samples, make_samples(kind, 100, seed=1, timed=timed), kind=kind, target=target, score=SCORES[kind]
    )


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Kind.BINARY, {"prior", "random", "persistence", "linear", "tree"}),
        (Kind.MULTICLASS, {"prior", "random", "persistence", "linear", "tree"}),
        (Kind.REGRESSION, {"mean", "median", "random", "persistence", "linear", "tree"}),
        (Kind.RANKING, {"random", "single_feature", "linear", "tree"}),
    ],
)
def test_each_kind_has_its_baselines(kind: Kind, names: set[str]) -> None:
    """The baselines of a kind are all scored, and the best learns more than a constant."""
    found = fit(kind, timed=True)
    assert set(found.table["baseline"]) == names
    assert found.table["score"].notna().all()
    assert found.best in {"linear", "tree"}
    assert found.best_score == found.table["score"].iloc[0]
    assert found.table["best"].sum() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_predicts_and_survives_storage(kind: Kind) -> None:
    """The best baseline predicts other samples in the form of a model, also after storage."""
    found = fit(kind)
    test = make_samples(kind, 50, seed=3)
    again = Baselines.from_parts(found.to_parts())
    np.testing.assert_array_equal(again.predict_best(test), found.predict_best(test))
    assert (again.best, again.best_score, again.metric) == (found.best, found.best_score, found.metric)
    score = SCORES[kind](test.y, found.predict_best(test))
    assert abs(score - found.best_score) < 0.5


def test_persistence_is_the_level_of_the_newest_rows() -> None:
    """Persistence follows the newest tenth of the training rows, whatever the order they come in."""
    train = make_samples(Kind.REGRESSION, 100, timed=True)
    level = replace(train, y=np.where(np.arange(100) >= 90, 5.0, 1.0)).take(np.random.default_rng(0).permutation(100))
    found = fit(Kind.REGRESSION, level, timed=True)
    scores = found.table.set_index("baseline")["score"]
    valid = make_samples(Kind.REGRESSION, 100, seed=1)
    assert scores["persistence"] == pytest.approx(SCORES[Kind.REGRESSION](valid.y, np.full(100, 5.0)))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_single_feature_ranks_in_its_direction(sign: int) -> None:
    """The best feature is found in either direction; missing values come last."""
    from ml_lifecycle.modeling.baselines import _single

    train = make_samples(Kind.RANKING)
    turned = replace(train, y=sign * train.y + 3)
    model = _single(turned, make_goal(Kind.RANKING))
    found = model.predict(np.array([[1, 0, 0, 0], [2, 0, 0, 0], [np.nan, 0, 0, 0]], dtype=np.float32))
    assert (found[1] > found[0]) == (sign > 0)
    assert found[2] == found.min()


def test_a_score_of_nothing_is_an_error() -> None:
    """When no baseline can be scored the validation split is to blame, and said so."""
    nan = replace(SCORES[Kind.REGRESSION], function=lambda *_: float("nan"))
    samples = make_samples(Kind.REGRESSION)
    target = Target.fit(pd.Series(samples.y), Task.REGRESSION, name="y", positive_class=None)
    with pytest.raises(ModelError, match="no baseline can be scored"):
        fit_baselines(samples, samples, kind=Kind.REGRESSION, target=target, score=nan)


@pytest.mark.parametrize("kind", KINDS)
def test_simple_models_are_models(kind: Kind) -> None:
    """Constants and chance predict in the form of their kind, also after storage; damaged files are refused."""
    from ml_lifecycle.modeling.baselines import _chance, _constant, _level

    train, goal = make_samples(kind), make_goal(kind)
    for model in (_constant(train, goal, _level(train.y, goal, None)), _chance(train, goal)):
        found = model.predict_matrix(train.matrix)
        files = model.to_files()
        np.testing.assert_array_equal(load_model(files).predict_matrix(train.matrix), found)
        assert found.shape == ((300, 3) if kind is Kind.MULTICLASS else (300,))
        with pytest.raises(PackageError, match=r"simple\.json"):
            load_model({**files, "simple.json": b"{"})


@pytest.mark.parametrize("kind", KINDS)
def test_baselines_count_rows_by_their_weight(kind: Kind) -> None:
    """A constant is the weighted level, and every baseline can be fitted with weights."""
    from ml_lifecycle.modeling.baselines import _level, _median

    samples = make_samples(kind)
    heavy = samples.y >= np.median(samples.y)
    weight = np.where(heavy, 1.0, 0.01)
    assert fit(kind, replace(samples, weight=weight)).table["score"].notna().all()
    plain, weighted = (_level(samples.y, make_goal(kind), given) for given in (None, weight))
    assert weighted[-1] > plain[-1]
    assert _median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 5.0])) == 2
    assert _median(np.array([3.0, 1.0, 2.0]), np.array([9.0, 1.0, 5.0])) == 3
