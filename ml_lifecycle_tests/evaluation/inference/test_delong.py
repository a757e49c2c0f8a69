"""DeLong's test: its variance is the textbook's, it keeps its level, and few rows are no certainty."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.evaluation.inference.delong import compare_areas
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary


def _by_definition(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Difference and variance straight from DeLong et al. (1988), by all pairs of rows."""
    placed = []
    for p in (a, b):
        won = (p[y == 1][:, None] > p[y == 0]) + 0.5 * (p[y == 1][:, None] == p[y == 0])
        placed.append((won.mean(axis=1), won.mean(axis=0)))
    of_positive, of_negative = (placed[0][side] - placed[1][side] for side in (0, 1))
    variance = of_positive.var(ddof=1) / len(of_positive) + of_negative.var(ddof=1) / len(of_negative)
    return float(of_positive.mean()), float(variance)


@given(seed=st.integers(0, 1_000), levels=st.integers(2, 50))
@settings(max_examples=30, deadline=None)
def test_the_variance_is_that_of_all_pairs(seed: int, levels: int) -> None:
    """Midranks give what comparing all pairs gives, with ties too."""
    rng = np.random.default_rng(seed)
    y = np.r_[0, 0, 1, 1, rng.integers(0, 2, 30)]
    a, b = rng.integers(0, levels, (2, len(y))).astype(float)
    difference, variance = _by_definition(y, a, b)
    found = compare_areas(y, a, b, confidence=0.9)
    assert found.difference == pytest.approx(difference)
    if variance > 0:
        narrow, wide = (compare_areas(y, a, b, confidence=level) for level in (0.5, 0.9))
        assert wide.low < narrow.low <= difference <= narrow.high < wide.high
        quantile = (wide.high - wide.low) / (2 * np.sqrt(variance))
        assert 1.64 < quantile < 2.93  # the normal one, and Student's with the two degrees that two rows a class leave


def test_it_agrees_with_the_bootstrap() -> None:
    """On many rows both tests find the same interval."""
    data, rng = binary(1_500), np.random.default_rng(1)
    worse = np.clip(data.p + rng.normal(0, 0.2, 1_500), 0.01, 0.99)
    quick = compare_areas(data.y, data.p, worse, confidence=0.9)
    drawn = paired_bootstrap(METRICS["roc_auc"], data.y, data.p, worse, confidence=0.9)
    assert (quick.low, quick.high) == pytest.approx((drawn.low, drawn.high), abs=0.003)
    assert quick.p_value < 0.01


def test_repeated_rows_are_no_evidence() -> None:
    """Rows that are there ten times, in groups, do not make a difference surer."""
    data = binary(100)
    worse = np.random.default_rng(1).permutation(data.p)
    once = compare_areas(data.y, data.p, worse, groups=np.arange(100))
    y, a, b, groups = (np.repeat(part, 10) for part in (data.y, data.p, worse, np.arange(100)))
    again = compare_areas(y, a, b, groups=groups)
    assert again.low == pytest.approx(once.low)
    assert compare_areas(y, a, b).low > again.low


def test_the_same_scores_do_not_differ() -> None:
    """Identical scores: no difference and no evidence."""
    data = binary(50)
    found = compare_areas(data.y, data.p, data.p)
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_a_difference_without_variance_needs_rows() -> None:
    """Perfect against constant scores: four rows prove nothing, two hundred do."""
    few, many = np.array([0, 0, 1, 1]), np.repeat([0, 1], 100)
    assert compare_areas(few, few, np.zeros(4)).p_value > 0.05
    assert compare_areas(many, many, np.zeros(200)).p_value < 0.001


def test_one_class_is_no_evidence() -> None:
    """Without positive rows there is no area."""
    found = compare_areas(np.zeros(9), np.linspace(0, 1, 9), np.zeros(9))
    assert np.isnan(found.low)
    assert found.p_value == 1
