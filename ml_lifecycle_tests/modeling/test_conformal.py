"""Intervals around predictions hold the truth as often as they say."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.errors import ModelError, PackageError
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.conformal import INTERVAL_FILE, ConformalInterval, fit_intervals
from ml_lifecycle.modeling.samples import Samples


def make_rows(rows: int, seed: int, *, uneven: bool) -> tuple[Samples, np.ndarray]:
    """Rows and predictions whose errors are equally large everywhere, or grow with the first feature."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(size=(rows, 3)).astype(np.float32)
    spread = 0.2 + 3 * values[:, 0] ** 2 if uneven else np.ones(rows)
    predictions = 10 * values[:, 1].astype(np.float64)
    y = predictions + spread * rng.normal(size=rows)
    return Samples(FeatureMatrix(values, ("a", "b", "c"), ()), y, np.arange(rows)), predictions


def held(interval: ConformalInterval, rows: Samples, predictions: np.ndarray) -> float:
    """Share of truths inside."""
    low, high = interval.around(predictions, rows.matrix.values).T
    return float(((low <= rows.y) & (rows.y <= high)).mean())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.6, 0.8, 0.9]))
def test_plain_intervals_hold_what_they_promise(seed: int, coverage: float) -> None:
    """On exchangeable rows: the share of new truths that are held is at least the coverage, within binomial error.

    Given n rows to fit on, the coverage of one fit is beta distributed (Vovk 2012); five standard deviations are let
    pass on top of those of the judged rows.
    """
    fitted, predictions = make_rows(200, seed, uneven=False)
    interval = fit_intervals(fitted, predictions, coverage)
    rows, told = make_rows(2000, seed + 20_000, uneven=False)
    error = np.sqrt(coverage * (1 - coverage) * (1 / 200 + 1 / 2000))
    assert held(interval, rows, told) >= coverage - 5 * error


def test_the_average_coverage_is_that_asked_for() -> None:
    """Over many fits on 39 rows, the finite-sample correction gives 0.9 and not less (without it: 0.88)."""
    shares = []
    for seed in range(300):
        rows, predictions = make_rows(239, seed, uneven=False)
        interval = fit_intervals(rows.take(np.arange(39)), predictions[:39], 0.9)
        shares.append(held(interval, rows.take(np.arange(39, 239)), predictions[39:]))
    assert np.mean(shares) == pytest.approx(0.9, abs=4 * 0.053 / np.sqrt(300))


def test_difficulty_is_learnt_where_errors_are_uneven() -> None:
    """Intervals are then narrower on average, hold as much, and follow the row."""
    fitted, predictions = make_rows(4000, 1, uneven=True)
    interval = fit_intervals(fitted, predictions, 0.9)
    assert interval.difficulty is not None
    assert interval.plain is not None
    assert interval.weighted is not None
    assert interval.weighted.width < 0.9 * interval.plain.width
    assert interval.weighted.score < 0.9 * interval.plain.score
    rows, told = make_rows(4000, 2, uneven=True)
    assert held(interval, rows, told) == pytest.approx(0.9, abs=0.03)
    low, high = interval.around(told, rows.matrix.values).T
    easy, hard = rows.matrix.values[:, 0] < 0.2, rows.matrix.values[:, 0] > 0.8
    assert (high - low)[hard].mean() > 3 * (high - low)[easy].mean()


def test_even_errors_need_no_second_model() -> None:
    """Where difficulty does not differ, plain intervals are kept."""
    fitted, predictions = make_rows(2000, 3, uneven=False)
    interval = fit_intervals(fitted, predictions, 0.9)
    assert interval.difficulty is None
    assert interval.describe()["method"] == "plain"
    assert interval.weighted is not None


@pytest.mark.parametrize("uneven", [False, True])
def test_intervals_survive_storing_and_one_row_is_as_many(uneven: bool) -> None:  # noqa: FBT001 - a case
    """To the last bit."""
    fitted, predictions = make_rows(1200, 4, uneven=uneven)
    interval = fit_intervals(fitted, predictions, 0.8)
    restored = ConformalInterval.from_files(interval.to_files())
    assert restored is not None
    assert restored.to_files() == interval.to_files()
    values = fitted.matrix.values[:20]
    many = interval.around(predictions[:20], values)
    np.testing.assert_array_equal(restored.around(predictions[:20], values), many)
    alone = [interval.around_one(float(one), row) for one, row in zip(predictions, values, strict=False)]
    assert alone == [tuple(pair) for pair in many.tolist()]


def test_groups_stay_on_one_side() -> None:
    """Two groups cannot be quartered: all rows then give one width."""
    fitted, predictions = make_rows(800, 5, uneven=True)
    assert fit_intervals(fitted, predictions, 0.9, groups=np.arange(800) % 2).rows == 800
    assert fit_intervals(fitted, predictions, 0.9, groups=np.arange(800) % 50).rows < 800


def test_a_perfect_model_has_intervals_of_no_width() -> None:
    """Nothing is divided by nothing."""
    rows, _ = make_rows(500, 6, uneven=False)
    assert fit_intervals(rows, rows.y, 0.9).width == 0


def test_too_few_rows_promise_nothing() -> None:
    """8 rows cannot hold 90 %; 9 can."""
    rows, predictions = make_rows(9, 7, uneven=False)
    assert fit_intervals(rows, predictions, 0.9).width == np.abs(rows.y - predictions).max()
    with pytest.raises(ModelError, match="at least 9 validation rows"):
        fit_intervals(rows.take(np.arange(8)), predictions[:8], 0.9)


def test_a_damaged_state_is_refused() -> None:
    """And where there is none, there is none."""
    assert ConformalInterval.from_files({}) is None
    for state in (b"{", b"[]", json.dumps({"coverage": 0.9}).encode()):
        with pytest.raises(PackageError, match=INTERVAL_FILE):
            ConformalInterval.from_files({INTERVAL_FILE: state})
