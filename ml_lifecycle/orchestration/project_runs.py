"""The runs of a project, by job."""

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import PROJECT_TAG, job_of

IN_PROGRESS = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
#: Most runs that are looked at.
MOST_RUNS = 200


def runs_of(instance: dg.DagsterInstance, project: ProjectConfig, verb: str) -> list[dg.DagsterRun]:
    """The last runs of one of the project's jobs, newest first."""
    filters = RunsFilter(job_name=job_of(project.name, verb), tags={PROJECT_TAG: project.name})
    return list(instance.get_runs(filters=filters, limit=MOST_RUNS))
