"""Baselines are honest and scored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.baselines import fit_baselines
from ml_lifecycle_tests.modeling.baselines.problems import fit, make_target, on_days
from ml_lifecycle_tests.modeling.problems import KINDS, RMSE, SCORES, make_samples

_CLASSES = {"most_frequent", "prior", "stratified", "uniform"}
_NUMBERS = {"mean", "median", "stratified", "uniform"}
_TIMES = {"recent_level", "last_value"}
_LEARNT = {"linear", "tree"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Kind.BINARY, _CLASSES | _TIMES | _LEARNT),
        (Kind.MULTICLASS, _CLASSES | _TIMES | _LEARNT),
        (Kind.REGRESSION, _NUMBERS | _TIMES | _LEARNT),
        (Kind.RANKING, {"uniform", "single_feature"} | _LEARNT),
    ],
)
def test_each_kind_has_its_baselines(kind: Kind, names: set[str]) -> None:
    """The baselines of a kind are all scored, and the best learns more than a constant."""
    found = fit(kind, timed=True)
    assert set(found.table["baseline"]) == names
    assert found.table["score"].notna().all()
    assert found.best in _LEARNT
    assert found.best_score == found.table["score"].iloc[0]
    assert found.table["best"].sum() == 1


def test_entities_add_a_baseline() -> None:
    """Persistence goes by entity too, and a ranking by the popularity of its items."""
    entity = pd.Series(np.arange(300) % 7)
    assert "last_value_of_entity" in set(fit(Kind.BINARY, timed=True, entity=entity).table["baseline"])
    assert "popularity" in set(fit(Kind.RANKING, entity=entity).table["baseline"])


def test_persistence_wins_where_labels_persist() -> None:
    """A level that moves slowly, and features that say nothing: the last value is the floor, also after storage."""
    walk = np.random.default_rng(0).normal(size=300).cumsum()
    train, valid = on_days(range(200), walk[:200]), on_days(range(200, 300), walk[200:], first_row=200)
    target = make_target(Kind.REGRESSION)
    found = fit_baselines(train, valid, kind=Kind.REGRESSION, target=target, score=RMSE)
    assert found.best == "last_value"
    np.testing.assert_array_equal(found.predict_best(valid), np.r_[walk[199], walk[200:299]])
    late = fit_baselines(
        train, valid, kind=Kind.REGRESSION, target=target, score=RMSE, label_delay=np.timedelta64(50, "D")
    )
    assert late.best_score > found.best_score


def test_the_recent_level_is_that_of_the_newest_rows() -> None:
    """It follows the newest tenth of the training rows, whatever the order they come in."""
    train = make_samples(Kind.REGRESSION, 100, timed=True)
    level = replace(train, y=np.where(np.arange(100) >= 90, 5.0, 1.0)).take(np.random.default_rng(0).permutation(100))
    scores = fit(Kind.REGRESSION, level, timed=True).table.set_index("baseline")["score"]
    valid = make_samples(Kind.REGRESSION, 100, seed=1)
    assert scores["recent_level"] == pytest.approx(RMSE(valid.y, np.full(100, 5.0)))


def test_intervals_are_computed_by_what_is_given() -> None:
    """Each baseline's interval comes from its own predictions; without a way to compute it there is none."""
    assert fit(Kind.REGRESSION).table[["low", "high"]].isna().all(axis=None)
    table = fit(Kind.REGRESSION, interval=lambda y, p, _: (RMSE(y, p) - 1, RMSE(y, p) + 1)).table
    np.testing.assert_allclose(table[["low", "high"]].mean(axis=1), table["score"])


def test_a_score_of_nothing_is_an_error() -> None:
    """When no baseline can be scored the validation split is to blame, and said so."""
    nan = replace(RMSE, function=lambda *_: float("nan"))
    samples = make_samples(Kind.REGRESSION)
    with pytest.raises(ModelError, match="no baseline can be scored"):
        fit_baselines(samples, samples, kind=Kind.REGRESSION, target=make_target(Kind.REGRESSION), score=nan)


@pytest.mark.parametrize("kind", KINDS)
def test_every_baseline_can_be_fitted_with_weights(kind: Kind) -> None:
    """Guessed labels count less, and break nothing."""
    samples = make_samples(kind, timed=True)
    weight = np.where(samples.y >= np.median(samples.y), 1.0, 0.01)
    table = fit(kind, replace(samples, weight=weight), timed=True).table
    assert table["score"].notna().all()
    assert SCORES[kind].name == fit(kind).metric
