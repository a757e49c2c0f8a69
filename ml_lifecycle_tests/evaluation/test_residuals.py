"""Planted faults of a regression are found, clean residuals show none; the worst queries come first."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.residuals import (
    BIAS_COLUMNS,
    CHECK_COLUMNS,
    LAG_COLUMNS,
    QUERY_COLUMNS,
    analyse_residuals,
    worst_queries,
)

RNG = np.random.default_rng(0)
P = RNG.uniform(1, 10, 2000)
NOISE = RNG.normal(size=2000)


def _found(y: np.ndarray, p: np.ndarray, time: np.ndarray | None = None) -> dict[str, bool]:
    checks = analyse_residuals(y, p, time=time).checks
    assert tuple(checks.columns) == CHECK_COLUMNS
    return dict(zip(checks["check"], checks["found"], strict=True))


def test_clean_residuals_show_nothing() -> None:
    """Independent noise of one size is neither biased nor uneven nor dependent."""
    found = _found(P + NOISE, P, np.arange(2000))
    assert len(found) == 4
    assert not any(found.values())


@pytest.mark.parametrize(
    ("y", "fault"),
    [
        (P + NOISE + 0.5, "mean error"),
        (P.mean() + 0.5 * (P - P.mean()) + NOISE, "slope of truth on prediction"),
        (P + NOISE * P, "size of error along the prediction"),
        (P + np.convolve(NOISE, np.ones(5), "same"), "autocorrelation in time"),
    ],
)
def test_a_planted_fault_is_found(y: np.ndarray, fault: str) -> None:
    """Each fault is found by its check."""
    assert _found(y, P, np.arange(2000))[fault]


def test_the_slope_is_that_of_the_regression_line() -> None:
    """It agrees with numpy's fit."""
    y = 0.7 * P + NOISE
    checks = analyse_residuals(y, P).checks.set_index("check")
    assert checks.loc["slope of truth on prediction", "value"] == pytest.approx(np.polyfit(P, y, 1)[0])


def test_bias_is_told_by_prediction() -> None:
    """High predictions that are too high stand in the last bin, with an interval that says so."""
    table = analyse_residuals(np.where(P > 9, P - 2, P) + NOISE, P).bias
    assert tuple(table.columns) == BIAS_COLUMNS
    assert table["rows"].sum() == 2000
    assert len(table) == 10
    assert table["low"].iloc[-1] > 1
    assert (table["low"].iloc[:-2] < 0).all()


def test_without_time_there_is_no_autocorrelation() -> None:
    """The table is empty, with its columns."""
    found = analyse_residuals(P + NOISE, P)
    assert found.autocorrelation.empty
    assert tuple(found.autocorrelation.columns) == LAG_COLUMNS
    assert set(found.tables()) == {"residual_bias", "residual_autocorrelation", "residual_checks"}


def test_rows_of_one_time_are_averaged() -> None:
    """A panel is followed by the mean error of each day, whatever the order of its rows."""
    day = pd.Series(pd.to_datetime("2024-01-01") + pd.to_timedelta(RNG.integers(0, 200, 2000), unit="D"))
    swing = np.sin(np.arange(200) / 5)[(day - day.min()).dt.days]
    found = analyse_residuals(P + swing + 0.1 * NOISE, P, time=day).autocorrelation
    assert found["value"].iloc[0] > 0.9
    assert len(found) == 24


def test_groups_widen_the_intervals() -> None:
    """Rows that are there ten times are as uncertain as they were once."""
    y = P + NOISE
    once = analyse_residuals(y[:200], P[:200]).checks
    many = analyse_residuals(
        np.repeat(y[:200], 10), np.repeat(P[:200], 10), groups=np.repeat(np.arange(200), 10)
    ).checks
    assert many.loc[0, "low"] == pytest.approx(once.loc[0, "low"], abs=0.01)


def test_a_constant_prediction_can_be_looked_at() -> None:
    """One bin, and no slope."""
    found = analyse_residuals(NOISE, np.zeros(2000))
    assert len(found.bias) == 1
    assert np.isnan(found.checks.set_index("check").loc["slope of truth on prediction", "value"])


def test_the_worst_queries_come_first() -> None:
    """By value, with the place of the first relevant row; a query without any is left out."""
    grades = np.array([1.0, 0, 0, 0, 1, 0, 0, 0])
    scores = np.array([3.0, 2, 1, 3, 2, 1, 1, 2])
    found = worst_queries(grades, scores, np.array(["a", "a", "a", "b", "b", "b", "c", "c"]), METRICS["mrr"])
    assert tuple(found.columns) == QUERY_COLUMNS
    assert found["query"].tolist() == ["b", "a"]
    assert found["value"].tolist() == [0.5, 1.0]
    assert found["first_relevant"].tolist() == [2, 1]
    assert found["relevant"].tolist() == [1, 1]
