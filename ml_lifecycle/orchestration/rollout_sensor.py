"""The sensor `<p>_rollout_step`: has a rollout judged when there is something to decide; of projects that have any.

Each tick looks at the evidence itself, which costs a query; a run begins only where that look leads to something, so
that a rollout of a week does not leave thousands of runs. The tests may be looked at as often as one likes.
"""

import dagster as dg
from dagster import RunsFilter
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS
from ml_lifecycle.orchestration.resources import Workspace

_INTERVAL_SECONDS = 15


def rollout_step_sensor(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """The sensor; it runs by itself, since a rollout that nobody judges would go on for ever."""

    @dg.sensor(
        name=job_of(project.name, "rollout_step"),
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Judges the rollout that is under way on the prediction log: it goes on, waits, ends or goes back.",
    )
    def rollout_step(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from ml_lifecycle.monitoring.rollout_look import look_at_rollout

        workspace = Workspace(project)
        if workspace.rollouts.running(project.name) is None:
            return dg.SkipReason("no rollout is under way")
        under_way = RunsFilter(job_name=job_of(project.name, "rollout_step"), statuses=IN_PROGRESS)
        if context.instance.get_runs(filters=under_way, limit=1):
            return dg.SkipReason("the step is being judged")
        look = look_at_rollout(
            project,
            registry=workspace.registry,
            ledger=workspace.ledger,
            rollouts=workspace.rollouts,
            log=workspace.log,
        )
        if look is not None and not look.new:
            return dg.SkipReason(look.decision.verdict.summary)
        return dg.RunRequest(tags={PROJECT_TAG: project.name, TRIGGER_TAG: "rollout_step"})

    return rollout_step
