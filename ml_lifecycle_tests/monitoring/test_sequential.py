"""Tests that may be looked at at any time: their laws, and that many looks do not make them wrong."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.monitoring.sequential import (
    asymptotic_mean_bounds,
    distribution_radius,
    distribution_shift,
    mean_bounds,
    median_bounds,
    rate_increase_evidence,
)

ALPHA = 0.05
LOOKS = range(50, 2001, 50)


def _misses(wrong: list[bool]) -> float:
    """The share of runs that were ever wrong."""
    return float(np.mean(wrong))


def test_equal_rates_are_seldom_told_apart_however_often_one_looks() -> None:
    """Forty looks at 300 runs: at most alpha of them ever reach the evidence."""
    random = np.random.default_rng(0)
    failed = random.random((300, 2, max(LOOKS))) < 0.05
    sums = failed.cumsum(axis=2)
    alarms = [
        any(
            rate_increase_evidence((int(run[0, n - 1]), int(run[1, n - 1])), (n, n), margin=0.0) >= math.log(1 / ALPHA)
            for n in LOOKS
        )
        for run in sums
    ]
    assert _misses(alarms) <= ALPHA


@given(old=st.integers(0, 50), new=st.integers(0, 50), rows=st.integers(50, 400), margin=st.floats(0, 0.3))
def test_a_larger_margin_never_adds_evidence(old: int, new: int, rows: int, margin: float) -> None:
    """And where the new rate is no higher, there is none at all."""
    said = rate_increase_evidence((old, new), (rows, rows), margin=margin)
    assert said <= rate_increase_evidence((old, new), (rows, rows), margin=margin / 2) + 1e-9
    if new <= old:
        assert said <= 0


@pytest.mark.parametrize(
    ("failed", "rows", "margin", "proven"),
    [
        ((1, 20), (100, 100), 0.01, True),
        ((1, 3), (100, 100), 0.01, False),
        ((0, 100), (100, 100), 0.5, True),
        ((0, 0), (0, 0), 0.0, False),
        ((0, 5), (0, 5), 0.0, False),
        ((100, 100), (100, 100), 0.0, False),
    ],
)
def test_evidence_of_more_failures(
    failed: tuple[int, int], rows: tuple[int, int], margin: float, *, proven: bool
) -> None:
    """Twenty of a hundred against one is proof; one row more or less, or nothing to compare with, is none."""
    assert (rate_increase_evidence(failed, rows, margin=margin) >= math.log(1 / ALPHA)) == proven


def test_the_bounds_hold_at_all_looks() -> None:
    """Median, bounded mean, mean without bounds and distribution: at most alpha of 200 runs ever miss the truth."""
    random = np.random.default_rng(1)
    wrong: dict[str, list[bool]] = {"median": [], "mean": [], "asymptotic": [], "distribution": []}
    for _ in range(200):
        values, other = random.beta(1, 9, max(LOOKS)), random.beta(1, 9, max(LOOKS))
        median = [median_bounds(values[:n], ALPHA) for n in LOOKS]
        mean = [mean_bounds(values[:n], ALPHA, low=0, high=1) for n in LOOKS]
        asymptotic = [asymptotic_mean_bounds(values[:n], ALPHA, first=100) for n in LOOKS]
        shift = [distribution_shift(values[:n], other[:n], ALPHA, first=100) for n in LOOKS]
        wrong["median"].append(any(not item.low <= 1 - 0.5 ** (1 / 9) <= item.high for item in median))
        wrong["mean"].append(any(not item.low <= 0.1 <= item.high for item in mean))
        wrong["asymptotic"].append(any(not item.low <= 0.1 <= item.high for item in asymptotic))
        wrong["distribution"].append(any(item.low > 0 for item in shift))
    assert {name: _misses(found) <= ALPHA for name, found in wrong.items()} == dict.fromkeys(wrong, True)


def test_the_bounds_become_narrow() -> None:
    """They are of use: a tenth of their worth or less at 10,000 rows."""
    values = np.random.default_rng(2).beta(1, 9, 10_000)
    for bounds, width in [
        (median_bounds(values, ALPHA), 0.01),
        (mean_bounds(values, ALPHA, low=0, high=1), 0.01),
        (asymptotic_mean_bounds(values, ALPHA, first=200), 0.01),
    ]:
        assert bounds.low < bounds.estimate < bounds.high
        assert bounds.high - bounds.low < width
    assert distribution_shift(values, values + 0.2, ALPHA).low > 0.5


@given(st.integers(1, 5_000), st.integers(1, 300))
def test_the_radius_shrinks_with_rows_but_for_the_beginning_of_an_epoch(rows: int, first: int) -> None:
    """Nothing is said before the first row that counts; ten times as many rows are always better."""
    radius = distribution_radius(rows, ALPHA, first=first)
    assert (radius == math.inf) == (rows < first)
    assert radius == math.inf or distribution_radius(10 * rows, ALPHA, first=first) < radius


def test_too_few_rows_say_nothing() -> None:
    """Everything is possible then."""
    nothing = np.array([])
    assert median_bounds(nothing, ALPHA).high == math.inf
    assert median_bounds(np.array([1.0, 2.0]), ALPHA).low == -math.inf
    mean = mean_bounds(nothing, ALPHA, low=-1, high=1)
    assert (mean.low, mean.high) == (-1, 1)
    assert asymptotic_mean_bounds(np.ones(5), ALPHA, first=10).high == math.inf
    assert distribution_shift(nothing, np.ones(5), ALPHA).high == 1
