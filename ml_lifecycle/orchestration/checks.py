"""The checkpoints of every asset, and the translation of a room's `Verdict` into an asset check result.

How a checkpoint judges lives in the rooms; which asset carries which, and whether it blocks, is this table.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import dagster as dg

from ml_lifecycle.verdict import Severity, Verdict


class Checkpoint(NamedTuple):
    """One check of an asset."""

    name: str
    description: str
    blocking: bool = True


#: Every asset's checkpoints, in the order in which they are read. Those that do not block only warn.
CHECKPOINTS: dict[str, tuple[Checkpoint, ...]] = {
    "problem_brief": (
        Checkpoint("success_criteria_defined", "At least one criterion, each on a metric that fits the task."),
    ),
    "raw_data": (
        Checkpoint("not_empty", "The sources gave rows."),
        Checkpoint("fresh", "The newest row is not older than the project allows.", blocking=False),
    ),
    "validated_data": (
        Checkpoint("schema_valid", "Every column of the schema is there and has its type."),
        Checkpoint("quarantine_share", "Not too many rows break the schema."),
        Checkpoint("rows_conserved", "Every row that came is kept, set aside or a removed duplicate; none vanished."),
        Checkpoint("schema_evolution", "No column came, went or changed its values.", blocking=False),
    ),
    "labeled_data": (Checkpoint("label_coverage", "Rules and known labels cover rows enough."),),
    "data_audit": (Checkpoint("audit_clean", "The audit found nothing that a person should look at.", blocking=False),),
    "feasibility_study": (
        Checkpoint("feasible", "The study of the data at hand does not recommend to stop.", blocking=False),
    ),
    "project_plan": (Checkpoint("plan_complete", "The plan leaves nothing open that it needs.", blocking=False),),
    "risk_assessment": (
        Checkpoint("no_target_leakage", "No column tells the target in a way that it cannot at prediction time."),
        Checkpoint("no_lookahead", "No time lies after the moment of the prediction."),
        Checkpoint("classes_learnable", "Every class has rows enough in every split.", blocking=False),
    ),
    "feature_view": (
        Checkpoint("point_in_time_correct", "The store gives each row what was known at its time, and nothing later."),
    ),
    "data_splits": (
        Checkpoint("no_overlap", "No row is in two splits."),
        Checkpoint("no_group_leak", "No group is in two splits."),
        Checkpoint("no_time_leak", "No training row is younger than a row the model is judged on."),
        Checkpoint("strata_kept", "The classes have the same shares in every split."),
    ),
    "data_folds": (Checkpoint("folds_sound", "No fold judges a row, a group or a time that it learnt from."),),
    "features": (
        Checkpoint("no_constant", "No feature is constant on the training rows.", blocking=False),
        Checkpoint("train_serve_equal", "One row at a time gives the same bits as the batch."),
        Checkpoint("history_equal", "Looking back for one row gives the same bits as looking back in the whole table."),
    ),
    "selected_features": (Checkpoint("enough_signal", "The features say something about the target.", blocking=False),),
    "baselines": (Checkpoint("logged", "Every baseline is found again in MLflow."),),
    "tuned_model": (
        Checkpoint("beats_baseline", "Better than the best baseline, with confidence, on rows it was not fitted on."),
        Checkpoint("reproducible", "Fitted again on the same data, it is the same to the byte."),
        Checkpoint("sanity", "Fitted on shuffled labels it scores at chance."),
    ),
    "optimized_model": (
        Checkpoint("quality_kept", "The form that is taken is not surely worse than the model as it was tuned."),
    ),
    "evaluation": (
        Checkpoint("meets_success_criteria", "Every success criterion of the brief holds on the test split."),
        Checkpoint("calibrated", "Probabilities are frequencies.", blocking=False),
        Checkpoint("fair", "No sensitive group is treated worse beyond the limit."),
        Checkpoint("robust", "Noise and missing values cost no more than allowed.", blocking=False),
        Checkpoint("slices_hold", "No slice is worse than the whole beyond the limit.", blocking=False),
    ),
    "experiment": (Checkpoint("hypothesis_holds", "What the experiment was to show is shown.", blocking=False),),
    "model_comparison": (
        Checkpoint("beats_champion", "Significantly better than the model in production, or there is none."),
        Checkpoint("holds_on_old_test", "Not surely worse on the champion's test rows, unless the world has changed."),
        Checkpoint("labels_plausible", "The new outcomes are not the opposite of what was true before."),
    ),
    "model_package": (
        Checkpoint("loads_elsewhere", "Another process loads the package and predicts the same."),
        Checkpoint("signature_present", "The package says which columns it takes and what it returns."),
    ),
    "staged_model": (
        Checkpoint("smoke_test", "The served package answers right and wrong requests as it must."),
        Checkpoint("latency_p95", "95 of 100 callers of one row wait no longer than the brief allows."),
        Checkpoint("latency_p99", "99 of 100 callers of one row wait no longer than the brief allows."),
        Checkpoint("errors", "Under load, good rows are answered."),
        Checkpoint("equal_to_batch", "The served package says of rows what the batch says of them."),
    ),
    "production_approval": (
        Checkpoint("approved", "Those whose approval the YAML asks for have approved exactly this version."),
    ),
    "deployed_model": (
        Checkpoint("gates_hold_for_this_version", "Every blocking gate passed for exactly this version."),
        Checkpoint("endpoint_answers", "The scoring server answers over HTTP what the batch predicts."),
    ),
    "rollout_status": (
        Checkpoint("rollout_healthy", "Nothing speaks against the version that is rolled out.", blocking=False),
    ),
    "model_card": (Checkpoint("complete", "No section of the card is empty."),),
    "batch_predictions": (Checkpoint("inputs_valid", "Not too many rows of the batch break the schema."),),
    "prediction_window": (Checkpoint("enough_rows", "The window has rows enough to be judged.", blocking=False),),
    "data_quality": (
        Checkpoint("volume_normal", "As many predictions as windows like this one usually have.", blocking=False),
        Checkpoint("fresh_predictions", "The newest row was not old when the window ended.", blocking=False),
        Checkpoint("few_violations", "Not too many rows got an error instead of an answer.", blocking=False),
        Checkpoint("latency_kept", "Callers waited no longer than allowed.", blocking=False),
    ),
    "drift_report": (
        Checkpoint("no_drift", "No input column has drifted from the training data.", blocking=False),
        Checkpoint("no_prediction_drift", "The predictions are distributed as at training.", blocking=False),
        Checkpoint("no_target_drift", "The known outcomes are distributed as at training.", blocking=False),
        Checkpoint("no_multivariate_drift", "The columns depend on each other as at training.", blocking=False),
    ),
    "performance_report": (
        Checkpoint("performance_kept", "The model is as good as on its test split.", blocking=False),
        Checkpoint("no_concept_drift", "The loss is what the inputs of the rows let expect.", blocking=False),
        Checkpoint("slices_kept", "No slice is surely worse than on the test split beyond the limit.", blocking=False),
    ),
    "retraining_decision": (
        Checkpoint(
            "needs_nobody", "Nothing was found that people should look at instead of a retraining.", blocking=False
        ),
    ),
    "operations_report": (
        Checkpoint("training_success", "Trainings end with an answer, and do not crash.", blocking=False),
        Checkpoint("deployment_success", "Deployments do not break and are not taken back.", blocking=False),
        Checkpoint("uptime", "The scoring server is there.", blocking=False),
        Checkpoint("detection_time", "Drift is found soon after the window it is in.", blocking=False),
        Checkpoint("deployment_time", "A retraining is soon in production.", blocking=False),
        Checkpoint("latency_p95", "95 of 100 callers wait no longer than the brief allows.", blocking=False),
        Checkpoint("latency_p99", "99 of 100 callers wait no longer than the brief allows.", blocking=False),
        Checkpoint("cost", "Trainings cost no more than they may.", blocking=False),
    ),
}


def specs_for(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The check specs of an asset."""
    return [
        dg.AssetCheckSpec(item.name, asset=key, description=item.description, blocking=item.blocking)
        for item in CHECKPOINTS.get(key.path[-1], ())
    ]


def results_of(key: dg.AssetKey, verdicts: Iterable[Verdict]) -> list[dg.AssetCheckResult]:
    """Translate verdicts into check results, in the order of the table.

    Raises:
        ValueError: A verdict is missing or unknown: a step must answer every check that it declares.
    """
    given = {verdict.gate: verdict for verdict in verdicts}
    declared = [item.name for item in CHECKPOINTS.get(key.path[-1], ())]
    if set(given) != set(declared):
        msg = f"{key.to_user_string()} declares the checks {declared}, its step answered {sorted(given)}"
        raise ValueError(msg)
    return [_result(key, given[name]) for name in declared]


def _result(key: dg.AssetKey, verdict: Verdict) -> dg.AssetCheckResult:
    warns = verdict.severity is Severity.WARN
    metadata: dict[str, Any] = {"facts": dg.MetadataValue.json(dict(verdict.facts))}
    metadata |= {name: value for name, value in verdict.facts.items() if _can_be_plotted(value)}
    if verdict.advice and not verdict.passed:
        metadata["what_to_do"] = verdict.advice
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=verdict.gate,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        description=verdict.summary,
        metadata=metadata,
    )


def _can_be_plotted(value: object) -> bool:
    """The UI draws a check's figures over time where they are entries of their own."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def verdict_of(evaluation: dg.AssetCheckEvaluation) -> Verdict:
    """Read a verdict back from what Dagster stored."""
    facts = evaluation.metadata.get("facts")
    advice = evaluation.metadata.get("what_to_do")
    return Verdict(
        gate=evaluation.check_name,
        passed=evaluation.passed,
        summary=evaluation.description or "",
        severity=Severity.WARN if evaluation.severity is dg.AssetCheckSeverity.WARN else Severity.ERROR,
        facts=facts.value if isinstance(facts, dg.JsonMetadataValue) and isinstance(facts.value, dict) else {},
        advice=str(advice.value) if advice is not None else "",
    )
