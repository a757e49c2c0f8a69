"""What monitoring has found, from Dagster's records, and the question whether it is reason to retrain.

What follows from findings is decided in `monitoring.retraining`; this module only collects them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import DagsterRunStatus

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.failed_runs import failed_gates
from ml_lifecycle.orchestration.naming import FINDING_TAG
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS, runs_of
from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.retraining import Decision, Finding

#: Metadata key under which drift and performance reports say what they found.
FINDING_KEY = "finding"


def decide_retraining(instance: dg.DagsterInstance, project: ProjectConfig) -> "Decision":
    """Ask `monitoring.retraining` with everything that is on record."""
    from ml_lifecycle.monitoring.retraining import decide

    workspace = Workspace(project)
    champion = workspace.ledger.champion(project.name)
    retrainings = runs_of(instance, project, "retrain")
    return decide(
        findings_of(instance, project),
        project=project.name,
        config=project.monitoring.retrain,
        champion=champion,
        running=any(run.status in IN_PROGRESS for run in retrainings + runs_of(instance, project, "lifecycle")),
        last_retrain_window=_last_window(retrainings),
        failed_attempts=_failed_attempts(instance, retrainings),
        new_labels=new_labels(workspace, project),
    )


def findings_of(instance: dg.DagsterInstance, project: ProjectConfig) -> "list[Finding]":
    """What the last windows' drift and performance reports found, oldest first."""
    from ml_lifecycle.monitoring.retraining import Finding

    found: dict[str, dict[str, Any]] = {}
    for asset in ("drift_report", "performance_report"):
        for partition, finding in _latest_findings(instance, project, asset).items():
            whole = found.setdefault(partition, {"summary": ""})
            alarming = finding.get("drifted") or finding.get("performance_lost")
            said = [whole["summary"], str(finding.get("summary", "")) if alarming else ""]
            whole.update(finding, summary=" ".join(filter(None, said)))
    return [
        Finding(
            window=window,
            model_version=str(finding.get("model_version", "")),
            drifted=bool(finding.get("drifted", False)),
            performance_lost=bool(finding.get("performance_lost", False)),
            summary=str(finding.get("summary", "")),
        )
        for window, finding in sorted(found.items())
    ]


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
