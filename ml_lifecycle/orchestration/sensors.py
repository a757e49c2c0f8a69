"""The sensors of a project: here, and only here, the lifecycle's circle is closed.

`<p>_retrain_on_drift` asks `monitoring.retraining` whether what was found is reason to retrain; `<p>_rollout` goes
on with a release when its approvals have come, or where it was interrupted; `<p>_alerts` tells people of failed runs
and failed gates. `<p>_rollout_step` lives in `rollout_sensor`.
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.jobs import rolls_out
from ml_lifecycle.orchestration.naming import FINDING_TAG, PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.rollout_sensor import rollout_step_sensor

_INTERVAL_SECONDS = 30


def sensors_of(project: ProjectConfig, jobs: dict[str, UnresolvedAssetJobDefinition]) -> list[dg.SensorDefinition]:
    """The sensors of a project; those that act run where the YAML allows it, and a person can stop each in the UI."""
    return [
        _retrain_on_drift(project, jobs["retrain"]),
        _rollout(project, jobs["rollout"]),
        *([rollout_step_sensor(project, jobs["rollout_step"])] if rolls_out(project) else []),
        _alerts(project),
    ]


def _retrain_on_drift(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    @dg.sensor(
        name=job_of(project.name, "retrain_on_drift"),
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=_running_if(allowed=project.monitoring.retrain.enabled),
        description="One retraining per finding of drift or lost performance; never two at once, never in cooldown.",
    )
    def retrain_on_drift(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from ml_lifecycle.orchestration.findings import decide_retraining

        decision = decide_retraining(context.instance, project)
        if not decision.retrain or decision.run_key is None:
            return dg.SkipReason(decision.reason)
        tags = {
            PROJECT_TAG: project.name,
            TRIGGER_TAG: decision.trigger or "drift",
            FINDING_TAG: decision.finding or "",
        }
        context.log.info(decision.reason)
        return dg.RunRequest(run_key=decision.run_key, tags=tags)

    return retrain_on_drift


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


def _alerts(project: ProjectConfig) -> dg.SensorDefinition:
    @dg.sensor(
        name=job_of(project.name, "alerts"),
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reports failed runs and failed blocking checks, to the log and to the webhook of the YAML.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from ml_lifecycle.monitoring.alerts import deliver
        from ml_lifecycle.orchestration.alert_findings import alerts_since

        found, cursor = alerts_since(context.instance, project, context.cursor)
        for alert in found:
            context.log.error(f"{alert.title}: {alert.body}")
            deliver(alert, project.monitoring.alerts)
        reason = f"{len(found)} alerts delivered" if found else "no run has failed since the last look"
        return dg.SensorResult(skip_reason=dg.SkipReason(reason), cursor=cursor)

    return alerts


def _running_if(*, allowed: bool) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if allowed else dg.DefaultSensorStatus.STOPPED
