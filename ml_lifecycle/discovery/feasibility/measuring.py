"""Measuring what the study is made of, on training rows alone. The record is `evidence`; parts have modules each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan, nan, sqrt

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Criterion, Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TRAIN
from ml_lifecycle.discovery.feasibility.evidence import CriterionEvidence, Estimate, Evidence
from ml_lifecycle.discovery.feasibility.history import tell_halves_apart
from ml_lifecycle.discovery.feasibility.labels import LabelQuality, share_contradicted, share_disagreeing
from ml_lifecycle.discovery.feasibility.prototype import (
    BOOSTING,
    LINEAR,
    Trial,
    draw_training_rows,
    try_prototype,
    without_columns,
)
from ml_lifecycle.discovery.risks.assessment import RiskAssessment
from ml_lifecycle.discovery.risks.finding import Finding, RiskKind
from ml_lifecycle.evaluation.inference.power import rows_needed
from ml_lifecycle.evaluation.inference.quick_intervals import jackknife_interval
from ml_lifecycle.evaluation.inference.significance import jackknife_difference
from ml_lifecycle.evaluation.learning_curve import trace_learning
from ml_lifecycle.evaluation.measures.costs import CostMatrix
from ml_lifecycle.evaluation.metrics import Metric, metric_for
from ml_lifecycle.modeling.effort import measure_effort
from ml_lifecycle.modeling.samples import fit_target

#: Findings about columns that make a model look better than it is: the prototype does not read such columns.
LEAKS = frozenset(
    {RiskKind.TARGET_COPY, RiskKind.TARGET_PARTS, RiskKind.KNOWN_AFTER, RiskKind.LOOKAHEAD, RiskKind.TARGET_LEAK}
)
#: The same where the better of two prototypes was taken (Bonferroni).
_NORMAL_OF_TWO = 2.24


def gather_evidence(
    frame: pd.DataFrame,
    assignment: pd.DataFrame,
    project: ProjectConfig,
    *,
    risks: RiskAssessment | None = None,
    quarantined: int = 0,
) -> Evidence:
    """Measure everything that the study is made of, on training rows alone.

    Args:
        frame: Validated rows with `_row_id`.
        assignment: `_row_id` and `_split`.
        project: The project.
        risks: What was found about leaks; columns that are sure to tell the target are not read.
        quarantined: Rows that broke the schema.

    Raises:
        DataError: There are too few training rows for the folds.
        TargetError: The target cannot be learnt.
    """
    with measure_effort() as meter:
        found = _measure(frame, assignment, project, _open_leaks(risks), quarantined)
    effort = meter.read()
    return replace(found, study_seconds=effort.wall_seconds, memory_mib=effort.peak_memory_mib)


def _measure(
    frame: pd.DataFrame, assignment: pd.DataFrame, project: ProjectConfig, leaks: Sequence[Finding], quarantined: int
) -> Evidence:
    blind = tuple(sorted({column for finding in leaks if finding.kind in LEAKS for column in finding.columns}))
    seeing = without_columns(project, [name for name in blind if name in frame.columns])
    rows = draw_training_rows(frame, assignment, seeing)
    target = fit_target(frame, assignment, project.brief)
    trial = try_prototype(rows, target, seeing)
    metric, *others = _metrics(project, trial)
    chosen, floor = _better_prototype(trial, metric), _best(trial, metric, trial.floor)
    curves = {each.name: _doubled(trial, chosen, each) for each in (metric, *others)}
    gain, gain_rows = _gain(trial, metric, chosen, floor)
    estimate, halves = _estimate(trial, metric, chosen), tell_halves_apart(rows, target, seeing)
    ids = assignment.loc[assignment[SPLIT] == TRAIN, ROW_ID]
    return Evidence(
        metric=metric.name,
        prototype=chosen,
        estimate=estimate,
        floor=floor,
        floor_value=_value(trial, metric, floor),
        gain=gain,
        gain_rows=gain_rows,
        others={name: _value(trial, metric, name) for name in trial.predictions},
        criteria=tuple(
            _hold_against(trial, each, chosen, criterion, curves[each.name])
            for each, criterion in zip(others, project.brief.criteria, strict=True)
        ),
        doubled=curves[metric.name],
        pair_error=_pair_error(trial, metric, estimate.error),
        judged=len(trial.y),
        rows=len(ids),
        looked_at=trial.rows,
        effective_rows=_effective_rows(frame.loc[frame[ROW_ID].isin(ids), project.brief.target], trial),
        features=trial.features,
        labels=_judge_labels(rows, trial, chosen, seeing),
        missing=_share_missing(rows, seeing),
        quarantined=quarantined / max(len(frame) + quarantined, 1),
        leaks={finding.name: finding.confidence for finding in leaks},
        leak_advice={finding.name: finding.advice for finding in leaks},
        blind_to=blind,
        halves=None if halves is None else Estimate.of(halves),
        seconds=trial.seconds,
        note=trial.note,
    )


def _judge_labels(rows: pd.DataFrame, trial: Trial, chosen: str, project: ProjectConfig) -> LabelQuality:
    kind = trial.target.kind
    return LabelQuality(
        share_disagreeing(rows, project) if kind in (Kind.BINARY, Kind.MULTICLASS) else nan,
        share_contradicted(kind, trial.y, trial.predictions[chosen]),
    )


def _open_leaks(risks: RiskAssessment | None) -> list[Finding]:
    return [] if risks is None else [finding for finding in risks.reported if not finding.accepted]


def _metrics(project: ProjectConfig, trial: Trial) -> list[Metric]:
    """The primary metric, then that of each criterion."""
    costs = CostMatrix.of(project.brief.costs, trial.target.classes)
    names = [project.brief.metric, *(criterion.metric for criterion in project.brief.criteria)]
    threshold = project.evaluation.threshold
    return [metric_for(trial.target.kind, name, threshold=threshold, costs=costs) for name in names]


def _value(trial: Trial, metric: Metric, name: str) -> float:
    return float(metric(trial.y, trial.predictions[name], trial.query))


def _best(trial: Trial, metric: Metric, names: Sequence[str]) -> str:
    scores = {name: metric.sign * _value(trial, metric, name) for name in names}
    return max(scores, key=lambda name: -np.inf if isnan(scores[name]) else scores[name])


def _better_prototype(trial: Trial, metric: Metric) -> str:
    return _best(trial, metric, [name for name in (BOOSTING, LINEAR) if name in trial.last.models])


def _estimate(trial: Trial, metric: Metric, name: str) -> Estimate:
    found = jackknife_interval(metric, trial.y, trial.predictions[name], query=trial.query, groups=trial.groups)
    return Estimate.of(found)


def _gain(trial: Trial, metric: Metric, name: str, floor: str) -> tuple[Estimate, int | None]:
    predictions = (trial.predictions[name], trial.predictions[floor])
    value, error = jackknife_difference(metric, trial.y, *predictions, query=trial.query, groups=trial.groups)
    reach = _NORMAL_OF_TWO * error
    needed = rows_needed(error, len(trial.y), value, alpha=0.05)
    return Estimate(value, value - reach, value + reach, error), needed


def _pair_error(trial: Trial, metric: Metric, alone: float) -> float:
    """Both prototypes stand for a champion and its challenger; those are more alike, so that this is an upper bound."""
    predictions = (trial.predictions[BOOSTING], trial.predictions[LINEAR])
    error = jackknife_difference(metric, trial.y, *predictions, query=trial.query, groups=trial.groups)[1]
    return float(np.fmin(error, sqrt(2) * alone))


def _doubled(trial: Trial, name: str, metric: Metric) -> Estimate:
    last = trial.last
    curve = trace_learning(last.models[name].facts, last.train, last.valid, metric, resamples=100)
    return Estimate.of(curve.doubled)


def _hold_against(
    trial: Trial, metric: Metric, name: str, criterion: Criterion, doubled: Estimate
) -> CriterionEvidence:
    floor = _best(trial, metric, trial.floor)
    gain = metric.sign * (_value(trial, metric, name) - _value(trial, metric, floor))
    sign = 1 if criterion.operator.startswith(">") else -1
    return CriterionEvidence(
        str(criterion), criterion.limit, sign, _estimate(trial, metric, name), float(gain), doubled
    )


def _effective_rows(labels: pd.Series, trial: Trial) -> int:
    """Rows that teach: of a classification the rarest class counts, as the others are told from it."""
    if trial.target.kind in (Kind.BINARY, Kind.MULTICLASS):
        counts = labels.value_counts()
        return int(counts[counts > 0].min()) * len(trial.target.classes)
    return len(labels)


def _share_missing(rows: pd.DataFrame, project: ProjectConfig) -> float:
    columns = [name for name in rows.columns if name not in project.non_features | {ROW_ID}]
    return float(rows[columns].isna().to_numpy().mean()) if columns else 0.0
