"""The sensors of a project: here, and only here, the lifecycle's circle is closed.

`<p>_rollout` goes on with a release when its approvals have come, or where it was interrupted. `<p>_retrain_on_drift`
lives in `retrain_sensor`, `<p>_rollout_step` in `rollout_sensor`, `<p>_alerts` in `alerts_sensor`.
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.alerts_sensor import alerts_sensor
from ml_lifecycle.orchestration.jobs import rolls_out
from ml_lifecycle.orchestration.late_outcomes_sensor import late_outcomes_sensor
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.retrain_sensor import retrain_sensor
from ml_lifecycle.orchestration.rollout_sensor import rollout_step_sensor

_INTERVAL_SECONDS = 30


def sensors_of(project: ProjectConfig, jobs: dict[str, UnresolvedAssetJobDefinition]) -> list[dg.SensorDefinition]:
    """The sensors of a project; those that act run where the YAML allows it, and a person can stop each in the UI."""
    return [
        retrain_sensor(project, jobs["retrain"]),
        _rollout(project, jobs["rollout"]),
        *([rollout_step_sensor(project, jobs["rollout_step"])] if rolls_out(project) else []),
        late_outcomes_sensor(project, jobs["monitor"]),
        alerts_sensor(project, jobs),
    ]


def _rollout(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    @dg.sensor(
        name=job_of(project.name, "rollout"),
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=_running_if(allowed=project.release.promotion == "automatic"),
        description="Deploys a candidate whose gates hold once it is approved, or when the run that made it broke.",
    )
    def rollout(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from ml_lifecycle.orchestration.waiting import waiting_candidate

        waiting = waiting_candidate(context.instance, project)
        if waiting.version is None:
            return dg.SkipReason(waiting.reason)
        tags = {PROJECT_TAG: project.name, TRIGGER_TAG: "rollout"}
        named = [project.name, "rollout", waiting.version, *filter(None, [waiting.approved_at])]
        return dg.RunRequest(run_key=":".join(named), tags=tags)

    return rollout


def _running_if(*, allowed: bool) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if allowed else dg.DefaultSensorStatus.STOPPED
