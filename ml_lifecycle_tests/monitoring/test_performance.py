"""Tests of `ml_lifecycle.monitoring.performance`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig, FairnessLimits, SliceLimits
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.monitoring.detectors.blocks import Blocks
from ml_lifecycle.monitoring.estimation import estimate_performance
from ml_lifecycle.monitoring.losses.fitting import fit_losses
from ml_lifecycle.monitoring.losses.slices import measure_slices
from ml_lifecycle.monitoring.performance import (
    Grounds,
    PerformanceReport,
    Status,
    assess_performance,
    judge_concept,
    judge_performance,
    judge_slices,
)
from ml_lifecycle.parts import Parts
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


def _grouped(rows: int, seed: int, *, wrong: str = "") -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of three groups; in those of the group named `wrong` outcomes no longer follow the predictions."""
    y, p = _binary(rows, seed=seed)
    group = np.random.default_rng(seed).choice(list("abc"), rows)
    y = np.where(np.isin(group, list(wrong)), 1.0 - y, y)
    return pd.DataFrame({"x": p.round(3), "group": group}), y, p


def _grounds(window: pd.DataFrame, **more: Any) -> Grounds:
    frame, y, p = _grouped(3_000, 7)
    metric = get_metric("roc_auc")
    slices = measure_slices(frame[["group"]], y, p, metric, min_rows=50, most=10, numeric=False)
    tested = np.ones(3_000, dtype=bool)
    losses = fit_losses(frame, y, p, tested, kind=Kind.BINARY, metric=metric, config=CONFIG, slices=slices)
    evaluation = EvaluationConfig(slices=SliceLimits(columns=("group",)), fairness=FairnessLimits(sensitive=("group",)))
    return Grounds(losses=losses, inputs=window, frame=window, evaluation=evaluation, **more)


def test_a_window_like_the_test_split_raises_no_alarm() -> None:
    """Performance, concept, slices and groups: all kept, and each says on what it rests."""
    frame, y, p = _grouped(1_000, 8)
    report = _assess(y, p, 0.88, grounds=_grounds(frame, version="3"))
    verdicts = [judge_performance(report), judge_concept(report), judge_slices(report)]
    assert [item.gate for item in verdicts] == ["performance_kept", "no_concept_drift", "slices_kept"]
    assert all(item.passed and item.severity is Severity.WARN for item in verdicts)
    assert (report.model_version, report.loss_name, len(report.slices)) == ("3", "brier", 3)
    assert report.intervals["log_loss"].low < report.metrics["log_loss"] < report.intervals["log_loss"].high


def test_a_group_whose_outcomes_turned_is_found_by_concept_slice_and_fairness() -> None:
    """The same inputs, other outcomes in one of three groups: nothing moved, so the change is the concept's."""
    frame, y, p = _grouped(1_500, 9, wrong="b")
    report = _assess(y, p, 0.88, grounds=_grounds(frame))
    assert report.concept_drift
    assert "adwin" in judge_concept(report).summary
    assert report.slices.loc[report.slices["lost"], "slice"].tolist() == ["group = b"]
    assert report.gaps_beyond > 0
    assert not judge_slices(report).passed
    assert report.attribution["part"].tolist()[-1] == "(concept or interactions)"
    assert report.attribution["share"].iloc[-1] == pytest.approx(1.0, abs=0.1)
    assert report.severity > 1


def test_harder_rows_are_no_concept_drift() -> None:
    """Only rows near the boundary: performance is lost, and the inputs explain it."""
    frame, y, p = _grouped(4_000, 10)
    near = np.abs(p - 0.5) < 0.25
    report = _assess(y[near], p[near], 0.88, grounds=_grounds(frame[near]))
    assert report.lost
    assert not report.concept_drift
    together = report.attribution.set_index("part").loc["(all inputs together)"]
    assert together["share"] == pytest.approx(1.0, abs=0.3)


def test_rows_of_earlier_windows_count_once() -> None:
    """A rolling window sums up its own rows only, in order of time."""
    frame, y, p = _grouped(400, 11)
    new = np.arange(400) >= 200
    report = _assess(y, p, 0.88, grounds=_grounds(frame, new=new, order=np.arange(400)[::-1]))
    assert Blocks.from_text(report.blocks).rows == 200


def test_a_package_without_losses_is_judged_by_metrics_and_probabilities() -> None:
    """An older package: no attribution, no slices; concept drift still by what probabilities let expect."""
    _, y, p = _grouped(1_000, 12)
    report = _assess(y, p, 0.88, grounds=Grounds(evaluation=EvaluationConfig()))
    assert report.attribution.empty
    assert report.blocks
    assert judge_slices(report).summary.startswith("not judged")
    past = Blocks.from_text(report.blocks)
    turned = _assess(1 - y, p, 0.88, grounds=Grounds(past=past.then(past)))
    assert turned.concept_drift


def test_numbers_are_estimated_where_the_package_holds_a_model_of_the_loss() -> None:
    """Direct loss estimation: no outcomes, a harder mix of inputs, and the estimate holds the truth."""
    generator = np.random.default_rng(0)
    x = generator.random(3_000)
    frame, y = pd.DataFrame({"x": x}), generator.normal(size=3_000) * (1 + 2 * x)
    p, rmse = np.zeros(3_000), get_metric("rmse")
    tested = np.arange(3_000) < 1_500
    losses = fit_losses(frame, y, p, tested, kind=Kind.REGRESSION, metric=rmse, config=CONFIG)
    hard = x > 0.7
    report = assess_performance(
        np.full(int(hard.sum()), np.nan),
        p[hard],
        rmse,
        rmse(y[tested], p[tested]),
        kind=Kind.REGRESSION,
        config=CONFIG,
        grounds=Grounds(losses=losses, inputs=frame[hard]),
    )
    assert report.estimated
    assert report.lost
    assert report.low <= rmse(y[hard], p[hard]) <= report.high


def test_a_measured_window_says_whether_its_estimate_held() -> None:
    """The estimate of the same rows stands beside the truth."""
    y, p = _binary(1000, seed=3)
    assert _assess(y, p, 0.88).estimate_held is True
    assert _assess(1 - y, p, 0.88).estimate_held is False
    assert _assess(np.full(1000, np.nan), p, 0.88).estimate_held is None


def test_a_whole_report_survives_storage_and_an_older_one_can_be_read() -> None:
    """Slices, groups, attribution and intervals come back; a table of an older code lacks them."""
    frame, y, p = _grouped(1_000, 13, wrong="a")
    report = _assess(y, p, 0.88, grounds=_grounds(frame))
    parts = report.to_parts()
    again = PerformanceReport.from_parts(parts)
    assert again.facts() == report.facts()
    assert again.markdown() == report.markdown()
    assert again.intervals.keys() == report.intervals.keys()
    older = parts.tables["performance"][["metric", "greater_is_better", "status", "value", "low", "high", "reference"]]
    rest = parts.tables["performance"][["tolerated", "drop", "rows", "labelled", "lost", "reason"]]
    read = PerformanceReport.from_parts(
        Parts({"performance": pd.concat([older, rest], axis=1)}, {"metrics.json": b'{"roc_auc": 0.8, "ece": null}'})
    )
    assert (read.value, read.metrics["roc_auc"], read.concept_drift) == (report.value, 0.8, False)
