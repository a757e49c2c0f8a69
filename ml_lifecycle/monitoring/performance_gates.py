"""The gates of a window's performance; all of them only warn, since what is in production is in production."""

from __future__ import annotations

from math import isnan

from ml_lifecycle.monitoring.performance_report import PerformanceReport
from ml_lifecycle.monitoring.performance_text import concept_sentence, sentence_of, slices_sentence
from ml_lifecycle.verdict import Severity, Verdict


def judge_performance(report: PerformanceReport) -> Verdict:
    """Gate `performance_kept`: the window is not provably worse than tolerated; only warns."""
    return Verdict(
        gate="performance_kept",
        passed=not report.lost,
        severity=Severity.WARN,
        summary=sentence_of(report),
        facts=report.facts(),
        advice="see which features drifted and which slices suffer; let the model be trained on newer outcomes",
    )


def judge_concept(report: PerformanceReport) -> Verdict:
    """Gate `no_concept_drift`: no detector says that the loss has risen beyond what inputs foresee; only warns."""
    return Verdict(
        gate="no_concept_drift",
        passed=not report.concept_drift,
        severity=Severity.WARN,
        summary=concept_sentence(report),
        facts={
            "concept_drift": report.concept_drift,
            "loss": None if isnan(report.loss) else report.loss,
            "loss_reference": None if isnan(report.loss_reference) else report.loss_reference,
            "labelled": report.labelled,
        },
        advice="the same inputs have other outcomes than at training: let the model be trained on newer outcomes",
    )


def judge_slices(report: PerformanceReport) -> Verdict:
    """Gate `slices_kept`: no slice is surely worse than tolerated, no gap between groups beyond limits; only warns."""
    lost = report.slices[report.slices["lost"]]["slice"].tolist() if len(report.slices) else []
    return Verdict(
        gate="slices_kept",
        passed=not report.slices_lost and not report.gaps_beyond,
        severity=Severity.WARN,
        summary=slices_sentence(report),
        facts={"slices": len(report.slices), "lost": [str(name) for name in lost], "gaps_beyond": report.gaps_beyond},
        advice="look whether the slice changed its meaning; more rows of it in training may help",
    )
