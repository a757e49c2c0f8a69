"""The schedules of a project: the monitor job for windows that have closed, and retraining where the YAML asks."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.housekeeping_schedule import housekeeping_schedules
from ml_lifecycle.orchestration.judged_windows import missed_windows
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.partitions import monitor_cron_of, partitions_of


def schedules_of(project: ProjectConfig, jobs: dict[str, UnresolvedAssetJobDefinition]) -> list[dg.ScheduleDefinition]:
    """The monitor schedule, and those that the YAML asks for; all stopped until a person starts them."""
    schedules = [_monitor(project, jobs["monitor"]), *housekeeping_schedules(project, jobs["housekeeping"])]
    if project.orchestration.retrain_cron:
        schedules.append(_retrain(project, jobs["retrain"], project.orchestration.retrain_cron))
    return schedules


def _monitor(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    partitions = partitions_of(project)
    name = job_of(project.name, "monitor")

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=monitor_cron_of(project),
        description="Judges the window that has closed last, and those that closed while nobody looked.",
    )
    def monitor(context: dg.ScheduleEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
        with dg.partition_loading_context(effective_dt=context.scheduled_execution_time):
            closed = partitions.get_last_partition_key()
        if closed is None:
            return dg.SkipReason("no window has closed since the project's monitoring start")
        wanted = missed_windows(context.instance, project, closed, schedule=name)
        tags = {PROJECT_TAG: project.name, TRIGGER_TAG: "schedule"}
        if not wanted:
            return dg.SkipReason(f"window {closed} and those before it have been asked for")
        return [dg.RunRequest(run_key=f"{project.name}:{window}", partition_key=window, tags=tags) for window in wanted]

    return monitor


def _retrain(project: ProjectConfig, job: UnresolvedAssetJobDefinition, cron: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=job_of(project.name, "retrain_on_schedule"),
        job=job,
        cron_schedule=cron,
        description="Retrains regardless of drift, where there are new outcomes to learn from and none is under way.",
    )
    def retrain_on_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from ml_lifecycle.orchestration.findings import decide_retraining, tags_of

        decision = decide_retraining(context.instance, project, scheduled_due=True)
        if not decision.retrain or decision.run_key is None:
            return dg.SkipReason(decision.reason)
        return dg.RunRequest(run_key=decision.run_key, tags=tags_of(project, decision))

    return retrain_on_schedule
