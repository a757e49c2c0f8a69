"""Numbers that are imputed, clipped, logged, scaled or binned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from ml_lifecycle.config.features import ColumnFeatureConfig
from ml_lifecycle.features.encoders.prepared import PreparedNumber
from ml_lifecycle_tests.features.encoders.cases import encode, values_of

TRAIN = [1.0, 2.0, 2.0, np.nan, 10.0, 3.0]
CONFIGS = [
    {"impute": "mean", "scale": "standard"},
    {"impute": "median", "scale": "robust", "clip": (0.1, 0.9)},
    {"log": True},
    {"log": True, "impute": "zero", "scale": "minmax"},
    {"bins": 3},
    {"bins": 2, "impute": "most_frequent", "log": True},
]


def fit(cells: list[Any], **config: Any) -> PreparedNumber:
    """Fit on some cells."""
    return PreparedNumber.fit(values_of(cells), column="x", config=ColumnFeatureConfig.model_validate(config))


@pytest.mark.parametrize("impute", ["mean", "median", "most_frequent"])
@pytest.mark.parametrize(
    ("scale", "scaler"), [("standard", StandardScaler()), ("robust", RobustScaler()), ("minmax", MinMaxScaler())]
)
def test_fills_and_scales_are_those_of_scikit_learn(impute: str, scale: str, scaler: Any) -> None:
    """Imputing and then scaling gives what scikit-learn's pipeline gives."""
    pipeline = make_pipeline(SimpleImputer(strategy=impute), scaler).fit(np.array(TRAIN)[:, None])
    rows = pd.Series([5.0, np.nan, -1.0])
    found = encode(fit(TRAIN, impute=impute, scale=scale), rows)
    np.testing.assert_allclose(found, pipeline.transform(rows.to_numpy()[:, None]), rtol=1e-6)


@pytest.mark.parametrize("config", CONFIGS)
@settings(max_examples=40, deadline=None)
@given(cells=st.lists(st.floats() | st.integers(-(2**70), 2**70) | st.none(), min_size=1, max_size=8))
def test_batch_and_cell_agree(config: dict[str, Any], cells: list[Any]) -> None:
    """Whatever the numbers, a cell gives the batch's bits, in object and in float columns."""
    fitted = fit(TRAIN, **config)
    encode(fitted, values_of(cells, object))
    encode(fitted, values_of([cell for cell in cells if isinstance(cell, float)], "float64"))


def test_numbers_are_kept_between_quantiles() -> None:
    """Outside the quantiles of the training rows a number is that of the quantile."""
    np.testing.assert_array_equal(
        encode(fit(list(range(101)), clip=(0.1, 0.9)), pd.Series([-5, 50, 1000])), [[10], [50], [90]]
    )


def test_bins_count_the_edges_below() -> None:
    """A bin is its number; missing stays missing; edges that coincide are one."""
    np.testing.assert_array_equal(
        encode(fit([1, 2, 3, 4], bins=2), pd.Series([0.0, 2.4, 2.5, 9.0, np.nan])), [[0], [0], [1], [1], [np.nan]]
    )
    assert fit([5] * 9, bins=4).edges == (5.0,)


def test_the_logarithm_keeps_the_sign() -> None:
    """Negative numbers have negative logarithms."""
    np.testing.assert_allclose(encode(fit(TRAIN, log=True), pd.Series([-1.0, 0, 1])).T, [[-np.log(2), 0, np.log(2)]])


def test_a_constant_column_scales_to_zero() -> None:
    """Nothing is divided by zero; a column without a number that can be used is not scaled."""
    np.testing.assert_array_equal(encode(fit([0.1] * 3, scale="standard"), pd.Series([0.1])), [[0]])
    assert fit([np.inf, None], scale="standard", impute="mean").fill == 0


@pytest.mark.parametrize(
    "config", [{"encode": "codes", "log": True}, {"bins": 3, "scale": "minmax"}, {"clip": [0.9, 0.1]}]
)
def test_options_that_do_not_fit_together_are_refused(config: dict[str, Any]) -> None:
    """Options of numbers for categories, bins that are scaled, and falling quantiles are errors of the YAML."""
    with pytest.raises(ValidationError, match="expected"):
        ColumnFeatureConfig.model_validate(config)
