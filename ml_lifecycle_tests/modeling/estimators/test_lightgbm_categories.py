"""The forms of categories: what each is good for, and that a model of means becomes the same model of codes."""

from __future__ import annotations

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import Goal, Rounds, get_family, load_model
from ml_lifecycle.modeling.estimators.lightgbm_categories import (
    CATEGORIES,
    CODES,
    SETS,
    TARGET_MEANS,
    CategoryMeans,
    encode_by_folds,
    list_forms,
)
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle_tests.modeling.problems import LOG_LOSS, RMSE, make_goal, make_samples


def draw(rows: int, seed: int, kind: Kind = Kind.REGRESSION, codes: int = 70) -> Samples:
    """Rows whose target is that of their category, of which there are many, and of a number."""
    rng = np.random.default_rng(seed)
    values = np.column_stack([rng.integers(0, codes, rows), rng.normal(size=rows), rng.integers(0, 3, rows)])
    values = values.astype(np.float32)
    signal = np.random.default_rng(9).normal(size=codes)[values[:, 0].astype(int)] + 0.3 * values[:, 1]
    values[:: rows // 40, 0] = np.nan
    y = signal + rng.normal(scale=0.2, size=rows)
    matrix = FeatureMatrix(np.ascontiguousarray(values), ("shop", "x", "colour"), (0, 2))
    return Samples(matrix, (y > 0).astype(np.int64) if kind is Kind.BINARY else y, np.arange(rows))


def test_means_are_for_goals_with_one_figure_per_row() -> None:
    """A class of several has no mean."""
    assert list_forms(make_goal(Kind.BINARY)) == (CODES, SETS, TARGET_MEANS)
    assert list_forms(make_goal(Kind.MULTICLASS)) == list_forms(make_goal(Kind.RANKING)) == (CODES, SETS)


def test_a_mean_is_drawn_to_that_of_all() -> None:
    """Two rows of a category count against the prior's twenty; what is missing or new has the mean of all."""
    matrix = FeatureMatrix(np.array([[0], [0], [1], [np.nan]], dtype=np.float32), ("shop",), (0,))
    train = Samples(matrix, np.array([4.0, 4.0, 0.0, 0.0]), np.arange(4))
    means = CategoryMeans.fit(train)
    asked = FeatureMatrix(np.array([[0], [7], [np.nan], [-1]], dtype=np.float32), ("shop",), (0,))
    encoded = means.encode(replace(train, matrix=asked)).matrix
    assert encoded.categorical == ()
    assert encoded.values[:, 0] == pytest.approx([(8 + 20 * 2) / 22, 2, 2, 2])


def test_no_training_row_meets_its_own_target() -> None:
    """Changing one target changes the numbers of other rows only."""
    train = draw(200, 0)
    y = train.y.copy()
    y[17] += 100
    before, after = (encode_by_folds(rows, 0).matrix.values for rows in (train, replace(train, y=y)))
    assert np.array_equal(before[17], after[17])
    assert not np.array_equal(before, after)


def test_weights_count() -> None:
    """A row that counts ten times draws the mean of its category."""
    train = draw(200, 0)
    heavy = replace(train, weight=np.where(np.arange(200) == 3, 10.0, 1.0))
    assert not np.array_equal(CategoryMeans.fit(train).tables[0], CategoryMeans.fit(heavy).tables[0])


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.REGRESSION])
def test_a_model_of_means_takes_codes(kind: Kind) -> None:
    """What is stored predicts from codes what the booster said of means, to the last bit, also of cells never seen."""
    family, goal = get_family("lightgbm"), make_goal(kind)
    train, valid = draw(1500, 0, kind), draw(400, 1, kind)
    prepared = family.prepare(train, valid, goal, {})
    parameters = {**family.default_parameters(1500, goal), CATEGORIES: TARGET_MEANS}
    score = LOG_LOSS if kind is Kind.BINARY else RMSE
    fit = family.fit(prepared, parameters, Rounds(40, 40, score))
    strange = valid.matrix.values.copy()
    strange[:4, 0] = [70, 5000, -1, np.nan]
    means = CategoryMeans.fit(train)
    matrix = FeatureMatrix(strange, valid.matrix.names, (0, 2))
    told = replace(valid, matrix=matrix)
    binned = prepared.of_form(TARGET_MEANS)  # type: ignore[attr-defined]
    raw = lgb.train(
        {"objective": "binary" if kind is Kind.BINARY else "regression", "verbosity": -1, "num_leaves": 20, "seed": 1},
        lgb.Dataset(binned.train.matrix.values, train.y),
        30,
    )
    baked = lgb.Booster(model_str=means.to_codes(raw.model_to_string()))
    assert np.array_equal(baked.predict(strange), raw.predict(means.encode(told).matrix.values))
    assert fit.score == score(valid.y, fit.model.predict_matrix(valid.matrix))
    assert np.array_equal(load_model(fit.model.to_files()).predict(strange), fit.model.predict(strange))
    rows = np.array([fit.model.predict_row(row) for row in strange[:30]])
    assert np.array_equal(rows, fit.model.predict(strange[:30]))


@settings(max_examples=15, deadline=None)
@given(codes=st.integers(1, 100), seed=st.integers(0, 5))
def test_sets_of_any_size_are_packed(codes: int, seed: int) -> None:
    """However many categories there are, the rewritten model says what the model of means says."""
    train = draw(300, seed, codes=codes)
    means, rows = CategoryMeans.fit(train), encode_by_folds(train, seed).matrix.values
    raw = lgb.train({"verbosity": -1, "min_data_in_leaf": 3, "num_threads": 1}, lgb.Dataset(rows, train.y), 5)
    baked = lgb.Booster(model_str=means.to_codes(raw.model_to_string()))
    seen = means.encode(train).matrix.values
    assert np.array_equal(baked.predict(train.matrix.values), raw.predict(seen))


def test_means_beat_codes_whose_order_means_nothing() -> None:
    """Seventy shops in 1,500 rows."""
    family, goal = get_family("lightgbm"), make_goal(Kind.REGRESSION)
    train, valid = draw(1500, 0), draw(600, 1)
    prepared = family.prepare(train, valid, goal, {})
    default = family.default_parameters(1500, goal)
    scores = {
        form: family.fit(prepared, {**default, CATEGORIES: form}, Rounds(60, 60, RMSE)).score
        for form in list_forms(goal)
    }
    assert scores[TARGET_MEANS] < scores[CODES]


def test_without_categories_nothing_is_searched_about_them() -> None:
    """The hyperparameter is idle, and all forms are one."""
    family = get_family("lightgbm")
    rows = make_samples(Kind.BINARY)
    plain = replace(rows, matrix=FeatureMatrix(rows.matrix.values, rows.matrix.names))
    assert family.idle(rows) == frozenset()
    assert family.idle(plain) == {CATEGORIES}
    prepared = family.prepare(plain, None, make_goal(Kind.BINARY), {})
    assert prepared.of_form(SETS) is prepared.of_form(TARGET_MEANS)  # type: ignore[attr-defined]


def test_a_weighted_goal_keeps_its_bytes() -> None:
    """Two fits of means from the start are the same text."""
    family, goal = get_family("lightgbm"), Goal(Kind.REGRESSION, threads=1)
    train = draw(600, 0)
    parameters = {**family.default_parameters(600, goal), CATEGORIES: TARGET_MEANS}
    first, second = (
        family.fit(family.prepare(train, None, goal, parameters), parameters, Rounds(most=15)).model.to_files()
        for _ in range(2)
    )
    assert first == second
