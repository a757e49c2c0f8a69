"""The gates on a drift report.

They only warn: drift need not hurt, and what is done about it is decided in `retraining`.
"""

from __future__ import annotations

from ml_lifecycle.monitoring.drift.report import FEATURE, MULTIVARIATE, OUTPUT, TARGET, DriftReport
from ml_lifecycle.verdict import Fact, Severity, Verdict


def judge_everything(report: DriftReport) -> list[Verdict]:
    """All gates."""
    gates = (judge_drift, judge_prediction_drift, judge_target_drift, judge_multivariate_drift)
    return [judge(report) for judge in gates]


def judge_drift(report: DriftReport) -> Verdict:
    """Gate `no_drift`: no feature has moved beyond its limit."""
    return Verdict(
        gate="no_drift",
        passed=not report.drifted,
        severity=Severity.WARN,
        summary=report.sentences[FEATURE],
        facts=report.facts(),
        advice="look whether the source of these columns has changed; if the world has, let the model be trained again",
    )


def judge_prediction_drift(report: DriftReport) -> Verdict:
    """Gate `no_prediction_drift`: the model's output is distributed as it was at training."""
    return Verdict(
        gate="no_prediction_drift",
        passed=not report.prediction_drifted,
        severity=Severity.WARN,
        summary=report.sentences[OUTPUT],
        facts=_facts(report, OUTPUT),
        advice="compare with the drifted features, and with outcomes as soon as they have come",
    )


def judge_target_drift(report: DriftReport) -> Verdict:
    """Gate `no_target_drift`: the known outcomes are distributed as those of the reference."""
    return Verdict(
        gate="no_target_drift",
        passed=not report.target_drifted,
        severity=Severity.WARN,
        summary=report.sentences[TARGET],
        facts=_facts(report, TARGET),
        advice="the share of classes, or the level, has changed: look at calibration and threshold, and train again",
    )


def judge_multivariate_drift(report: DriftReport) -> Verdict:
    """Gate `no_multivariate_drift`: the features depend on each other as they did at training."""
    return Verdict(
        gate="no_multivariate_drift",
        passed=not report.multivariate_drifted,
        severity=Severity.WARN,
        summary=report.sentences[MULTIVARIATE],
        facts=_facts(report, MULTIVARIATE),
        advice="columns that drifted alone explain it; if none has, look at joins and at the order of columns",
    )


def _facts(report: DriftReport, role: str) -> dict[str, Fact]:
    return {"rows": report.rows, "judged": report.judged, "values": report.figures(role)}
