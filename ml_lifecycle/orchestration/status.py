"""The state of a project in a few figures, read from Dagster's records and the ledger, for `run` and `status`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster import RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.checks import CHECKPOINTS
from ml_lifecycle.orchestration.findings import findings_of
from ml_lifecycle.orchestration.gate_records import all_verdicts
from ml_lifecycle.orchestration.memo import REUSED_KEY
from ml_lifecycle.orchestration.naming import PROJECT_TAG
from ml_lifecycle.orchestration.records import latest_events
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.waiting import judge_waiting

#: Metadata key under which `evaluation` names its test metrics as `{name: [value, low, high]}`.
METRICS_KEY = "test_metrics"
#: Metadata key under which an asset names its run in MLflow.
MLFLOW_KEY = "mlflow_run"
_RECENT_RUNS = 5
_PLAIN = (dg.IntMetadataValue, dg.FloatMetadataValue, dg.TextMetadataValue, dg.JsonMetadataValue, dg.BoolMetadataValue)


@dataclass(frozen=True, slots=True)
class Gate:
    """One checkpoint as it stands."""

    asset: str
    name: str
    passed: bool
    blocking: bool
    summary: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """A project as it stands.

    Args:
        project: Its name.
        task: Its task.
        champion: The version in production, if there is one.
        candidate: The newest registered version.
        metrics: Test metrics as (value, low, high), by name.
        gates: Every checkpoint that was ever judged.
        windows: What the last monitoring windows found, oldest first.
        runs: The last runs, newest first.
        mlflow_run: The MLflow run of the evaluation.
        waits_for: What the candidate still needs from people before it goes into production; empty if nothing.
    """

    project: str
    task: str
    champion: str | None
    candidate: str | None
    metrics: dict[str, list[float]]
    gates: Sequence[Gate]
    windows: Sequence[dict[str, Any]]
    runs: Sequence[dict[str, Any]]
    mlflow_run: str | None
    waits_for: str = ""


def status_of(instance: dg.DagsterInstance, project: ProjectConfig) -> ProjectStatus:
    """Read a project's state."""
    workspace = Workspace(project)
    metadata = _metadata(instance, project, "evaluation")
    return ProjectStatus(
        project=project.name,
        task=project.brief.task.value,
        champion=workspace.ledger.champion(project.name),
        candidate=workspace.ledger.latest_version(project.name),
        metrics=metadata.get(METRICS_KEY) or {},
        gates=gates_of(instance, project),
        windows=[
            {"window": item.window, "drifted": item.drifted, "performance_lost": item.performance_lost}
            for item in findings_of(instance, project)
        ],
        runs=_recent(instance, project),
        mlflow_run=metadata.get(MLFLOW_KEY),
        waits_for=_waits_for(workspace),
    )


def _waits_for(workspace: Workspace) -> str:
    candidate = workspace.ledger.candidate(workspace.project.name)
    if candidate is None:
        return ""
    approval = judge_waiting(workspace.project, candidate)
    return "" if approval.passed else f"{approval.summary} {approval.advice}."


def gates_of(
    instance: dg.DagsterInstance, project: ProjectConfig, assets: Sequence[str] = tuple(CHECKPOINTS)
) -> list[Gate]:
    """Every checkpoint of assets that was judged, as it stands."""
    verdicts = all_verdicts(instance, project, assets)
    blocking = {f"{asset}.{item.name}": item.blocking for asset, items in CHECKPOINTS.items() for item in items}
    return [
        Gate(name.partition(".")[0], verdict.gate, verdict.passed, blocking[name], verdict.summary, verdict.advice)
        for name, verdict in verdicts.items()
        if verdict is not None
    ]


@dataclass(frozen=True, slots=True)
class AssetStatus:
    """One asset as it stands: the run that made it, what it says of itself, its gates."""

    asset: str
    run_id: str
    reused: bool
    metadata: Mapping[str, Any]
    gates: Sequence[Gate]


def assets_status(instance: dg.DagsterInstance, project: ProjectConfig, assets: Sequence[str]) -> list[AssetStatus]:
    """Assets that have been materialised, with plain metadata; pictures and previews are left to the UI."""
    gates = gates_of(instance, project, assets)
    events = latest_events(instance, [dg.AssetKey([project.name, asset]) for asset in assets])
    found = []
    for key, event in events.items():
        metadata = event.asset_materialization.metadata if event.asset_materialization else {}
        plain = {name: item.value for name, item in metadata.items() if isinstance(item, _PLAIN)}
        mine = [gate for gate in gates if gate.asset == key.path[-1]]
        found.append(AssetStatus(key.path[-1], event.run_id, REUSED_KEY in metadata, plain, mine))
    return found


def _metadata(instance: dg.DagsterInstance, project: ProjectConfig, asset: str) -> dict[str, Any]:
    event = instance.get_latest_materialization_event(dg.AssetKey([project.name, asset]))
    materialization = event.asset_materialization if event else None
    return {key: item.value for key, item in materialization.metadata.items()} if materialization else {}


def _recent(instance: dg.DagsterInstance, project: ProjectConfig) -> list[dict[str, Any]]:
    records = instance.get_run_records(filters=RunsFilter(tags={PROJECT_TAG: project.name}), limit=_RECENT_RUNS)
    return [
        {
            "run_id": record.dagster_run.run_id,
            "job": record.dagster_run.job_name,
            "status": record.dagster_run.status.value,
            "partition": record.dagster_run.tags.get("dagster/partition"),
            "ended": _time(record.end_time),
        }
        for record in records
    ]


def _time(stamp: float | None) -> str | None:
    return datetime.fromtimestamp(stamp, tz=UTC).isoformat(timespec="seconds") if stamp else None
