"""Tests of `ml_lifecycle.modeling.estimators.quick_trees` and `tree_arrays`: LightGBM's answers, to the last bit."""

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml_lifecycle.modeling.estimators.quick_trees import QuickTrees
from ml_lifecycle.modeling.estimators.tree_arrays import TreeArrays

_RANDOM = np.random.default_rng(0)
_X = _RANDOM.normal(size=(600, 5))
_GAPS = np.where(_RANDOM.random(_X.shape) < 0.2, np.nan, _X)
_CODES = np.column_stack([_RANDOM.integers(0, 60, 600), _X[:, 1:]])
_SIDE = (_X[:, 0] + _X[:, 1] > 0).astype(int)


def _fit(y: np.ndarray, x: np.ndarray = _X, categories: Any = "auto", **params: Any) -> lgb.Booster:
    data = lgb.Dataset(x, y, categorical_feature=categories, group=[50] * 12 if "rank" in params["objective"] else None)
    return lgb.train({"verbose": -1, "num_threads": 1, "min_data_per_group": 2, **params}, data, 12)


_BOOSTERS = {
    "binary": _fit(_SIDE, objective="binary"),
    "steep": _fit(_SIDE, objective="binary", sigmoid=0.7),
    "gaps": _fit(_SIDE, _GAPS, objective="binary"),
    "zeros": _fit(_SIDE, np.where(np.isnan(_GAPS), 0, _X), objective="binary", zero_as_missing=True),
    "categories": _fit((_CODES[:, 0] % 7 > 3).astype(int), _CODES, [0], objective="binary"),
    "classes": _fit(_RANDOM.integers(0, 3, 600), _GAPS, objective="multiclass", num_class=3),
    "regression": _fit(_X[:, 0], objective="regression"),
    "counts": _fit(np.abs(_X[:, 0]), objective="poisson"),
    "ranking": _fit(_RANDOM.integers(0, 4, 600), objective="lambdarank"),
    "stump": _fit(np.ones(600), objective="regression"),
}
_QUICK = {name: QuickTrees.of(booster.model_to_string()) for name, booster in _BOOSTERS.items()}


@pytest.mark.parametrize("name", _BOOSTERS)
@settings(max_examples=15, deadline=None)
@given(
    rows=arrays(
        np.float32,
        st.tuples(st.integers(1, 300), st.just(5)),
        elements=st.one_of(
            st.floats(width=32, allow_nan=True, allow_infinity=True),
            st.sampled_from([0.0, -0.0, 1e-36, -0.5, 31.0, 59.0, 1e20]),
        ),
    )
)
def test_the_bits_are_those_of_lightgbm(name: str, rows: np.ndarray) -> None:
    """Whatever comes in: gaps, infinities, zeros, codes that no training row had."""
    quick = _QUICK[name]
    assert quick is not None
    np.testing.assert_array_equal(quick.predict(rows), _BOOSTERS[name].predict(rows))


@pytest.mark.parametrize(
    "params",
    [
        {"objective": "regression", "linear_tree": True},
        {"objective": "regression", "reg_sqrt": True},
        {"objective": "cross_entropy"},
        {"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    ],
)
def test_what_is_not_walked_here_is_left_to_lightgbm(params: dict[str, Any]) -> None:
    """No wrong answer for leaves that are lines, averages, or an output that is made otherwise."""
    assert QuickTrees.of(_fit(_SIDE, **params).model_to_string()) is None


def test_a_threshold_between_two_float32_parts_them_as_before() -> None:
    """It is rounded down, never up."""
    trees = TreeArrays.read(_BOOSTERS["binary"].model_to_string())
    assert trees is not None
    given_ = np.sort(_BOOSTERS["binary"].trees_to_dataframe()["threshold"].dropna().to_numpy(dtype=float))
    kept = np.sort(trees.thresholds[np.isfinite(trees.thresholds)].astype(np.float64))
    assert (kept <= given_).all()
    assert (np.nextafter(kept.astype(np.float32), np.float32(np.inf)) > given_).all()
