"""The schedule of the housekeeping, of projects whose YAML lets anything go."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.housekeeping_records import runs_under_way
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG, job_of


def housekeeping_schedules(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> list[dg.ScheduleDefinition]:
    """One, stopped until a person starts it; none where nothing may ever be deleted."""
    config = project.monitoring.housekeeping
    return [_housekeeping(project, job)] if config.deletes else []


def _housekeeping(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=job_of(project.name, "housekeeping"),
        job=job,
        cron_schedule=project.monitoring.housekeeping.cron,
        description="Deletes old records that nothing needs; not while a run of the project is under way.",
    )
    def housekeeping(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        busy = runs_under_way(context.instance, project)
        if busy:
            return dg.SkipReason(f"run {busy[0]} of the project is under way")
        at = context.scheduled_execution_time
        tags = {PROJECT_TAG: project.name, TRIGGER_TAG: "schedule"}
        return dg.RunRequest(run_key=f"{project.name}:housekeeping:{at:%Y-%m-%dT%H:%M}", tags=tags)

    return housekeeping
