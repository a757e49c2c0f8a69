"""The schedules of a project: the monitor job for the window that has closed, and retraining where the YAML asks."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.partitions import partitions_of


def schedules_of(project: ProjectConfig, jobs: dict[str, UnresolvedAssetJobDefinition]) -> list[dg.ScheduleDefinition]:
    """The monitor schedule, and the retrain schedule if there is one; both stopped until a person starts them."""
    schedules = [_monitor(project, jobs["monitor"])]
    if project.orchestration.retrain_cron:
        schedules.append(
            dg.ScheduleDefinition(
                name=job_of(project.name, "retrain_on_schedule"),
                job=jobs["retrain"],
                cron_schedule=project.orchestration.retrain_cron,
                tags={PROJECT_TAG: project.name, TRIGGER_TAG: "schedule"},
                description="Retrains regardless of drift.",
            )
        )
    return schedules


def _monitor(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    partitions = partitions_of(project)

    @dg.schedule(
        name=job_of(project.name, "monitor"),
        job=job,
        cron_schedule=project.orchestration.monitor_cron,
        description="Judges the window that has closed last.",
    )
    def monitor(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        with dg.partition_loading_context(effective_dt=context.scheduled_execution_time):
            closed = partitions.get_last_partition_key()
        if closed is None:
            return dg.SkipReason("no window has closed since the project's monitoring start")
        tags = {PROJECT_TAG: project.name, TRIGGER_TAG: "schedule"}
        return dg.RunRequest(run_key=f"{project.name}:{closed}", partition_key=closed, tags=tags)

    return monitor
