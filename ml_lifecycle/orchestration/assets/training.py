"""What becomes of a searched model before it is stored: ensemble, calibration, intervals, decision; and its gates.

Each part lives in the rooms modeling and evaluation; here they are put in order. The assets are in `modeling`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.orchestration.assets.samples import (
    LabelledRows,
    blocks_in_time,
    costs_of,
    decision_of,
    primary_metric,
)
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.verdict import Verdict

if TYPE_CHECKING:
    from ml_lifecycle.modeling.predictor import Predictor
    from ml_lifecycle.modeling.samples import Samples

#: Shuffles behind the sanity check: one alone may agree with the target by luck.
_SHUFFLES = 3


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """What a model is made of and judged on before its evaluation.

    Args:
        train: Training rows.
        learnt_from: The same, augmented: what the model is fitted on.
        valid: Validation rows.
        raw: The validation rows before the features.
        folds: Folds of the training rows, where the project uses them.
    """

    train: "Samples"
    learnt_from: "Samples"
    valid: "Samples"
    raw: LabelledRows
    folds: Any = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A model with all that makes answers of its predictions, and what the UI is told of how that was chosen."""

    predictor: "Predictor"
    metadata: Mapping[str, Any]


def finish_model(
    project: ProjectConfig, extractor: Any, target: Any, result: Any, rows: TrainingRows, *, keep: Path | None = None
) -> Finished:
    """From a searched model to a predictor: ensemble where it is better, calibration, intervals, decision.

    Args:
        project: The project.
        extractor: What made the features.
        target: What is predicted.
        result: The finished search.
        rows: What the model is made of.
        keep: Folder of the fits that are done, so that a killed training goes on after them.
    """
    from ml_lifecycle.modeling.predictor import Predictor

    modeling = project.modeling
    model, said = _ensemble(project, target, result, rows, keep)
    predictor = Predictor.build(
        extractor,
        model,
        target,
        valid=rows.valid,
        calibration=modeling.calibration,
        out_of_fold=_out_of_fold(project, target, model, rows, keep),
        coverage=modeling.intervals,
    )
    if predictor.interval is not None:
        said["intervals"] = dg.MetadataValue.json(dict(predictor.interval.describe()))
    decision, chosen = _decide(project, predictor, rows)
    return Finished(predictor if decision is None else replace(predictor, decision=decision), {**said, **chosen})


def _ensemble(
    project: ProjectConfig, target: Any, result: Any, rows: TrainingRows, keep: Path | None
) -> tuple[Any, dict[str, Any]]:
    modeling = project.modeling
    if modeling.ensemble.method == "none":
        return result.model, {}
    from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
    from ml_lifecycle.modeling.ensemble import build_ensemble
    from ml_lifecycle.modeling.kept_fits import KeptFits

    metric, groups = primary_metric(project, target), rows.raw.groups

    def is_better(y: Any, together: Any, single: Any, query: Any) -> tuple[bool, dict[str, float]]:
        options = {"groups": groups, "resamples": project.evaluation.bootstrap}
        found = paired_bootstrap(metric, y, together, single, query=query, **options)
        facts = {"difference": found.difference, "low": found.low, "p_value": found.p_value}
        return found.p_value < modeling.ensemble.alpha, facts

    made = build_ensemble(
        rows.learnt_from,
        rows.valid,
        result,
        config=modeling,
        score=metric,
        is_better=is_better,
        latency_p95_ms=project.brief.constraints.latency_p95_ms,
        groups=groups,
        kept=KeptFits(None if keep is None else keep / "members"),
    )
    said = {"ensemble": " ".join(made.reasons), "ensemble_kept": made.kept, "ensemble_members": as_table(made.members)}
    return made.model, said


def _out_of_fold(project: ProjectConfig, target: Any, model: Any, rows: TrainingRows, keep: Path | None) -> Any:
    modeling, augmentation = project.modeling, project.dataset.augmentation
    classes = target.kind in (Kind.BINARY, Kind.MULTICLASS)
    if not classes or modeling.calibration == "none" or modeling.calibrate_on != "folds":
        return None
    if rows.folds is None:
        raise ConfigError(
            "the calibration is to be fitted on folds, and the project has none",
            expected="folds of the training rows",
            got="modeling.calibrate_on: folds in an experiment alone",
            advice="set it, or features.selection.stability, in the project's own YAML, so that folds are made",
        )
    from ml_lifecycle.modeling.augmentation import augment
    from ml_lifecycle.modeling.cross_fitting import predict_out_of_fold
    from ml_lifecycle.modeling.kept_fits import KeptFits

    return predict_out_of_fold(
        rows.train,
        rows.folds,
        model,
        augment=lambda part: augment(part, augmentation, kind=target.kind, seed=modeling.seed),
        kept=KeptFits(None if keep is None else keep / "folds"),
    )


def _decide(project: ProjectConfig, predictor: "Predictor", rows: TrainingRows) -> tuple[Any, dict[str, Any]]:
    """How predictions become labels: thresholds by group where fairness asks for them, else by metric or cost."""
    from ml_lifecycle.modeling.decision import Decision

    kind, mitigation = predictor.target.kind, project.evaluation.fairness.mitigation
    decision, said = _choose_threshold(project, predictor, rows)
    if kind is not Kind.BINARY or mitigation == "none":
        return decision, said
    from ml_lifecycle.evaluation.fairness.mitigation import mitigate

    found = mitigate(
        rows.raw.rows,
        rows.valid.y,
        predictor.predict_samples(rows.valid),
        project.evaluation.fairness,
        threshold=project.evaluation.threshold if decision is None else decision.general_threshold,
        groups=rows.raw.groups,
        seed=project.modeling.seed,
    )
    said |= {"mitigation": as_table(found.table), "mitigation_thresholds": as_table(found.groups)}
    return Decision(by_group=found.thresholds), said


def _choose_threshold(project: ProjectConfig, predictor: "Predictor", rows: TrainingRows) -> tuple[Any, dict[str, Any]]:
    from ml_lifecycle.modeling.decision import Decision, least_cost_decision

    config, seed = project.modeling.threshold, project.modeling.seed
    kind, costs = predictor.target.kind, project.brief.costs
    if config.method == "fixed" or kind not in (Kind.BINARY, Kind.MULTICLASS):
        return None, {}
    if kind is Kind.MULTICLASS:
        decision = least_cost_decision(predictor.target, costs) if config.method == "cost" else None
        return decision, {}
    y, p, before = rows.valid.y, predictor.predict_samples(rows.valid), project.evaluation.threshold
    if config.method == "metric":
        from ml_lifecycle.evaluation.metrics import get_metric
        from ml_lifecycle.modeling.threshold import choose_by_metric

        metric = get_metric(config.metric, costs_of(project, predictor.target))
        choice: Any = choose_by_metric(y, p, metric.at, before=before, seed=seed)
    else:
        from ml_lifecycle.modeling.cost_threshold import choose_by_cost
        from ml_lifecycle.modeling.decision import cost_matrix

        choice = choose_by_cost(y, p, cost_matrix(predictor.target, costs), before=before, seed=seed)
    return Decision(threshold=choice.threshold), {"threshold": dg.MetadataValue.json(dict(choice.describe()))}


def judge_tuned(
    project: ProjectConfig, predictor: "Predictor", baselines: Any, rows: TrainingRows, entity: Any
) -> list[Verdict]:
    """The three gates of the tuned model: better than the floor, the same twice, nothing from nothing."""
    from ml_lifecycle.evaluation.decided import for_metric
    from ml_lifecycle.evaluation.model_gates import judge_beats_baseline, judge_reproducible
    from ml_lifecycle.modeling.training import fit_twice

    metric = primary_metric(project, predictor.target)
    valid, twice = rows.valid, fit_twice(predictor.model, rows.learnt_from)
    predictions = predictor.predict_samples(valid)
    seen = for_metric(predictions, rows.raw.rows, metric, decision_of(predictor))
    floor = baselines.predict_best(valid, entity)
    groups = blocks_in_time(project, rows.raw, metric, [seen, floor])
    return [
        judge_beats_baseline(
            metric,
            valid.y,
            seen,
            floor,
            config=project.evaluation,
            margin=project.modeling.baseline_margin,
            query=valid.query,
            groups=groups,
        ),
        judge_reproducible(twice.first, twice.second),
        _judge_sanity(project, predictor, rows, predictions, groups),
    ]


def _judge_sanity(
    project: ProjectConfig, predictor: "Predictor", rows: TrainingRows, predictions: Any, groups: Any
) -> Verdict:
    from ml_lifecycle.evaluation.model_gates import judge_sanity
    from ml_lifecycle.evaluation.sanity import fit_small_batch, probe_order
    from ml_lifecycle.modeling.estimators import get_family
    from ml_lifecycle.modeling.training import fit_on_shuffled_labels

    facts = predictor.model.facts
    family, train, valid = get_family(facts.family), rows.learnt_from, rows.valid
    shuffled = [
        fit_on_shuffled_labels(
            train, valid, family, facts.parameters, goal=replace(facts.goal, seed=facts.goal.seed + n)
        )
        for n in range(_SHUFFLES)
    ]
    raw = rows.raw.rows
    return judge_sanity(
        primary_metric(project, predictor.target),
        valid.y,
        shuffled,
        config=project.evaluation,
        p_model=predictions,
        query=valid.query,
        groups=groups,
        batch=fit_small_batch(train, _single_family(project.modeling, facts.family), goal=facts.goal),
        order=probe_order(lambda places: predictor.predict(raw.iloc[places]), len(raw), seed=facts.goal.seed),
    )


def _single_family(modeling: Any, fitted: str) -> Any:
    """The family that was searched: of a contest the one that won, and of a blend of its models its first."""
    from ml_lifecycle.modeling.estimators import FAMILIES, get_family

    if modeling.family != "auto":
        return get_family(modeling.family)
    return get_family(fitted if fitted in FAMILIES else modeling.search.families[0])
