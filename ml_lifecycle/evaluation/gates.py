"""The gates that judge an evaluation: success criteria, calibration, fairness, robustness, slices.

Those of a trained model live in `model_gates`; beating the champion is judged in `comparison/champion`. Where a gate
judges a figure that chance moves, it fails only where the figure is beyond its limit with confidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ml_lifecycle.config.brief import Criterion
from ml_lifecycle.config.evaluation import CalibrationLimits, FairnessLimits, RobustnessLimits, SliceLimits
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.model_gates import (
    judge_beats_baseline,
    judge_logged,
    judge_reproducible,
    judge_sanity,
)
from ml_lifecycle.evaluation.plain import plain
from ml_lifecycle.evaluation.report import EvaluationReport
from ml_lifecycle.verdict import Fact, Severity, Verdict

__all__ = [
    "judge_beats_baseline",
    "judge_calibrated",
    "judge_fair",
    "judge_logged",
    "judge_reproducible",
    "judge_robust",
    "judge_sanity",
    "judge_slices",
    "judge_success_criteria",
]

#: Rows of a table that a verdict carries: the worst ones.
_SHOWN = 10


def judge_success_criteria(report: EvaluationReport, criteria: Sequence[Criterion]) -> Verdict:
    """Every criterion of the brief holds for the value on the held-out rows; the interval says how surely."""
    facts: dict[str, Fact] = {"rows": report.rows, "confidence": report.confidence}
    missed: list[str] = []
    passed: list[str] = []
    for criterion in criteria:
        found = report.metrics.get(criterion.metric)
        holds = found is not None and criterion.holds(found.value)
        said = f"{criterion.metric} is {_value(found)}, asked is {criterion.operator} {criterion.limit:g}"
        (passed if holds else missed).append(said)
        facts[criterion.metric] = {
            "asked": f"{criterion.operator} {criterion.limit:g}",
            "value": plain(found.value) if found else None,
            "low": plain(found.low) if found else None,
            "high": plain(found.high) if found else None,
            "holds": holds,
            "holds_surely": found is not None and criterion.holds(found.low) and criterion.holds(found.high),
        }
    if not criteria:
        summary = "The brief sets no success criterion, so none is missed."
    else:
        summary = f"{len(passed)} of {len(criteria)} success criteria hold: {'; '.join(missed or passed)}."
    return Verdict(
        gate="meets_success_criteria",
        passed=not missed,
        summary=summary,
        facts=facts,
        advice="give the search more time or the model better features; if the criterion asks for more than the data "
        "hold, change brief.success_criteria",
    )


def judge_calibrated(report: EvaluationReport, limits: CalibrationLimits) -> Verdict:
    """The expected calibration error is not above its limit with confidence."""
    found = report.ece
    if found is None:
        return _passes("calibrated", f"Not applicable: a {report.kind} has no probabilities.")
    passed = not found.low > limits.max_error
    return Verdict(
        gate="calibrated",
        passed=passed,
        summary=f"Probabilities miss frequencies by {found.value:.3f} on average, surely by {found.low:.3f}; "
        f"allowed are {limits.max_error:g}.",
        severity=Severity.WARN,
        facts={
            "error": plain(found.value),
            "low": plain(found.low),
            "high": plain(found.high),
            "limit": limits.max_error,
        },
        advice="set modeling.calibration to isotonic (many validation rows) or sigmoid (few)",
    )


def judge_fair(report: EvaluationReport, limits: FairnessLimits) -> Verdict:
    """No gap between groups of a sensitive column, and no ratio, is beyond its limit with confidence."""
    if not limits.sensitive:
        return _passes("fair", "Not applicable: no sensitive column is named.", Severity.ERROR)
    gaps = report.fairness.gaps
    facts: dict[str, Fact] = {
        "limit": limits.max_gap,
        "min_ratio": limits.min_ratio,
        "gaps": _rows(gaps.sort_values("sure_gap", ascending=False)),
        "ratios_below": _rows(gaps[gaps["below"]].sort_values("sure_ratio")),
        "measures": _rows(report.fairness.measures, shown=2 * _SHOWN),
        "small_groups": _small_groups(report.fairness.groups),
    }
    if gaps.empty:
        summary = f"No two groups of {', '.join(limits.sensitive)} have {limits.min_rows} rows, so none are compared."
        return Verdict("fair", passed=True, summary=summary, facts=facts, advice="gather more rows, or lower min_rows")
    worst = gaps.sort_values("sure_gap").iloc[-1]
    pair = f"{worst['column']} {worst['higher']} and {worst['lower']}"
    return Verdict(
        gate="fair",
        passed=report.fairness.fair,
        summary=f"{int(gaps['beyond'].sum())} of {len(gaps)} gaps are surely beyond {limits.max_gap:g}; the widest is "
        f"in {worst['measure']}, between {pair}: {worst['gap']:.3f}, surely {worst['sure_gap']:.3f}"
        f"{_say_ratios(gaps, limits)}.",
        facts=facts,
        advice="look at features that stand in for the sensitive column, at the threshold and at how labels came "
        "about; evaluation.fairness.mitigation chooses thresholds per group (binary); a gap that the task justifies "
        "is accepted by a larger evaluation.fairness.max_gap, or a smaller min_ratio",
    )


def _say_ratios(gaps: pd.DataFrame, limits: FairnessLimits) -> str:
    if limits.min_ratio is None or gaps["sure_ratio"].isna().all():
        return ""
    worst = gaps.sort_values("sure_ratio").iloc[0]
    return (
        f"; {int(gaps['below'].sum())} ratios are surely below {limits.min_ratio:g}, the smallest is in "
        f"{worst['measure']}, of {worst['column']} {worst['under']} to {worst['above']}: {worst['ratio']:.3f}, surely "
        f"at most {worst['sure_ratio']:.3f}"
    )


def judge_robust(report: EvaluationReport, limits: RobustnessLimits) -> Verdict:
    """No disturbance costs more of the primary metric than its kind allows, with confidence.

    Noise, missing cells, swapped categories and shifts of a column may cost `max_drop`. A permuted column may cost
    much, but not so much that the model is worse than one that knows nothing; see `robustness`.
    """
    table = report.robustness.iloc[1:]
    if table.empty:
        return _passes("robust", "Not applicable: no disturbance is set, or no column can be disturbed.")
    worst_first = table.assign(by=table["low"] - table["limit"]).sort_values(
        "by", ascending=False, kind="stable", na_position="last"
    )
    failed = worst_first[worst_first["beyond"]]
    worst = worst_first.iloc[0]
    bar = "down to chance there are" if worst["kind"] == "permuted" else "allowed are"
    more = f" {len(failed) - 1} more cost too much: {', '.join(failed['disturbance'][1:4])}." if len(failed) > 1 else ""
    return Verdict(
        gate="robust",
        passed=failed.empty,
        summary=f"{worst['disturbance']} costs {worst['drop']:.1%} of {report.metric}, surely {worst['low']:.1%}; "
        f"{bar} {worst['limit']:.0%}.{more}",
        severity=Severity.WARN,
        facts={
            "limit": limits.max_drop,
            "metric": report.metric,
            "undisturbed": plain(report.robustness["value"].iloc[0]),
            "beyond": list(failed["disturbance"]),
            "table": _rows(worst_first.drop(columns="by"), shown=2 * _SHOWN),
        },
        advice=_advise_robust(set(failed["kind"])),
    )


def _advise_robust(kinds: set[str]) -> str:
    said = []
    if kinds & {"shift"}:
        said.append("gather more rows like those that become more frequent, and watch these columns for drift")
    if kinds & {"permuted"}:
        said.append("check the source of the permuted columns before scoring, and do without the model where it broke")
    if not said or kinds - {"shift", "permuted"}:
        said.append(
            "see in the importances which columns the model leans on; stronger regularisation, or fewer such columns, "
            "make it steadier"
        )
    return "; ".join(said)


def judge_slices(report: EvaluationReport, limits: SliceLimits) -> Verdict:
    """No slice is worse than the whole by more than allowed, with confidence over all slices together.

    Searched slices whose loss the predictions let expect are told in the facts, not judged; see `slices.find_slices`.
    """
    table = report.slices.sort_values("sure_gap", ascending=False, kind="stable", na_position="last")
    judged, told = table[table["judged"]], table[~table["judged"]]
    found = {str(how): int(count) for how, count in table["found"].value_counts().items()}
    facts: dict[str, Fact] = {
        "limit": limits.max_gap,
        "metric": report.metric,
        "whole": plain(report.primary.value),
        "slices": len(judged),
        "found": {**found},
        "worst": _rows(judged),
        "not_judged": _rows(told),
    }
    if judged.empty:
        summary = f"Not applicable: no column gives slices of {limits.min_rows} rows."
        return Verdict("slices_hold", passed=True, summary=summary, severity=Severity.WARN, facts=facts)
    failed, worst = judged[judged["sure_gap"] > limits.max_gap], judged.iloc[0]
    return Verdict(
        gate="slices_hold",
        passed=failed.empty,
        summary=f"{len(failed)} of {len(judged)} slices are surely worse than the whole by more than "
        f"{limits.max_gap:.0%}; the worst is {worst['slice']} ({worst['found']}, {worst['rows']:,} rows, "
        f"{report.metric} {worst['value']:.4g} against {report.primary.value:.4g}, surely "
        f"{max(worst['sure_gap'], 0):.1%} worse).",
        severity=Severity.WARN,
        facts=facts,
        advice="gather more rows of these slices, or give the model features that explain them",
    )


def _value(found: Interval | None) -> str:
    return "not measured" if found is None else f"{found.value:.4g} [{found.low:.4g}, {found.high:.4g}]"


def _passes(gate: str, summary: str, severity: Severity = Severity.WARN) -> Verdict:
    return Verdict(gate=gate, passed=True, summary=summary, severity=severity)


def _rows(table: pd.DataFrame, shown: int = _SHOWN) -> list[Fact]:
    return [{str(key): plain(value) for key, value in row.items()} for row in table.head(shown).to_dict("records")]


def _small_groups(groups: pd.DataFrame) -> list[Fact]:
    small = groups.loc[~groups["judged"].astype(bool)]
    return [f"{row.column} {row.group}: {row.measure} of {row.rows} rows" for row in small.head(_SHOWN).itertuples()]
