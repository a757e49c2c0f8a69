"""Tests of `ml_lifecycle.monitoring.improvement`, `improvement_gates` and `improvement_rules`, on literal figures."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd

from ml_lifecycle.config.improvement import ImprovementConfig
from ml_lifecycle.evaluation.comparison.champion import Comparison
from ml_lifecycle.evaluation.comparison.old_and_new import NEWEST, TESTED, UNSEEN, Standing
from ml_lifecycle.evaluation.comparison.recommendation import Recommendation
from ml_lifecycle.evaluation.report import EvaluationReport
from ml_lifecycle.monitoring.improvement import ImprovementReport, Measured, assess_improvement
from ml_lifecycle.verdict import Severity, Verdict

_CONFIG = ImprovementConfig(windows=3)
_CURVE = pd.DataFrame(
    {
        "rows": [500, 1_000],
        "fits": [1, 1],
        "value": [0.80, 0.84],
        "low": [0.79, 0.83],
        "high": [0.81, 0.85],
        "law": [0.80, 0.84],
    }
)
_SLICES = pd.DataFrame(
    [("region = north", "region", 90, 0.7, 0.6, 0.8, 0.2, 0.05, "declared", True)],
    columns=["slice", "column", "rows", "value", "low", "high", "gap", "sure_gap", "found", "judged"],
)
_KEPT = Comparison(
    decision="keep",
    reasons=("Not surely better.",),
    metric="roc_auc",
    rows=200,
    champion="1",
    candidate_value=0.8,
    champion_value=0.79,
    difference=0.01,
    low=-0.01,
    high=0.03,
    p_value=0.2,
    alpha=0.05,
    margin=0.0,
    recommendation=Recommendation("iterate", ("A gain is possible.",), rows_needed=900),
)


def _evaluation(**tables: pd.DataFrame) -> EvaluationReport:
    """As much of a report as is read here."""
    importance = pd.DataFrame({"feature": ["age", "salary"], "loss": [0.2, 0.01]})
    report: Any = SimpleNamespace(metric="roc_auc", slices=_SLICES, importance=importance, tables=tables)
    return cast("EvaluationReport", report)


def _drift(name: str, windows: int) -> pd.DataFrame:
    """A feature that has drifted in the last so many of four windows."""
    days = [f"2025-10-0{day}" for day in range(1, 5)]
    drifted = [number >= len(days) - windows for number in range(len(days))]
    return pd.DataFrame({"feature": name, "drifted": drifted, "value": 0.4, "limit": 0.2, "window": days})


def _rules(report: ImprovementReport) -> set[str]:
    return set(report.suggestions["rule"])


def test_where_nothing_was_measured_nothing_is_claimed() -> None:
    """No table has a row, and each says so; it can be kept all the same."""
    report = assess_improvement(Measured(), _CONFIG)
    assert report.markdown().count("Nothing was found.") == 5
    assert ImprovementReport.from_parts(report.to_parts()).markdown() == report.markdown()


def test_a_curve_that_still_rises_asks_for_rows_and_a_flat_one_does_not() -> None:
    """By more than the interval of the last point."""
    rising = assess_improvement(Measured(evaluation=_evaluation(learning_curve=_CURVE)), _CONFIG)
    assert "curve_rises" in _rules(rising)
    flat = _CURVE.assign(value=[0.80, 0.805])
    assert "curve_rises" not in _rules(
        assess_improvement(Measured(evaluation=_evaluation(learning_curve=flat)), _CONFIG)
    )


def test_the_worst_slices_come_with_size_and_interval() -> None:
    """Those of the evaluation and those of production."""
    production = pd.DataFrame(
        [("age < 30", "age", 40, 0.6, 0.5, 0.7, 0.8, 0.75, 50, True, "2025-10-04")],
        columns=[*_SLICES.columns[:6], "reference", "tolerated", "reference_rows", "lost", "window"],
    )
    table = assess_improvement(Measured(evaluation=_evaluation(), slices=production), _CONFIG).slices
    assert table["where"].tolist() == ["evaluation", "production 2025-10-04"]
    assert table.iloc[0][["slice", "rows", "low", "high"]].tolist() == ["region = north", 90, 0.6, 0.8]


def test_features_are_counted_over_the_last_windows() -> None:
    """With how far the worst of them was beyond its limit."""
    table = assess_improvement(Measured(drift=_drift("age", 2)), _CONFIG).features
    assert table.iloc[0].tolist() == ["age", 2, 3, 2.0, "2025-10-04"]


def test_an_unstable_feature_is_dropped_where_the_model_hardly_needs_it() -> None:
    """One that it leans on is to be made steadier, one that drifted once is left alone."""
    suggested = {
        name: assess_improvement(Measured(evaluation=_evaluation(), drift=_drift(name, times)), _CONFIG).suggestions
        for name, times in (("salary", 3), ("age", 3))
    }
    assert suggested["salary"]["try"].tolist() == ["drop salary"]
    assert suggested["age"]["try"].str.startswith("replace age by a steadier form").all()
    assert not len(assess_improvement(Measured(drift=_drift("age", 1)), _CONFIG).suggestions)


def test_an_open_comparison_says_how_many_rows_would_settle_it() -> None:
    """As its power says."""
    report = assess_improvement(Measured(comparison=_KEPT), _CONFIG)
    assert _rules(report) == {"comparison_open"}
    assert "900 labelled rows" in report.suggestions.iloc[0]["try"]


def test_a_world_that_changed_while_nothing_better_was_found_asks_for_a_shorter_past() -> None:
    """The champion has surely become worse, and what learnt from old and new rows alike was no better."""
    standings = (
        Standing(NEWEST, 200, 0.7, 0.65, 0.75, candidate=0.71),
        Standing(UNSEEN, 900, 0.7, 0.67, 0.73),
        Standing(TESTED, 500, 0.9, 0.88, 0.92),
    )
    assert "world_changed" in _rules(
        assess_improvement(Measured(comparison=replace(_KEPT, standings=standings)), _CONFIG)
    )


def test_gates_are_told_by_how_bad_they_stand() -> None:
    """Failed, warned, then those that let pass narrowly; one that holds surely is left out."""
    wide = {"asked": ">= 0.8", "value": 0.81, "low": 0.78, "high": 0.84, "holds": True, "holds_surely": False}
    verdicts = {
        "a.close": Verdict("close", passed=True, summary="", facts={"share": 0.018, "limit": 0.02}),
        "a.wide": Verdict("wide", passed=True, summary="", facts={"roc_auc": wide}),
        "a.sure": Verdict("sure", passed=True, summary="", facts={"share": 0.001, "limit": 0.02}),
        "a.warned": Verdict("warned", passed=False, summary="hm", severity=Severity.WARN),
        "a.failed": Verdict("failed", passed=False, summary="no"),
    }
    gates = assess_improvement(Measured(verdicts=verdicts), _CONFIG).gates
    assert gates["gate"].tolist() == ["a.failed", "a.warned", "a.close", "a.wide"]
    assert "reaches beyond >= 0.8" in gates.iloc[-1]["detail"]


def test_rules_about_data_read_the_gates() -> None:
    """Quarantine near its limit, labels that cannot be, probabilities that miss, outcomes that come late."""
    verdicts = {
        "validated_data.quarantine_share": Verdict("q", passed=True, summary="", facts={"share": 0.019, "limit": 0.02}),
        "model_comparison.labels_plausible": Verdict("l", passed=False, summary="inverted"),
        "evaluation.calibrated": Verdict("c", passed=False, summary="off", severity=Severity.WARN),
    }
    late = pd.DataFrame({"window": ["1", "2"], "status": "estimated", "value": 0.8, "lost": [False, True]})
    report = assess_improvement(Measured(verdicts=verdicts, performance=late), _CONFIG)
    assert _rules(report) == {"labels_inverted", "quarantine_near_limit", "miscalibrated", "outcomes_late"}
    assert "lost in 1 of the last 3 windows, last in 2" in report.failures.iloc[0]["detail"]
