"""What is worth an alert, from Dagster's records. How people are told lives in `monitoring.alerts`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.failed_runs import failed_gates, failure_of
from ml_lifecycle.orchestration.naming import PROJECT_TAG
from ml_lifecycle.orchestration.project_runs import MOST_RUNS

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert


def alerts_since(instance: dg.DagsterInstance, project: ProjectConfig, cursor: str | None) -> tuple[list["Alert"], str]:
    """Alerts for the project's runs that have failed since the cursor, and the next cursor (a time)."""
    since = datetime.fromisoformat(cursor) if cursor else datetime.now(UTC)
    filters = RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=since)
    records = instance.get_run_records(filters=filters, limit=MOST_RUNS, order_by="update_timestamp", ascending=True)
    alerts = [
        _alert_of(instance, project, record.dagster_run) for record in records if _belongs(record.dagster_run, project)
    ]
    newest = max((record.update_timestamp for record in records), default=since)
    return alerts, newest.astimezone(UTC).isoformat() if newest.tzinfo else newest.replace(tzinfo=UTC).isoformat()


def _belongs(run: dg.DagsterRun, project: ProjectConfig) -> bool:
    selected = run.asset_selection or ()
    return run.tags.get(PROJECT_TAG) == project.name or any(key.path[0] == project.name for key in selected)


def _alert_of(instance: dg.DagsterInstance, project: ProjectConfig, run: dg.DagsterRun) -> "Alert":
    from ml_lifecycle.monitoring.alerts import Alert

    gates = failed_gates(instance, run.run_id)
    if gates:
        body = "; ".join(f"{key.path[-1]}.{verdict.gate}: {verdict.summary}" for key, verdict in gates)
        advice = "; ".join(verdict.advice for _, verdict in gates if verdict.advice)
        title = f"{project.name}: a gate stopped {run.job_name}"
    else:
        body, advice = failure_of(instance, run.run_id), "open the run in the Dagster UI and look at the failed step"
        title = f"{project.name}: {run.job_name} failed"
    return Alert(title=title, body=body, severity="error", project=project.name, run_id=run.run_id, what_to_do=advice)
