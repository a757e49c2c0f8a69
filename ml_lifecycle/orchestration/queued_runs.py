"""Runs that the command leaves to Dagster's daemon, and the tags of a retraining that a person asks for.

Runs that it executes itself are in `runs`; those that sensors ask for, in the sensors.
"""

import dagster as dg
from dagster import DagsterEvent

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import BusyError, StateError
from ml_lifecycle.orchestration.findings import PRIORITY_TAG, findings_of
from ml_lifecycle.orchestration.naming import FINDING_TAG, PROJECT_TAG, TRIGGER_TAG
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS, runs_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import close_dead_runs, create_run
from ml_lifecycle.orchestration.site import Site

#: What the words of the command mean in Dagster's queue; the YAML's `monitoring.retrain.priority` has numbers.
PRIORITIES = {"low": -10, "normal": 0, "high": 10}
_FOUND = ("drift", "performance")


def retrain_tags(
    instance: dg.DagsterInstance, project: ProjectConfig, *, trigger: str, priority: str
) -> dict[str, str]:
    """The tags of a retraining by hand; one for drift or performance handles what monitoring has found up to now.

    Args:
        instance: Where the findings are on record.
        project: The project.
        trigger: Why: `command`, `drift`, `performance` or `schedule`.
        priority: `low`, `normal` or `high`.
    """
    tags = {PROJECT_TAG: project.name, TRIGGER_TAG: trigger, PRIORITY_TAG: str(PRIORITIES[priority])}
    findings = findings_of(instance, project) if trigger in _FOUND else []
    champion = Workspace(project).ledger.champion(project.name)
    return {**tags, FINDING_TAG: f"{champion}:{findings[-1].window}"} if findings else tags


def enqueue(
    site: Site, instance: dg.DagsterInstance, project: ProjectConfig, verb: str, *, tags: dict[str, str]
) -> str:
    """Put a run into the queue of the daemon; it starts when those before it, by priority, leave it room.

    Returns:
        The id of the run.

    Raises:
        StateError: No daemon runs that would ever start it.
        BusyError: A run of this job waits or is under way already.
    """
    if not daemon_runs(instance):
        raise StateError(
            "nobody would start a queued run",
            expected="a running daemon",
            got="none, or one that has not been heard of lately",
            advice="start `ml-lifecycle up`, or leave --queue out",
        )
    close_dead_runs(instance, project)
    for run in runs_of(instance, project, verb):
        if run.status in IN_PROGRESS:
            raise BusyError(
                f"project {project.name!r} is being worked on",
                expected=f"no other run of {run.job_name}",
                got=f"run {run.run_id} ({run.status.value.lower()})",
                advice="wait for it to end, or end it in the Dagster UI, then try again",
            )
    run = create_run(site, instance, project, verb, tags=tags)
    instance.report_dagster_event(DagsterEvent.job_enqueue(run), run_id=run.run_id)
    return run.run_id


def daemon_runs(instance: dg.DagsterInstance) -> bool:
    """Whether a daemon takes runs from the queue of this instance and ticks its sensors."""
    found = instance.get_daemon_statuses()
    return all(name in found and bool(found[name].healthy) for name in ("SENSOR", "QUEUED_RUN_COORDINATOR"))
