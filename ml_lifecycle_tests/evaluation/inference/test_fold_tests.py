"""Tests over folds know that folds share rows."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.inference.fold_tests import compare_folds, corrected_interval

TRAIN, JUDGED = np.full(5, 80), np.full(5, 20)


def test_the_interval_is_wider_than_the_plain_one() -> None:
    """Nadeau and Bengio: the variance of the mean counts 1/k + judged/train times."""
    values = np.array([0.8, 0.82, 0.78, 0.81, 0.79])
    found = corrected_interval(values, TRAIN, JUDGED)
    plain = 2.776 * np.sqrt(values.var(ddof=1) / 5)
    assert found.value == pytest.approx(0.8)
    assert (found.high - found.value) / plain == pytest.approx(np.sqrt((1 / 5 + 1 / 4) / (1 / 5)), rel=1e-3)


def test_one_fold_has_no_interval() -> None:
    """A single value says nothing about its spread."""
    assert np.isnan(corrected_interval(np.array([0.8]), TRAIN[:1], JUDGED[:1]).low)
    assert compare_folds([0.8], [0.7], TRAIN[:1], JUDGED[:1], greater_is_better=True).p_value == 1


def test_the_direction_of_the_metric_counts() -> None:
    """Of a loss less is better."""
    a, b = np.array([0.5, 0.52, 0.49, 0.5, 0.51]), np.array([0.6, 0.63, 0.6, 0.61, 0.6])
    found = compare_folds(a, b, TRAIN, JUDGED, greater_is_better=False)
    assert found.low > 0
    assert found.p_value < 0.01
    assert compare_folds(a, b, TRAIN, JUDGED, greater_is_better=True).p_value > 0.99


def test_equal_values_do_not_differ() -> None:
    """The same values on every fold: no difference and no evidence."""
    values = np.array([0.8, 0.7, 0.9, 0.8, 0.7])
    found = compare_folds(values, values, TRAIN, JUDGED, greater_is_better=True)
    assert (found.difference, found.low, found.p_value) == (0, 0, 1)


def test_overlapping_folds_keep_the_level() -> None:
    """Two equal learners on random divisions of 100 rows: the plain t-test errs too often, the corrected does not."""
    rng, wrong, plain_wrong = np.random.default_rng(0), 0, 0
    splits, train, judged = 10, np.full(10, 80), np.full(10, 20)
    for _ in range(400):
        losses = rng.normal(size=(2, 100))  # of two models whose training hardly matters
        drawn = [rng.permutation(100)[:20] for _ in range(splits)]
        a, b = (np.array([each[rows].mean() for rows in drawn]) for each in losses)
        found = compare_folds(a, b, train, judged, greater_is_better=False, confidence=0.9)
        wrong += found.low > 0
        difference = b - a
        plain_wrong += difference.mean() / np.sqrt(difference.var(ddof=1) / splits) > 1.833
    assert wrong / 400 <= 0.07
    assert plain_wrong / 400 > 0.1
