"""Intervals cover as often as they say, are wider for dependent rows, and quick for many."""

import time

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.inference.intervals import bootstrap_interval, bootstrap_intervals, wilson
from ml_lifecycle.evaluation.metrics import METRICS, metrics_of
from ml_lifecycle_tests.evaluation.problems import binary, queries


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "accuracy", "f1"])
def test_intervals_cover(name: str) -> None:
    """Of 90 % intervals at least 85 % and at most 95 % hold the true value (200 samples, fixed seeds)."""
    metric = METRICS[name]
    large = binary(200_000, seed=999)
    truth = metric(large.y, large.p)
    held = 0
    for seed in range(200):
        data = binary(150, seed=seed)
        found = bootstrap_interval(metric, data.y, data.p, resamples=300, confidence=0.9, seed=seed)
        held += found.low <= truth <= found.high
    assert 0.85 <= held / 200 <= 0.95


def test_intervals_of_gain_cover() -> None:
    """So do those of what the first tenth of the rows holds, once that is some tens of rows."""
    truth = METRICS["gain@0.1"](*_labels_and_scores(200_000, seed=999))
    held = 0
    for seed in range(100):
        found = bootstrap_interval(METRICS["gain@0.1"], *_labels_and_scores(500, seed), resamples=200, confidence=0.9)
        held += found.low <= truth <= found.high
    assert 0.83 <= held / 100 <= 0.97


def _labels_and_scores(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    data = binary(rows, seed=seed)
    return data.y, data.p


def test_no_error_is_no_proof_of_perfection() -> None:
    """Where all 50 rows are right, accuracy may still be 0.93."""
    y = np.arange(50) % 2
    found = bootstrap_interval(METRICS["accuracy"], y, y.astype(float))
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.9287, abs=1e-4)


def test_dependent_rows_widen_the_interval() -> None:
    """Rows that are there ten times each, in groups, are as uncertain as they were once."""
    data = binary(100)
    y, p, groups = (np.repeat(part, 10) for part in (data.y, data.p, np.arange(100)))
    for name in ("accuracy", "log_loss", "roc_auc"):
        once = bootstrap_interval(METRICS[name], data.y, data.p, seed=1)
        grouped = bootstrap_interval(METRICS[name], y, p, groups=groups, seed=1)
        alone = bootstrap_interval(METRICS[name], y, p, seed=1)
        assert grouped.high - grouped.low == pytest.approx(once.high - once.low, rel=0.1)
        assert alone.high - alone.low < 0.5 * (once.high - once.low)


def test_queries_are_groups_by_themselves() -> None:
    """A ranking metric is resampled by query."""
    grades, scores, query = queries()
    found = bootstrap_interval(METRICS["ndcg@5"], grades, scores, query=query)
    assert found == bootstrap_interval(METRICS["ndcg@5"], grades, scores, query=query, groups=query)
    assert found.low < found.value < found.high


def test_all_metrics_share_the_draws() -> None:
    """Computed together, metrics have the intervals they have alone, and the seed decides."""
    data = binary(200)
    metrics = metrics_of(Kind.BINARY)
    scored = metrics[0].score(data.y, data.p)
    found = bootstrap_intervals(metrics, scored, resamples=100, confidence=0.9, seed=5)
    alone = bootstrap_interval(METRICS["mcc"], data.y, data.p, resamples=100, confidence=0.9, seed=5)
    assert found["mcc"] == alone
    assert set(found) == {metric.name for metric in metrics}


def test_noise_is_no_calibration_error() -> None:
    """Noise alone lifts the error of calibrated models above 0.05; the interval seldom says it is one."""
    found = [bootstrap_interval(METRICS["ece"], data.y, data.p) for data in (binary(200, seed) for seed in range(60))]
    assert np.mean([item.value > 0.05 for item in found]) > 0.5
    assert np.mean([item.low > 0 for item in found]) < 0.1


def test_what_cannot_be_measured_has_no_interval() -> None:
    """One class has no ROC, no prediction of the class no precision, one unit no spread."""
    one_class = bootstrap_interval(METRICS["roc_auc"], np.zeros(5), np.linspace(0, 1, 5))
    assert np.isnan([one_class.value, one_class.low, one_class.high]).all()
    assert np.isnan(bootstrap_interval(METRICS["precision"], np.zeros(5), np.zeros(5)).value)
    assert np.isnan(bootstrap_interval(METRICS["rmse"], np.zeros(4), np.ones(4), groups=np.zeros(4)).low)


def test_wilson_is_the_textbook_interval() -> None:
    """Ten of twenty: 0.299 to 0.701."""
    found = wilson(0.5, 20, tail=0.025)
    assert (found.low, found.high) == pytest.approx((0.2993, 0.7007), abs=1e-4)


def test_many_rows_and_classes_are_quick() -> None:
    """75,000 rows of 23 classes and 500 resamples take seconds, not minutes (the bound is loose for busy machines)."""
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 23, 75_000), rng.dirichlet(np.ones(23), 75_000)
    scored = METRICS["log_loss"].score(y, p)
    started = time.process_time()
    bootstrap_intervals([METRICS["log_loss"], METRICS["accuracy"]], scored, resamples=500, confidence=0.95, seed=0)
    assert time.process_time() - started < 6
