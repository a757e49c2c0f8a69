"""The sensor `<p>_alerts`: tells people what they should know, and starts again what may be started again.

What it looks at lives in `alert_look`; how people are told in `monitoring.alerts`.
"""

from collections.abc import Mapping

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import job_of
from ml_lifecycle.orchestration.recovery import RECOVERABLE

_INTERVAL_SECONDS = 30


def alerts_sensor(project: ProjectConfig, jobs: Mapping[str, UnresolvedAssetJobDefinition]) -> dg.SensorDefinition:
    """The sensor of a project; it always runs, and a person can stop it in the UI.

    Args:
        project: The project.
        jobs: Its jobs, by verb.
    """

    @dg.sensor(
        name=job_of(project.name, "alerts"),
        jobs=[jobs[verb] for verb in RECOVERABLE],
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of drift, lost performance, failed runs and gates, rollbacks, late schedules and broken "
        "service levels, once each, to the channels of the YAML; starts again what crashed or lacked resources.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from ml_lifecycle.orchestration.alert_look import look_around

        look = look_around(context.instance, project, context.cursor)
        for alert in look.news:
            context.log.warning(f"{alert.severity}: {alert.title}: {alert.body}")
        for name, problem in look.problems.items():
            context.log.error(f"channel {name}: {problem}")
        if look.requests:
            return dg.SensorResult(run_requests=look.requests, cursor=str(look.cursor))
        return dg.SensorResult(skip_reason=dg.SkipReason(look.said), cursor=str(look.cursor))

    return alerts
