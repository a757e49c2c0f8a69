"""Tests of `ml_lifecycle.monitoring.divergence`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from ml_lifecycle.monitoring import divergence

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(lambda counts: sum(counts) > 0)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.data())
def test_distances_are_symmetric_not_negative_and_zero_for_equals(counts: list[int], data: st.DataObject) -> None:
    """PSI and Jensen-Shannon are distances: never negative, the same both ways, and zero for the same table."""
    same = st.lists(st.integers(0, 1000), min_size=len(counts), max_size=len(counts)).filter(
        lambda other: sum(other) > 0
    )
    p, q = np.array(counts), np.array(data.draw(same))
    for distance in (divergence.population_stability, divergence.jensen_shannon):
        assert distance(p, q) == pytest.approx(distance(q, p))
        assert distance(p, q) >= 0
        assert distance(p, p) == pytest.approx(0, abs=1e-7)
    assert divergence.jensen_shannon(p, q) <= 1


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(2, 50))
def test_smoothing_adds_no_difference_of_its_own(counts: list[int], times: int) -> None:
    """The same shares in a table many times larger, with empty cells, give an index of zero."""
    small = np.array(counts)
    assert divergence.population_stability(small * times, small) == pytest.approx(0, abs=1e-12)


def test_a_row_in_a_cell_never_seen_weighs_little() -> None:
    """One row of a new category among 200 is no alarm; a third of the rows is."""
    reference = np.array([7000, 7000, 0])
    limit = divergence.noise_limit(14_000, 200, 3, 0.01)
    assert divergence.population_stability(reference, np.array([100, 99, 1])) < limit / 5
    assert divergence.population_stability(reference, np.array([70, 70, 60])) > 5 * limit


def test_psi_agrees_with_the_formula_on_large_tables() -> None:
    """Where smoothing is negligible the index is sum (p - q) ln(p / q)."""
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.3, 0.3, 0.4])
    expected = float(np.sum((p - q) * np.log(p / q)))
    value = divergence.population_stability((p * 1e8).astype(int), (q * 1e8).astype(int))
    assert value == pytest.approx(expected, rel=1e-5)


def test_noise_limit_is_yurdakuls() -> None:
    """The limit is (1/n + 1/m) times the chi-square quantile, and the p-value is its inverse."""
    limit = divergence.noise_limit(14_000, 200, 10, 1e-4)
    assert limit == pytest.approx((1 / 14_000 + 1 / 200) * chi2.ppf(1 - 1e-4, 9))
    assert divergence.p_value(limit, 14_000, 200, 10) == pytest.approx(1e-4)
    assert divergence.p_value(0.5, 100, 100, 1) == 1.0


def test_the_noise_limit_is_exceeded_about_as_often_as_asked() -> None:
    """Ten equal bins, 200 rows against 5,000: the rate of exceeding the 1 % limit is at most about 1 %."""
    generator, shares = np.random.default_rng(0), np.full(10, 0.1)
    reference, current = generator.multinomial(5000, shares, 3000), generator.multinomial(200, shares, 3000)
    limit = divergence.noise_limit(5000, 200, 10, 0.01)
    rate = np.mean(
        [divergence.population_stability(p, q) > limit for p, q in zip(reference, current, strict=True)],
    )
    assert 0.001 < rate < 0.013


def test_kolmogorov_smirnov_is_the_largest_gap() -> None:
    """The gap of the distribution functions at the borders; NaN where a side is empty."""
    assert divergence.kolmogorov_smirnov(np.array([10, 0, 0]), np.array([0, 0, 5])) == 1.0
    assert divergence.kolmogorov_smirnov(np.array([5, 5]), np.array([3, 7])) == pytest.approx(0.2)
    assert np.isnan(divergence.kolmogorov_smirnov(np.array([0]), np.array([1])))


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(1, 2000))
def test_merged_cells_lose_no_row_and_expect_enough(counts: list[int], rows: int) -> None:
    """Groups partition the cells, and each of several expects at least five rows of the window."""
    reference = np.array(counts)
    starts = divergence.merge_small(reference, rows)
    groups = np.add.reduceat(reference, starts)
    assert groups.sum() == reference.sum()
    if len(groups) > 1:
        assert groups.min() * min(rows, reference.sum()) / reference.sum() >= 5 - 1e-9


def test_no_cells_merge_to_none() -> None:
    """A column without cells has no groups; one without rows has one."""
    assert len(divergence.merge_small(np.array([], dtype=int), 10)) == 0
    assert divergence.merge_small(np.array([0, 0]), 10).tolist() == [0]
