"""Missing numbers: less than all others, or their median, which the stored model knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import Rounds, get_family, load_model
from ml_lifecycle.modeling.estimators.catboost_data import (
    LOWEST,
    MEDIAN,
    MISSING_NUMBERS,
    fill_gaps,
    find_medians,
    has_gaps,
)
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples

TRAIN = make_samples(Kind.BINARY)


def test_medians_are_of_the_numbers_that_are_there() -> None:
    """A category keeps its gaps, which are a category; a column of gaps alone gets 0."""
    values = np.array([[1, np.nan, 0], [3, np.nan, np.nan], [np.nan, np.nan, 2]], dtype=np.float32)
    rows = replace(TRAIN.take(np.arange(3)), matrix=FeatureMatrix(values, ("a", "b", "c"), (2,)))
    medians = find_medians(rows)
    assert medians[:2].tolist() == [2.0, 0.0]
    filled = fill_gaps(values, medians)
    assert filled[:, 0].tolist() == [1.0, 3.0, 2.0]
    assert np.isnan(filled[1, 2])


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.RANKING])
def test_a_model_fills_as_its_training_did(kind: Kind) -> None:
    """What it says of a gap is what it says of the median; also after it was stored, shortened, and for one row."""
    family, goal, train = get_family("catboost"), make_goal(kind), make_samples(kind)
    prepared = family.prepare(train, None, goal, {})
    model = family.fit(prepared, {MISSING_NUMBERS: MEDIAN, "depth": 3}, Rounds(6)).model
    rows = train.matrix.values[:40].copy()
    rows[::2, 1] = np.nan
    filled = fill_gaps(rows, find_medians(train))
    assert np.array_equal(model.predict(rows), model.predict(filled))
    assert np.array_equal(load_model(model.to_files()).predict(rows), model.predict(rows))
    assert np.array_equal(np.array([model.predict_row(row) for row in rows[:6]]), model.predict(rows[:6]))
    shorter = model.first_rounds(3)
    assert shorter is not None
    assert np.array_equal(shorter.predict(rows), shorter.predict(filled))
    sums, also = model.contributions(rows), model.contributions(filled)
    assert sums is not None
    assert np.array_equal(sums, also)


def test_what_is_lowest_stays_so() -> None:
    """Without being asked for, nothing is filled."""
    family, goal = get_family("catboost"), make_goal(Kind.BINARY)
    prepared = family.prepare(TRAIN, None, goal, {})
    plain, lowest = (
        family.fit(prepared, {**more, "depth": 3}, Rounds(5)).model for more in ({}, {MISSING_NUMBERS: LOWEST})
    )
    assert plain.to_files()["model.cbm"] == lowest.to_files()["model.cbm"]


def test_without_gaps_there_is_nothing_to_search() -> None:
    """The hyperparameter is idle, and both ways are one."""
    family = get_family("catboost")
    whole = replace(TRAIN, matrix=replace(TRAIN.matrix, values=fill_gaps(TRAIN.matrix.values, find_medians(TRAIN))))
    assert has_gaps(TRAIN)
    assert family.idle(TRAIN) == frozenset()
    assert family.idle(whole) == {MISSING_NUMBERS}
    prepared = family.prepare(whole, None, make_goal(Kind.BINARY), {})
    assert prepared.treated(LOWEST) is prepared.treated(MEDIAN)  # type: ignore[attr-defined]
