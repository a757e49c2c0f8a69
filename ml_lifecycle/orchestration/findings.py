"""What monitoring has found, from Dagster's records, and the question whether it is reason to retrain.

What follows from findings is decided in `monitoring.retraining`; this module only collects them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.failed_runs import failed_gates
from ml_lifecycle.orchestration.naming import FINDING_TAG, PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS, runs_of
from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.retraining import Decision, Finding

#: Metadata key under which drift and performance reports say what they found.
FINDING_KEY = "finding"
#: Run tag by which Dagster's queue orders; higher goes first.
PRIORITY_TAG = "dagster/priority"
_ALARMS = ("drifted", "performance_lost", "concept_drift")


def decide_retraining(
    instance: dg.DagsterInstance, project: ProjectConfig, *, scheduled_due: bool = False
) -> "Decision":
    """Ask `monitoring.retraining` with everything that is on record.

    Args:
        instance: Where it is on record.
        project: The project.
        scheduled_due: Whether the calendar asks; it is switched on by `orchestration.retrain_cron` alone.
    """
    from ml_lifecycle.monitoring.retraining import decide

    workspace, config = Workspace(project), project.monitoring.retrain
    retrainings = runs_of(instance, project, "retrain")
    return decide(
        findings_of(instance, project),
        project=project.name,
        config=config.model_copy(update={"enabled": True}) if scheduled_due else config,
        champion=workspace.ledger.champion(project.name),
        running=any(run.status in IN_PROGRESS for run in retrainings + runs_of(instance, project, "lifecycle")),
        last_retrain_window=_last_window(retrainings),
        failed_attempts=_failed_attempts(instance, retrainings),
        new_labels=new_labels(workspace, project),
        retrains_in_budget=_started_lately(instance, project),
        scheduled_due=scheduled_due,
    )


def tags_of(project: ProjectConfig, decision: "Decision") -> dict[str, str]:
    """The run tags of a retraining that was decided: why, for what, and its place in the queue."""
    return {
        PROJECT_TAG: project.name,
        TRIGGER_TAG: decision.trigger or "drift",
        FINDING_TAG: decision.finding or "",
        PRIORITY_TAG: str(decision.priority),
    }


def findings_of(instance: dg.DagsterInstance, project: ProjectConfig) -> "list[Finding]":
    """What the last windows' drift and performance reports found, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for asset in ("drift_report", "performance_report"):
        for partition, said in _latest_findings(instance, project, asset).items():
            found.setdefault(partition, []).append(said)
    return [_put_together(window, parts) for window, parts in sorted(found.items())]


def _put_together(window: str, parts: Sequence[Mapping[str, Any]]) -> "Finding":
    """One finding of what the reports of a window say; what only one of them knows, it knows for both."""
    from ml_lifecycle.monitoring.retraining import Finding

    alarming = [said for said in parts if any(said.get(name) for name in _ALARMS)]
    return Finding(
        window=window,
        model_version=str(parts[-1].get("model_version", "")),
        summary=" ".join(filter(None, (str(said.get("summary", "")) for said in alarming))),
        drifted=_any(parts, "drifted"),
        performance_lost=_any(parts, "performance_lost"),
        concept_drift=_any(parts, "concept_drift"),
        estimated=_any(parts, "estimated"),
        severity=max(float(said.get("severity") or 0) for said in parts),
        rows=max(int(said.get("rows") or 0) for said in parts),
        labelled=max(int(said.get("labelled") or 0) for said in parts),
    )


def _any(parts: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(bool(said.get(name)) for said in parts)


def _latest_findings(instance: dg.DagsterInstance, project: ProjectConfig, asset: str) -> dict[str, dict[str, Any]]:
    """The newest finding of each of the last windows, by partition."""
    wanted = project.monitoring.retrain.windows_considered
    query = dg.AssetRecordsFilter(asset_key=dg.AssetKey([project.name, asset]))
    found: dict[str, dict[str, Any]] = {}
    for record in instance.fetch_materializations(query, limit=20 * wanted).records:
        materialization = record.asset_materialization
        said = materialization.metadata.get(FINDING_KEY) if materialization else None
        if materialization is None or materialization.partition is None or not isinstance(said, dg.JsonMetadataValue):
            continue
        if isinstance(said.value, dict):
            found.setdefault(materialization.partition, said.value)
    newest = sorted(found)[-wanted:]
    return {window: found[window] for window in newest}


def new_labels(workspace: Workspace, project: ProjectConfig) -> int:
    """Production rows whose outcome has become known since the last training read them."""
    return max(0, workspace.log.labelled_count(project.name) - workspace.ledger.labels_used(project.name))


def _started_lately(instance: dg.DagsterInstance, project: ProjectConfig) -> int:
    """Retrainings, whoever started them, in the days that the budget counts."""
    budget = project.monitoring.retrain.budget
    if budget is None:
        return 0
    since = datetime.now(UTC) - timedelta(days=budget.days)
    mine = {PROJECT_TAG: project.name}
    filters = RunsFilter(job_name=job_of(project.name, "retrain"), tags=mine, created_after=since)
    return instance.get_runs_count(filters=filters)


def _last_window(retrainings: Sequence[dg.DagsterRun]) -> str | None:
    windows = [run.tags[FINDING_TAG].split(":", 1)[-1] for run in retrainings if run.tags.get(FINDING_TAG)]
    return max(windows, default=None)


def _failed_attempts(instance: dg.DagsterInstance, retrainings: Sequence[dg.DagsterRun]) -> dict[str, int]:
    """Crashed retrainings by finding; one that a gate has stopped was no failure but an answer."""
    failed: dict[str, int] = {}
    for run in retrainings:
        finding = run.tags.get(FINDING_TAG)
        if finding and run.status is DagsterRunStatus.FAILURE and not failed_gates(instance, run.run_id):
            failed[finding] = failed.get(finding, 0) + 1
    return failed
