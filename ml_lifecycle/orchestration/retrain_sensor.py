"""`<p>_retrain_on_drift`: where monitoring's findings become a retraining.

What is found is collected in `findings`, what follows is decided in `monitoring.retraining`; the asset
`retraining_decision` shows the same decision after each window.
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import job_of

#: Seconds between two looks.
INTERVAL_SECONDS = 30


def retrain_sensor(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """The sensor of a project; it runs where the YAML lets it start retrainings."""

    @dg.sensor(
        name=job_of(project.name, "retrain_on_drift"),
        job=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING
        if project.monitoring.retrain.enabled
        else dg.DefaultSensorStatus.STOPPED,
        description="One retraining per finding of drift or lost performance; never two at once, never in cooldown.",
    )
    def retrain_on_drift(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from ml_lifecycle.orchestration.dead_runs import close_orphaned_runs
        from ml_lifecycle.orchestration.findings import decide_retraining, tags_of

        for run_id in close_orphaned_runs(context.instance, project):
            context.log.warning(f"run {run_id} has lost its process and is closed")
        decision = decide_retraining(context.instance, project)
        if not decision.retrain or decision.run_key is None:
            return dg.SkipReason(decision.reason)
        context.log.info(decision.reason)
        return dg.RunRequest(run_key=decision.run_key, tags=tags_of(project, decision))

    return retrain_on_drift
