"""All that one project gives to Dagster, put together. Nothing is decided here."""

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets import assets_of
from ml_lifecycle.orchestration.jobs import jobs_of
from ml_lifecycle.orchestration.schedules import schedules_of
from ml_lifecycle.orchestration.sensors import sensors_of


def definitions_of(project: ProjectConfig) -> dg.Definitions:
    """Assets with their checks, jobs, schedules and sensors of a project."""
    jobs = jobs_of(project)
    return dg.Definitions(
        assets=assets_of(project),
        jobs=list(jobs.values()),
        schedules=schedules_of(project, jobs),
        sensors=sensors_of(project, jobs),
    )
