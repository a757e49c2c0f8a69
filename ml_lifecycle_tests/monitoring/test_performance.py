"""Tests of `ml_lifecycle.monitoring.performance`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.monitoring.estimation import estimate_performance
from ml_lifecycle.monitoring.performance import PerformanceReport, Status, assess_performance, judge_performance
from ml_lifecycle.verdict import Severity

CONFIG = PerformanceConfig(min_labels=100, max_drop=0.05)


def _binary(rows: int, *, skill: bool = True, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = generator.beta(0.5, 0.5, rows)
    y = generator.random(rows) < (p if skill else 0.5)
    return y.astype(float), p


def _assess(y: np.ndarray, p: np.ndarray, reference: float, **changes: Any) -> PerformanceReport:
    arguments: dict[str, Any] = {"metric": get_metric("roc_auc"), "kind": Kind.BINARY, "config": CONFIG}
    arguments |= changes
    return assess_performance(y, p, arguments.pop("metric"), reference, **arguments)


def test_a_model_as_good_as_on_the_test_split_is_kept() -> None:
    """The window's metric is about the reference: measured, nothing lost."""
    y, p = _binary(800)
    report = _assess(y, p, get_metric("roc_auc")(*_binary(800, seed=1)))
    verdict = judge_performance(report)
    assert (report.status, report.estimated, report.labelled) == (Status.MEASURED, False, 800)
    assert report.low <= report.value <= report.high
    assert (verdict.gate, verdict.passed, verdict.severity) == ("performance_kept", True, Severity.WARN)
    assert "roc_auc" in report.metrics


def test_a_model_that_guesses_has_lost_its_performance() -> None:
    """Outcomes that no longer follow the predictions: the whole interval is below what is tolerated."""
    y, p = _binary(800, skill=False)
    report = _assess(y, p, 0.88)
    assert report.lost
    assert report.high < report.tolerated == pytest.approx(0.88 * 0.95)
    assert report.drop == pytest.approx((0.88 - report.value) / 0.88)
    assert "lost" in judge_performance(report).summary


def test_a_loss_that_may_be_chance_is_no_loss() -> None:
    """The value is below tolerance, the interval is not: kept."""
    y, p = _binary(120)
    value = get_metric("roc_auc")(y.astype(int), p)
    report = _assess(y, p, value / 0.94)
    assert report.value < report.tolerated < report.high
    assert not report.lost


def test_errors_are_lost_upwards() -> None:
    """Where less is better, the lower end must be above the tolerated value."""
    generator = np.random.default_rng(0)
    y = generator.normal(size=300)
    p, rmse = y + generator.normal(0, 1, 300), get_metric("rmse")
    assert _assess(y, p, 0.5, metric=rmse, kind=Kind.REGRESSION).lost
    kept = _assess(y, p, 1.0, metric=rmse, kind=Kind.REGRESSION)
    assert not kept.lost
    assert kept.tolerated == pytest.approx(1.05)


def test_rows_without_an_outcome_do_not_count() -> None:
    """Only known outcomes are measured; the rest may be anything."""
    y, p = _binary(300)
    y[100:] = np.nan
    p[100:] = 0.123
    report = _assess(y, p, 0.88)
    assert (report.rows, report.labelled, report.status) == (300, 100, Status.MEASURED)
    assert report.value == pytest.approx(get_metric("roc_auc")(y[:100].astype(int), p[:100]))


def test_late_outcomes_are_estimated_and_said_to_be() -> None:
    """Too few outcomes: the classifier's probabilities stand in, and the report says so."""
    y, p = _binary(1500)
    truth = get_metric("roc_auc")(y.astype(int), p)
    report = _assess(np.full(1500, np.nan), p, truth)
    assert report.estimated
    assert report.low <= truth <= report.high
    assert not report.lost
    assert "estimated" in judge_performance(report).summary
    assert report.facts()["estimated"] is True


def test_an_unsure_window_is_estimated_to_be_worse() -> None:
    """Inputs on which the model is hardly better than a coin: the estimate falls, and the gate warns."""
    unsure = np.random.default_rng(0).uniform(0.45, 0.55, 1000)
    assert _assess(np.full(1000, np.nan), unsure, 0.88).lost


def test_a_model_too_sure_of_itself_is_corrected_by_the_test_split() -> None:
    """The estimate's known error on the test split is taken off, so that it is no false alarm."""
    y, p = _binary(1000)
    sure = np.clip((p - 0.5) * 0.6 + 0.5, 0.01, 0.99)
    metric = get_metric("log_loss")
    reference = metric(y.astype(int), sure)
    guess = estimate_performance(metric, sure, Kind.BINARY)
    assert guess is not None
    window = np.clip((_binary(1000, seed=2)[1] - 0.5) * 0.6 + 0.5, 0.01, 0.99)
    unknown = np.full(1000, np.nan)
    plain = _assess(unknown, window, reference, metric=metric)
    mended = _assess(unknown, window, reference, metric=metric, reference_estimate=guess.value)
    assert plain.lost
    assert not mended.lost


@pytest.mark.parametrize(("kind", "metric"), [(Kind.REGRESSION, "rmse"), (Kind.RANKING, "ndcg@10")])
def test_without_outcomes_values_and_scores_are_not_judged(kind: Kind, metric: str) -> None:
    """Regression and ranking: nothing to estimate from; the verdict passes and says plainly that it does not judge."""
    report = _assess(np.full(200, np.nan), np.arange(200.0), 0.5, metric=get_metric(metric), kind=kind)
    verdict = judge_performance(report)
    assert report.status is Status.NOT_JUDGED
    assert verdict.passed
    assert verdict.summary.startswith("not judged: 0 known outcomes, 100 are needed")
    assert verdict.facts["value"] is None


def test_ranking_is_measured_by_query() -> None:
    """With outcomes a ranking is measured, whole queries being resampled."""
    generator = np.random.default_rng(0)
    y, query = generator.integers(0, 4, 300).astype(float), np.repeat(np.arange(30), 10)
    report = _assess(
        y, y + generator.normal(0, 0.1, 300), 0.9, metric=get_metric("ndcg@10"), kind=Kind.RANKING, query=query
    )
    assert report.status is Status.MEASURED
    assert report.value > 0.95


def test_one_class_among_the_outcomes_is_not_judged() -> None:
    """ROC AUC of one class is undefined: said so, not reported as zero."""
    report = _assess(np.ones(150), _binary(150)[1], 0.8)
    assert report.status is Status.NOT_JUDGED
    assert "not defined" in report.reason
    assert not report.lost


def test_few_predictions_and_undefined_estimates_are_not_judged() -> None:
    """A handful of rows, or probabilities of which no draw has both classes."""
    assert "too few" in _assess(np.full(20, np.nan), np.full(20, 0.5), 0.8).reason
    assert "cannot be estimated" in _assess(np.full(200, np.nan), np.zeros(200), 0.8).reason


def test_many_classes_are_measured_and_estimated() -> None:
    """Multiclass probabilities of shape (n, k)."""
    generator = np.random.default_rng(0)
    p = generator.dirichlet([1, 1, 1], 400)
    y = (generator.random(400)[:, None] >= p.cumsum(axis=1)).sum(axis=1).clip(0, 2).astype(float)
    metric = get_metric("log_loss")
    value = metric(y.astype(int), p)
    assert not _assess(y, p, value, metric=metric, kind=Kind.MULTICLASS).lost
    late = _assess(np.full(400, np.nan), p, value, metric=metric, kind=Kind.MULTICLASS)
    assert late.estimated
    assert late.value == pytest.approx(value, rel=0.15)


@pytest.mark.parametrize("known", [True, False])
def test_a_report_survives_storage(known: bool) -> None:  # noqa: FBT001
    """Measured or not judged, taken apart and put together it says the same."""
    y, p = _binary(200)
    report = _assess(y if known else np.full(200, np.nan), p, 0.8, kind=Kind.BINARY if known else Kind.RANKING)
    again = PerformanceReport.from_parts(report.to_parts())
    assert again.facts() == report.facts()
    assert again.markdown() == report.markdown()
    assert again.status is report.status
