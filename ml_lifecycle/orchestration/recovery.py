"""What is done by itself about runs that failed, as `monitoring.escalation` decides: start again, queue, roll back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import LifecycleError
from ml_lifecycle.orchestration.alert_findings import alert_of_run
from ml_lifecycle.orchestration.alert_releases import rollback_key
from ml_lifecycle.orchestration.failed_runs import facts_of
from ml_lifecycle.orchestration.naming import AGAIN_TAG, ATTEMPT_TAG, job_of
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS
from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert
    from ml_lifecycle.monitoring.escalation import Escalation, Failure
    from ml_lifecycle.release.ledger import Ledger
    from ml_lifecycle.release.rollback import Rollback

PRIORITY_TAG = "dagster/priority"
#: Jobs whose runs may be started again: what each of them did is not done twice.
RECOVERABLE = ("lifecycle", "retrain", "monitor", "rollout")
#: Tags of Dagster that say what a run was about, and not how it was started.
_KEPT = frozenset({"dagster/asset_partition_range_start", "dagster/asset_partition_range_end"})


@dataclass(frozen=True, slots=True)
class Recovery:
    """What is done about one failed run.

    Args:
        alert: What people are told.
        due: When the run is to be started again, naive UTC; None if it is not.
        lower: Whether it goes behind other runs then.
    """

    alert: "Alert"
    due: datetime | None = None
    lower: bool = False


def recover(instance: dg.DagsterInstance, project: ProjectConfig, run: dg.DagsterRun, *, now: datetime) -> Recovery:
    """Decide about a run that failed; a version that cannot answer is taken back at once.

    Args:
        instance: Where the run is on record.
        project: The run's project.
        run: The run.
        now: The time, naive UTC.
    """
    from ml_lifecycle.monitoring.escalation import Action, classify

    workspace = Workspace(project)
    risen = version_risen_in(workspace.ledger, project.name, run.run_id)
    facts = facts_of(instance, project, run, in_production=risen is not None)
    found = classify(facts, project.monitoring.alerts.escalation)
    if found.action is Action.ROLL_BACK and risen is not None:
        return Recovery(_take_back(instance, workspace, run, found, facts, risen))
    alert = alert_of_run(instance, project, run, found)
    recoverable = run.job_name in {job_of(project.name, verb) for verb in RECOVERABLE}
    if found.action not in {Action.RETRY, Action.QUEUE} or not recoverable:
        return Recovery(alert)
    return Recovery(alert, now + found.delay, lower=found.action is Action.QUEUE)


def request_again(project: ProjectConfig, run: dg.DagsterRun, *, lower: bool) -> dg.RunRequest:
    """Ask for a run once more: what is done is not done again, searches and fits go on from their checkpoints.

    Args:
        project: The run's project.
        run: The run that failed.
        lower: Whether other runs go first.
    """
    attempts = int(run.tags.get(ATTEMPT_TAG, "0")) + 1
    tags = {AGAIN_TAG: run.run_id, ATTEMPT_TAG: str(attempts)}
    if lower:
        tags[PRIORITY_TAG] = str(project.monitoring.alerts.escalation.resource_priority)
    return dg.RunRequest(
        run_key=f"{project.name}:again:{run.run_id}",
        job_name=run.job_name,
        run_config=dict(run.run_config),
        tags={**_ours(run.tags), **tags},
        asset_selection=sorted(run.asset_selection) if run.asset_selection else None,
        partition_key=run.tags.get("dagster/partition"),
    )


def is_overtaken(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a later run of the same job is under way, or has ended well: nobody needs the failed one again."""
    record = instance.get_run_record_by_id(run.run_id)
    if record is None:
        return True
    statuses = [*IN_PROGRESS, dg.DagsterRunStatus.SUCCESS]
    filters = dg.RunsFilter(job_name=run.job_name, statuses=statuses, created_after=record.create_timestamp)
    return bool(instance.get_runs(filters=filters, limit=1))


def version_risen_in(ledger: "Ledger", project: str, run_id: str) -> str | None:
    """The version that a run has put into production, if it still is there."""
    from ml_lifecycle.release.ledger import State

    lines = [item for item in ledger.history(project) if item.state is State.CHAMPION]
    champion = ledger.champion(project)
    risen = bool(lines) and lines[-1].version == champion and lines[-1].by.endswith(f"run {run_id}")
    return champion if risen else None


def _ours(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags that came with the request; Dagster sets its own anew."""
    return {
        name: value
        for name, value in tags.items()
        if name in _KEPT or not (name.startswith((".dagster/", "dagster/")) or name == AGAIN_TAG)
    }


def _take_back(
    instance: dg.DagsterInstance,
    workspace: Workspace,
    run: dg.DagsterRun,
    found: "Escalation",
    facts: "Failure",
    version: str,
) -> "Alert":
    """Take a version back if it does not answer; what is told says which one is in production now."""
    from ml_lifecycle.config.alerts import AlertKind, AlertSeverity
    from ml_lifecycle.release.rollback import roll_back

    project = workspace.project
    why = next((f"{gate} failed" for gate in facts.gates), "") or _fault(workspace, version)
    told = alert_of_run(instance, project, run, found)
    if not why:
        said = f"{told.body} Version {version} answers as it must and stays in production."
        return replace(told, body=said, kind=AlertKind.FAILED_RUN.value, severity=AlertSeverity.ERROR.value)
    try:
        done = roll_back(project.name, registry=workspace.registry, ledger=workspace.ledger, by="alerts", why=why)
    except LifecycleError as error:
        return replace(told, body=f"{told.body} Version {version} ({why}) could not be taken back: {error}")
    return _tell_taken_back(instance, project, told, done)


def _tell_taken_back(instance: dg.DagsterInstance, project: ProjectConfig, told: "Alert", done: "Rollback") -> "Alert":
    from ml_lifecycle.orchestration.release_records import report_rollback

    report_rollback(instance, project, done)
    return replace(
        told,
        title=f"{project.name}: version {done.left} was rolled back after its deployment failed",
        body=f"{told.body} Version {done.left} was taken back ({done.why}); version {done.version} is in production.",
        what_to_do=f"find out why version {done.left} failed before the next one; `ml-lifecycle releases`",
        key=rollback_key(done.left or ""),
    )


def _fault(workspace: Workspace, version: str) -> str:
    """What is wrong with a version in production: its package, or its answers over HTTP; empty if nothing is."""
    from ml_lifecycle.release.packaging import load_package
    from ml_lifecycle.release.rollback import prove_package
    from ml_lifecycle.serving.endpoint import judge_endpoint

    project = workspace.project
    try:
        prove_package(workspace.registry, workspace.ledger, project.name, version)
        package = load_package(workspace.registry.fetch(project.name, version))
        verdict = judge_endpoint(project, package, version, package.example)
    except LifecycleError as error:
        return str(error)
    return "" if verdict.passed else verdict.summary
