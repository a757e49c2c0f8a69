"""Tests of `ml_lifecycle.monitoring.divergence`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from ml_lifecycle.monitoring import divergence
from ml_lifecycle.monitoring.divergence import Segments

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(lambda counts: sum(counts) > 0)


def _one(distance: Callable[..., np.ndarray], p: np.ndarray, q: np.ndarray) -> float:
    """A distance of two tables of one column."""
    return float(distance(p, q, Segments.of([len(p)]))[0])


def _largest_gap(p: np.ndarray, q: np.ndarray, segments: Segments) -> np.ndarray:
    return segments.max(np.abs(divergence.distribution_gap(p, q, segments)))


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.data())
def test_distances_are_symmetric_not_negative_and_zero_for_equals(counts: list[int], data: st.DataObject) -> None:
    """Every distance is the same both ways, never negative, and zero for the same table."""
    same = st.lists(st.integers(0, 1000), min_size=len(counts), max_size=len(counts)).filter(
        lambda other: sum(other) > 0
    )
    p, q = np.array(counts), np.array(data.draw(same))
    for distance in (
        divergence.population_stability,
        divergence.jensen_shannon,
        divergence.chi_square,
        _largest_gap,
    ):
        assert _one(distance, p, q) == pytest.approx(_one(distance, q, p))
        assert _one(distance, p, q) >= 0
        assert _one(distance, p, p) == pytest.approx(0, abs=1e-7)
    assert _one(divergence.jensen_shannon, p, q) <= 1


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(2, 50))
def test_smoothing_adds_no_difference_of_its_own(counts: list[int], times: int) -> None:
    """The same shares in a table many times larger, with empty cells, give an index of zero."""
    small = np.array(counts)
    assert _one(divergence.population_stability, small * times, small) == pytest.approx(0, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(COUNTS, COUNTS)
def test_columns_side_by_side_are_compared_as_each_alone(first: list[int], second: list[int]) -> None:
    """Segments keep columns apart: sums, maxima and running sums begin anew with each."""
    p = np.array([*first, *second])
    q, cells = p[::-1].copy(), Segments.of([len(first), len(second)])
    parts = (slice(0, len(first)), slice(len(first), None))
    for distance in (divergence.chi_square, _largest_gap, divergence.population_stability):
        alone = [_one(distance, p[part], q[part]) for part in parts]
        assert distance(p, q, cells) == pytest.approx(alone)


def test_psi_agrees_with_the_formula_on_large_tables() -> None:
    """Where smoothing is negligible the index is sum (p - q) ln(p / q)."""
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.3, 0.3, 0.4])
    expected = float(np.sum((p - q) * np.log(p / q)))
    value = _one(divergence.population_stability, (p * 1e8).astype(int), (q * 1e8).astype(int))
    assert value == pytest.approx(expected, rel=1e-5)


def test_chi_square_is_pearsons() -> None:
    """Equal to scipy's test of homogeneity without Yates' correction."""
    p, q = np.array([30, 20, 50]), np.array([12, 9, 4])
    assert _one(divergence.chi_square, p, q) == pytest.approx(chi2_contingency([p, q], correction=False).statistic)


def test_the_gap_of_distributions_is_taken_at_the_borders() -> None:
    """Its largest is the statistic of Kolmogorov and Smirnov."""
    assert _one(_largest_gap, np.array([10, 0, 0]), np.array([0, 0, 5])) == 1.0
    assert _one(_largest_gap, np.array([5, 5]), np.array([3, 7])) == pytest.approx(0.2)


def test_weighted_gaps_are_the_wasserstein_distance_of_few_values() -> None:
    """With a cell for each value the sum of weighted gaps is exact; what holds nearly nothing is clipped."""
    edges, below = np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.7, 0.9])
    assert divergence.edge_weights(edges, below, 0.005).tolist() == [0.5, 1.5, 1.0]
    assert divergence.edge_weights(edges, np.array([0.001, 0.7, 0.9]), 0.005).tolist() == [0.0, 1.0, 1.0]


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


def test_groups_begin_only_where_they_may() -> None:
    """Cells of a tail stay in the bin that they were cut from."""
    counts = np.array([10, 10, 20, 60])
    assert divergence.merge_small(counts, 1000, [0, 2, 3]).tolist() == [0, 2, 3]
    assert divergence.merge_small(counts, 1000).tolist() == [0, 1, 2, 3]


def test_no_cells_merge_to_none() -> None:
    """A column without cells has no groups; one without rows has one."""
    assert len(divergence.merge_small(np.array([], dtype=int), 10)) == 0
    assert divergence.merge_small(np.array([0, 0]), 10).tolist() == [0]
