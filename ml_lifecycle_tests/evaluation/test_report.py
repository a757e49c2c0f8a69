"""`evaluate` gathers everything for each kind of problem; its report can be stored and judged."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Criterion, Kind
from ml_lifecycle.config.evaluation import (
    CalibrationLimits,
    EvaluationConfig,
    FairnessLimits,
    ReportConfig,
    RobustnessLimits,
    SliceLimits,
)
from ml_lifecycle.evaluation import gates
from ml_lifecycle.evaluation.learning_curve import LearningCurve, trace_learning
from ml_lifecycle.evaluation.measures.costs import CostMatrix
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.report import EvaluationReport, evaluate
from ml_lifecycle.modeling.decision import Decision
from ml_lifecycle.parts import Parts, Storable
from ml_lifecycle.verdict import Severity, Verdict
from ml_lifecycle_tests.evaluation.fitted import fit_case
from ml_lifecycle_tests.evaluation.problems import binary, queries, score_frame

CONFIG = EvaluationConfig(bootstrap=60, fairness=FairnessLimits(sensitive=("sex",)))
DATA = binary(500)


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    """A report on a calibrated binary model."""
    return evaluate(
        Kind.BINARY,
        DATA.frame,
        DATA.y,
        predict=score_frame,
        config=CONFIG,
        columns=["x", "city"],
        importance={"x": 2.0, "city": 1.0},
        classes=["no", "yes"],
    )


def _plain(verdict: Verdict) -> Verdict:
    json.dumps(dict(verdict.facts), allow_nan=False)
    assert verdict.summary.endswith(".")
    return verdict


def test_a_report_holds_all_parts(report: EvaluationReport) -> None:
    """Metrics with intervals, slices, fairness, robustness, calibration, importance and pictures."""
    assert report.primary == report.metrics["roc_auc"]
    assert report.primary.low < report.primary.value < report.primary.high
    assert report.rows == report.units == 500
    assert set(report.slices["column"]) == {"city"}
    assert len(report.fairness.gaps) == 3
    assert report.robustness["disturbance"].iloc[0] == "none"
    assert report.importance["feature"].iloc[0] == "x"
    assert report.ece is not None
    assert "| **roc_auc** |" in report.markdown()


def test_pictures_are_small_png_files(report: EvaluationReport) -> None:
    """Each picture is a PNG of at most 60 kB."""
    assert {"confusion_matrix", "roc_curve", "gain_and_lift", "calibration", "importance"} <= set(report.figures)
    assert {"slices", "scores_by_class", "partial_dependence"} <= set(report.figures)
    assert all(png.startswith(b"\x89PNG") and len(png) < 60_000 for png in report.figures.values())


def test_a_report_can_be_stored(report: EvaluationReport) -> None:
    """It comes back from its parts as it was."""
    assert isinstance(report, Storable)
    again = EvaluationReport.from_parts(report.to_parts())
    assert again.metrics == report.metrics
    assert (again.kind, again.metric, again.rows) == (report.kind, report.metric, report.rows)
    assert again.figures == report.figures
    pd.testing.assert_frame_equal(again.fairness.gaps, report.fairness.gaps)
    pd.testing.assert_frame_equal(again.importance, report.importance)
    assert set(again.tables) == set(report.tables)
    assert again.notes == report.notes


def test_a_report_of_an_earlier_version_is_read(report: EvaluationReport) -> None:
    """Parts without further tables and notes make a report without them."""
    parts = report.to_parts()
    old = {name: table for name, table in parts.tables.items() if name not in report.tables}
    facts = json.loads(parts.files["report.json"])
    del facts["notes"]
    again = EvaluationReport.from_parts(Parts(old, {"report.json": json.dumps(facts).encode()}))
    assert again.metrics == report.metrics
    assert dict(again.tables) == dict(again.notes) == {}


def test_a_model_is_looked_into() -> None:
    """With the model at hand there are SHAP values, reasons for the worst rows, and a learning curve, each told of."""
    case = fit_case()
    parts: dict[str, float] = {}
    found = evaluate(
        Kind.BINARY,
        case.frame,
        case.y,
        predict=case.predict,
        config=EvaluationConfig(bootstrap=50, report=ReportConfig(worst_rows=5, dependence_columns=2)),
        row_ids=np.arange(1_000, 1_000 + len(case.y)),
        model=case.model,
        extract=case.extractor.transform,
        learn=lambda: trace_learning(case.model.facts, case.train, case.valid, METRICS["roc_auc"], resamples=50),
        on_part=parts.__setitem__,
    )
    assert found.tables["shap"]["feature"].iloc[0] == "x"
    assert len(found.tables["worst_rows"]) == 5
    assert found.tables["worst_rows"]["because"].str.contains("x = ").all()
    assert found.tables["worst_rows"]["row"].min() >= 1_000
    assert found.tables["partial_dependence"]["column"].nunique() == 2
    assert len(found.tables["learning_curve"]) == 4
    assert "twice the 600 rows" in found.notes["learning_curve"]
    assert {"shap_summary", "learning_curve"} <= set(found.figures)
    assert {"metrics", "shap", "learning curve", "pictures"} <= set(parts)
    again = EvaluationReport.from_parts(found.to_parts())
    pd.testing.assert_frame_equal(again.tables["worst_rows"], found.tables["worst_rows"])


def test_what_is_not_wanted_is_left_out() -> None:
    """Nothing is explained, followed, listed or fitted again where the configuration says so."""
    case = fit_case()

    def learn() -> LearningCurve:
        raise AssertionError("the learning curve was not wanted")

    off = ReportConfig(worst_rows=0, shap_rows=0, dependence_columns=0, learning_curve=False)
    found = evaluate(
        Kind.BINARY,
        case.frame,
        case.y,
        predict=case.predict,
        config=EvaluationConfig(bootstrap=50, report=off, slices=SliceLimits(search=False)),
        model=case.model,
        extract=case.extractor.transform,
        learn=learn,
    )
    assert dict(found.tables) == {}
    assert "shap_summary" not in found.figures


def test_a_threshold_and_costs_of_the_model_count() -> None:
    """The model's own threshold stands above that of the configuration; costs are a metric, further ones by name."""
    found = evaluate(
        Kind.BINARY,
        DATA.frame,
        DATA.y,
        predict=score_frame,
        config=EvaluationConfig(bootstrap=50, metrics=("lift@0.05",)),
        columns=["x", "city"],
        threshold=0.2,
        costs=CostMatrix.of({"yes": {"no": 5}, "no": {"yes": 1}}, ["no", "yes"]),
    )
    assert found.threshold == 0.2
    assert found.metrics["recall"].value > 0.9
    assert {"cost", "lift@0.05"} <= set(found.metrics)


def test_what_cannot_be_measured_is_stored_too() -> None:
    """A metric that is no number survives the store."""
    y = np.zeros(60, dtype=int)
    found = evaluate(Kind.BINARY, DATA.frame[:60], y, predict=score_frame, config=CONFIG, columns=["x"])
    again = EvaluationReport.from_parts(found.to_parts())
    assert np.isnan(again.metrics["roc_auc"].value)
    assert not gates.judge_success_criteria(found, [Criterion("roc_auc", ">=", 0.1)]).passed


def test_a_good_model_passes_all_gates(report: EvaluationReport) -> None:
    """A calibrated, fair, steady model passes."""
    criteria = [Criterion("roc_auc", ">=", 0.6), Criterion("log_loss", "<", 0.69)]
    verdicts = [
        gates.judge_success_criteria(report, criteria),
        gates.judge_calibrated(report, CONFIG.calibration),
        gates.judge_fair(report, CONFIG.fairness),
        gates.judge_robust(report, CONFIG.robustness),
        gates.judge_slices(report, CONFIG.slices),
    ]
    names = ["meets_success_criteria", "calibrated", "fair", "robust", "slices_hold"]
    assert [_plain(verdict).gate for verdict in verdicts] == names
    assert all(verdict.passed for verdict in verdicts)
    warn = {verdict.gate for verdict in verdicts if verdict.severity is Severity.WARN}
    assert warn == {"calibrated", "robust", "slices_hold"}


def test_missed_criteria_are_named(report: EvaluationReport) -> None:
    """The criterion that fails stands in the summary with its value; an unmeasured one fails too."""
    verdict = _plain(gates.judge_success_criteria(report, [Criterion("roc_auc", ">=", 0.99)]))
    assert verdict.blocks
    assert f"roc_auc is {report.primary.value:.4g}" in verdict.summary
    assert ">= 0.99" in verdict.summary
    unmeasured = gates.judge_success_criteria(report, [Criterion("rmse", "<", 1.0)])
    assert not unmeasured.passed
    assert "not measured" in unmeasured.summary
    assert gates.judge_success_criteria(report, []).passed


def test_a_bad_model_fails_the_gates() -> None:
    """Overconfident, unfair, brittle and blind in one city: each gate says so."""

    def predict(frame: pd.DataFrame) -> np.ndarray:
        p = score_frame(frame)
        p = np.where(frame["city"] == "b", 0.5, p)
        sure = 1 / (1 + np.exp(-8 * (p - 0.5 + 0.25 * (frame["sex"] == "m") - 0.25 * (frame["sex"] == "f"))))
        return np.where(frame["x"].isna(), 0.0, sure)

    config = EvaluationConfig(
        bootstrap=60,
        fairness=FairnessLimits(sensitive=("sex",), max_gap=0.1),
        robustness=RobustnessLimits(noise=4, missing_share=0.5, max_drop=0.02),
        slices=SliceLimits(max_gap=0.05),
    )
    data = binary(900)
    found = evaluate(Kind.BINARY, data.frame, data.y, predict=predict, config=config, metric=METRICS["roc_auc"])
    verdicts = [
        gates.judge_calibrated(found, CalibrationLimits()),
        gates.judge_fair(found, config.fairness),
        gates.judge_robust(found, config.robustness),
        gates.judge_slices(found, config.slices),
    ]
    assert [_plain(verdict).gate for verdict in verdicts if verdict.passed] == []
    assert "city = b" in verdicts[3].summary
    assert "= m" in verdicts[1].summary
    assert verdicts[1].blocks


def test_small_sensitive_groups_are_said_not_to_be_compared(report: EvaluationReport) -> None:
    """Where no two groups are large enough, the gate passes and says so."""
    lonely = replace(report, fairness=replace(report.fairness, gaps=report.fairness.gaps.iloc[:0]))
    verdict = gates.judge_fair(lonely, CONFIG.fairness)
    assert verdict.passed
    assert "none are compared" in verdict.summary


def test_classes() -> None:
    """A multiclass model has its metrics, its confusion matrix and its calibration."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300)})
    y = np.digitize(frame["x"] + rng.normal(0, 0.5, 300), [-0.5, 0.5])

    def predict(part: pd.DataFrame) -> np.ndarray:
        scores = -np.abs(part["x"].fillna(0).to_numpy()[:, None] - np.array([-1, 0, 1]))
        return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    found = evaluate(Kind.MULTICLASS, frame, y, predict=predict, config=EvaluationConfig(bootstrap=50))
    assert found.metric == "log_loss"
    assert {"confusion_matrix", "calibration"} <= set(found.figures)
    assert gates.judge_slices(found, SliceLimits()).summary.startswith("Not applicable")


def test_regression() -> None:
    """A regression has no calibration, but residuals; gates that do not apply say so."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200)})
    y = frame["x"].to_numpy() + rng.normal(0, 0.1, 200)
    config = EvaluationConfig(
        bootstrap=50, robustness=RobustnessLimits(noise=0, missing_share=0, shift=0, permuted=False)
    )
    found = evaluate(Kind.REGRESSION, frame, y, predict=lambda part: part["x"].to_numpy(), config=config)
    assert {"predicted_and_true", "residuals"} <= set(found.figures)
    assert EvaluationReport.from_parts(found.to_parts()).reliability.empty
    verdicts = [
        gates.judge_calibrated(found, config.calibration),
        gates.judge_fair(found, config.fairness),
        gates.judge_robust(found, config.robustness),
    ]
    assert all(verdict.passed and "Not applicable" in verdict.summary for verdict in verdicts)


def test_ranking() -> None:
    """A ranking is judged by query, and says how many there were."""
    grades, scores, query = queries()
    frame = pd.DataFrame({"x": scores})
    found = evaluate(
        Kind.RANKING,
        frame,
        grades,
        predict=lambda part: part["x"].fillna(0).to_numpy(),
        config=EvaluationConfig(bootstrap=50),
        query=query,
    )
    assert found.metric == "ndcg@10"
    assert found.units == 30
    assert "in 30 groups" in found.markdown()
    assert "per_query" in found.figures


def test_metrics_of_labels_judge_what_is_decided() -> None:
    """With a decision of the model's own, accuracy counts its classes; log loss, the curve and the order stay."""
    y, p = np.array([0, 1] * 100), np.tile([0.2, 0.4], 100)
    frame = pd.DataFrame({"x": p})
    config = EvaluationConfig(bootstrap=50, report={"learning_curve": False, "shap_rows": 0})  # type: ignore[arg-type]
    plain, decided = (
        evaluate(Kind.BINARY, frame, y, predict=_read, config=config, decide=decide)
        for decide in (None, Decision(threshold=0.3).codes)
    )
    assert (plain.metrics["accuracy"].value, decided.metrics["accuracy"].value) == (0.5, 1.0)
    assert plain.metrics["log_loss"].value == decided.metrics["log_loss"].value
    assert list(plain.metrics) == list(decided.metrics)


def _read(rows: pd.DataFrame) -> np.ndarray:
    return rows["x"].fillna(0.2).to_numpy()
