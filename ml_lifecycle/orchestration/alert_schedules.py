"""What is worth an alert in the schedules: runs that should have been started by now.

Whoever asks this is started by the same daemon: that the daemon itself is gone cannot be told from here. For that, an
alert from outside is needed, such as a dead man's switch at the receiver, or the service manager of the machine.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, ScheduleInstigatorData, TickStatus
from dagster._utils.schedules import get_latest_completed_cron_tick

from ml_lifecycle.config.alerts import AlertKind, AlertSeverity
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import job_of

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert

#: The schedules of a project, and the job that each starts.
SCHEDULES = {"monitor": "monitor", "retrain_on_schedule": "retrain"}
_WAITING = [DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED]
_TICKS = 20


def alerts_of_schedules(instance: dg.DagsterInstance, project: ProjectConfig, *, now: datetime) -> list["Alert"]:
    """Alerts about the schedules of a project that are switched on and late.

    Args:
        instance: Where their ticks are on record.
        project: The project; `monitoring.alerts.missed_schedule_minutes` of patience.
        now: The time, with its zone.
    """
    names = {job_of(project.name, schedule): job_of(project.name, verb) for schedule, verb in SCHEDULES.items()}
    states = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
    found = []
    for state in states:
        if state.instigator_name in names and state.is_running:
            late = _lateness(instance, project, state, names[state.instigator_name], now)
            if late:
                found.append(_alert(project, state.instigator_name, late))
    return found


def _lateness(
    instance: dg.DagsterInstance, project: ProjectConfig, state: InstigatorState, job: str, now: datetime
) -> str:
    """What is late about a schedule; empty if nothing is."""
    data = state.instigator_data
    if not isinstance(data, ScheduleInstigatorData) or not isinstance(data.cron_schedule, str):
        return ""
    patience = timedelta(minutes=project.monitoring.alerts.missed_schedule_minutes)
    due = get_latest_completed_cron_tick(data.cron_schedule, now - patience, "UTC")
    if due.timestamp() < (data.start_timestamp or 0.0):
        return ""
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, after=due.timestamp() - 1, limit=_TICKS)
    if not any(tick.status in {TickStatus.SUCCESS, TickStatus.SKIPPED} for tick in ticks):
        error = next((tick.error.message.strip() for tick in ticks if tick.error), "it was not asked")
        return f"it was due at {due.astimezone(UTC):%Y-%m-%d %H:%M} UTC and started nothing: {error}"
    filters = RunsFilter(job_name=job, statuses=_WAITING, created_before=now - patience)
    waiting = instance.get_runs(filters=filters, limit=1)
    return f"run {waiting[0].run_id} of it has been waiting in the queue since then" if waiting else ""


def _alert(project: ProjectConfig, schedule: str, late: str) -> "Alert":
    from ml_lifecycle.monitoring.alerts import Alert

    return Alert(
        title=f"{project.name}: the schedule {schedule} is late",
        body=f"{schedule}: {late}",
        severity=AlertSeverity.ERROR.value,
        project=project.name,
        run_id="",
        what_to_do="look at the schedule's ticks in the Dagster UI, at the queue, and whether code can be loaded",
        kind=AlertKind.MISSED_SCHEDULE.value,
        key=f"{AlertKind.MISSED_SCHEDULE.value}:schedule {schedule}",
    )
