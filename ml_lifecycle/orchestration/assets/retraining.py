"""The assets that say what follows from a window: whether to retrain and why, and what would make the model better.

The sensor `<p>_retrain_on_drift` asks the same function and acts; these assets show people what it sees. Of many
windows in one run only the last is decided about: a decision is about now.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.findings import decide_retraining
from ml_lifecycle.orchestration.gate_records import all_verdicts
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.partitions import partitions_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.window_runs import is_last

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.improvement import Measured
    from ml_lifecycle.monitoring.retraining import Decision


def retraining_decision_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`retraining_decision`: what follows from what was found."""
    spec = StepSpec(
        "retraining_decision",
        "monitoring",
        kinds=("table",),
        after=("drift_report", "performance_report"),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def retraining_decision(context: dg.AssetExecutionContext) -> Made:
        """Whether the model is to be trained again, and every condition with its answer; the sensor acts on it."""
        from ml_lifecycle.monitoring.retraining_record import DecisionRecord, judge_decision

        decision = _decide(context, project)
        record = DecisionRecord(decision)
        context.log.info(f"{decision.action}: {decision.reason}")
        return Made(
            record,
            verdicts=[judge_decision(decision)],
            metadata={
                "action": decision.action,
                "reason": decision.reason,
                "trigger": decision.trigger or "none",
                "priority": decision.priority,
                "conditions": as_table(record.checks, rows=30),
                "decision": dg.MetadataValue.md(record.markdown()),
            },
        )

    return retraining_decision


def _decide(context: dg.AssetExecutionContext, project: ProjectConfig) -> "Decision":
    from ml_lifecycle.monitoring.retraining import Decision

    if not is_last(context.partition_key):
        return Decision(retrain=False, reason="later windows of the same run decide")
    return decide_retraining(context.instance, project)


def improvement_report_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`improvement_report`: what a cycle has shown of the model's weak sides, and what to try next."""
    spec = StepSpec(
        "improvement_report",
        "monitoring",
        kinds=("markdown",),
        after=("retraining_decision",),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def improvement_report(context: dg.AssetExecutionContext) -> Made:
        """Failure modes, worst slices, drifting features, gates that were close, and what to try next, all measured."""
        from ml_lifecycle.monitoring.improvement import Measured, assess_improvement

        last = is_last(context.partition_key)
        measured = measured_of(context.instance, project) if last else Measured()
        report = assess_improvement(measured, project.monitoring.improvement)
        told = (
            {"report": dg.MetadataValue.md(report.markdown()), "suggestions": len(report.suggestions)} if last else {}
        )
        return Made(report, metadata=told)

    return improvement_report


def measured_of(instance: dg.DagsterInstance, project: ProjectConfig) -> "Measured":
    """Everything on record that an improvement report is made of; what was never made is absent."""
    from ml_lifecycle.monitoring.improvement import Measured

    return Measured(
        evaluation=_latest(instance, project, "evaluation"),
        comparison=_latest(instance, project, "model_comparison"),
        verdicts=all_verdicts(instance, project),
        drift=_history(project, "drift_report", "drift"),
        performance=_history(project, "performance_report", "performance"),
        slices=_slices(instance, project),
    )


def _latest(instance: dg.DagsterInstance, project: ProjectConfig, asset: str) -> Any:
    try:
        return read_latest(instance, project, asset)
    except StateError:
        return None  # the first model failed before it, or housekeeping has removed it


def _slices(instance: dg.DagsterInstance, project: ProjectConfig) -> Any:
    """The slices of the window that was judged last; None where it has none."""
    report = _latest(instance, project, "performance_report")
    event = instance.get_latest_materialization_event(dg.AssetKey([project.name, "performance_report"]))
    made = event.asset_materialization if event else None
    if report is None or made is None or not len(report.slices):
        return None
    return report.slices.assign(window=made.partition)


def _history(project: ProjectConfig, asset: str, table: str) -> Any:
    return Lake(Workspace(project).home.lake).history((project.name, asset), table)
