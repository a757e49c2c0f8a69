"""What is worth an alert in the runs that failed. Checks, releases and schedules have a module each beside this one.

How people are told lives in `monitoring.alerts`, what is tried by itself in `recovery`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.failed_runs import facts_of, failed_gates, failure_of
from ml_lifecycle.orchestration.naming import PROJECT_TAG, job_of
from ml_lifecycle.orchestration.project_runs import MOST_RUNS

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert
    from ml_lifecycle.monitoring.alerts.alert_tables import AlertRecord
    from ml_lifecycle.monitoring.escalation import Escalation


def alerts_since(instance: dg.DagsterInstance, project: ProjectConfig, cursor: str | None) -> tuple[list["Alert"], str]:
    """Alerts for the project's runs that have failed since the cursor, and the next cursor (a time)."""
    from ml_lifecycle.monitoring.escalation import classify

    since = datetime.fromisoformat(cursor) if cursor else datetime.now(UTC)
    runs, newest = failed_since(instance, project, since)
    escalation = project.monitoring.alerts.escalation
    alerts = [
        alert_of_run(instance, project, run, classify(facts_of(instance, project, run), escalation)) for run in runs
    ]
    return alerts, newest.isoformat()


def failed_since(
    instance: dg.DagsterInstance, project: ProjectConfig, since: datetime
) -> tuple[Sequence[dg.DagsterRun], datetime]:
    """The project's runs that have failed since a time, the oldest first, and the time to ask from next."""
    filters = RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=since)
    records = instance.get_run_records(filters=filters, limit=MOST_RUNS, order_by="update_timestamp", ascending=True)
    newest = max((record.update_timestamp for record in records), default=since)
    newest = newest.astimezone(UTC) if newest.tzinfo else newest.replace(tzinfo=UTC)
    return [record.dagster_run for record in records if _belongs(record.dagster_run, project)], newest


def alert_of_run(
    instance: dg.DagsterInstance, project: ProjectConfig, run: dg.DagsterRun, escalation: "Escalation"
) -> "Alert":
    """The alert about a run that failed: what stopped it, and what is tried by itself."""
    from ml_lifecycle.monitoring.alerts import Alert

    gates = failed_gates(instance, run.run_id)
    names = sorted(f"{key.path[-1]}.{verdict.gate}" for key, verdict in gates)
    if gates:
        body = "; ".join(f"{key.path[-1]}.{verdict.gate}: {verdict.summary}" for key, verdict in gates)
        advice = "; ".join(verdict.advice for _, verdict in gates if verdict.advice)
        title = f"{project.name}: a gate stopped {run.job_name}"
    else:
        body, advice = failure_of(instance, run.run_id), "open the run in the Dagster UI and look at the failed step"
        title = f"{project.name}: {run.job_name} failed"
    return Alert(
        title=title,
        body=f"{body}\n{_sentence(escalation.why)}" if escalation.why else body,
        severity=escalation.severity.value,
        project=project.name,
        run_id=run.run_id,
        what_to_do=advice,
        kind=escalation.kind.value,
        key=":".join([escalation.kind.value, run.job_name, *names]),
    )


def ended_well(instance: dg.DagsterInstance, project: ProjectConfig, record: "AlertRecord") -> bool:
    """Whether an alert about a run is over: a later run of the same job has ended well."""
    job = job_in(project, record.alert.key)
    if job is None:
        return False
    raised = record.at.replace(tzinfo=UTC)
    filters = RunsFilter(job_name=job, statuses=[DagsterRunStatus.SUCCESS], updated_after=raised)
    return bool(instance.get_runs(filters=filters, limit=1))


def job_in(project: ProjectConfig, key: str) -> str | None:
    """The job that an alert's key is about; None where it is about something else."""
    subject = key.split(":")[1] if ":" in key else ""
    return subject if subject.startswith(job_of(project.name, "")) else None


def _belongs(run: dg.DagsterRun, project: ProjectConfig) -> bool:
    selected = run.asset_selection or ()
    return run.tags.get(PROJECT_TAG) == project.name or any(key.path[0] == project.name for key in selected)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
