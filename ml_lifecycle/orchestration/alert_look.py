"""One look of the sensor `<p>_alerts`: collect, decide what is tried by itself, tell what is news, send what waits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from ml_lifecycle.config.alerts import AlertKind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.alert_checks import look_at_checks
from ml_lifecycle.orchestration.alert_findings import ended_well, failed_since
from ml_lifecycle.orchestration.alert_releases import alerts_of_rollbacks, rollback_is_over
from ml_lifecycle.orchestration.alert_schedules import alerts_of_schedules
from ml_lifecycle.orchestration.recovery import is_overtaken, recover, request_again
from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert
    from ml_lifecycle.monitoring.alerts.alert_tables import AlertRecord
    from ml_lifecycle.monitoring.alerts.desk import AlertDesk


@dataclass(frozen=True, slots=True)
class Cursor:
    """What one look leaves for the next.

    Args:
        since: Runs that failed before were looked at.
        began: When the sensor looked first: what was before is news to nobody.
        waiting: Runs that are to be started again: when, and whether behind others.
    """

    since: datetime
    began: datetime
    waiting: Mapping[str, tuple[datetime, bool]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None, now: datetime) -> "Cursor":
        """What was left; a time alone is what earlier versions left.

        Args:
            text: The cursor that Dagster kept; None at the first look.
            now: The time, with its zone.
        """
        if not text:
            return cls(now, now)
        if not text.startswith("{"):
            since = datetime.fromisoformat(text)
            return cls(since, since)
        said = json.loads(text)
        waiting = {run: (datetime.fromisoformat(due), bool(lower)) for run, (due, lower) in said["waiting"].items()}
        return cls(datetime.fromisoformat(said["since"]), datetime.fromisoformat(said["began"]), waiting)

    def __str__(self) -> str:
        """Write it as `read` takes it."""
        waiting = {run: (due.isoformat(), lower) for run, (due, lower) in self.waiting.items()}
        return json.dumps({"since": self.since.isoformat(), "began": self.began.isoformat(), "waiting": waiting})


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look.

    Args:
        cursor: For the next.
        requests: Runs to be started again.
        said: In words, for the tick.
        news: What was not known before.
        problems: Why channels did not take what they were sent.
    """

    cursor: Cursor
    requests: Sequence[dg.RunRequest]
    said: str
    news: "Sequence[Alert]"
    problems: Mapping[str, str]


def desk_of(workspace: Workspace) -> "AlertDesk":
    """Where the alerts of a project are told."""
    from ml_lifecycle.monitoring.alerts.desk import AlertDesk

    project = workspace.project
    return AlertDesk(project.name, project.monitoring.alerts, workspace.alerts, owner=project.brief.owner)


def look_around(
    instance: dg.DagsterInstance, project: ProjectConfig, cursor: str | None, *, now: datetime | None = None
) -> Look:
    """Look once.

    Args:
        instance: Where runs, checks and schedules are on record.
        project: The project.
        cursor: What the last look left.
        now: The time, with its zone.

    Raises:
        StateError: The service database refuses; the same is looked at again then.
    """
    now = now or datetime.now(UTC)
    workspace, was = Workspace(project), Cursor.read(cursor, now)
    desk = desk_of(workspace)
    standing = desk.standing()
    runs, since = failed_since(instance, project, was.since)
    recoveries = {run.run_id: recover(instance, project, run, now=now.replace(tzinfo=None)) for run in runs}
    checks = look_at_checks(
        instance, project, since=was.began.timestamp(), standing={record.alert.key for record in standing}
    )
    late = alerts_of_schedules(instance, project, now=now)
    history = workspace.ledger.history(project.name)
    rollbacks = alerts_of_rollbacks(project, history, since=was.began.replace(tzinfo=None))
    news = desk.tell([*(item.alert for item in recoveries.values()), *rollbacks, *checks.alerts, *late])
    stands = {alert.key for alert in late}

    def is_over(record: "AlertRecord") -> bool:
        key = record.alert.key
        caught_up = key.startswith(AlertKind.MISSED_SCHEDULE.value) and key not in stands
        passed = caught_up or key in checks.passing or rollback_is_over(history, key)
        return passed or ended_well(instance, project, record)

    resolved = desk.resolve(is_over)
    posted = desk.post()
    waiting = dict(was.waiting) | {run: (item.due, item.lower) for run, item in recoveries.items() if item.due}
    requests, left = _due(instance, project, waiting, now.replace(tzinfo=None))
    said = f"{len(news)} new, {len(resolved)} over, {posted.delivered} alerts delivered, {posted.waiting} wait"
    problems = "; ".join(f"{name}: {problem}" for name, problem in posted.problems.items())
    said = f"{said}; not delivered: {problems}" if problems else said
    return Look(Cursor(since, was.began, left), requests, said, [item.alert for item in news], posted.problems)


def tell_rollbacks(workspace: Workspace, *, since: datetime) -> None:
    """Tell of versions that were taken back at once, where no sensor might be running; it is told once all the same.

    Args:
        workspace: The project's state.
        since: Only of those after this time, naive UTC.

    Raises:
        StateError: The service database refuses.
    """
    desk = desk_of(workspace)
    history = workspace.ledger.history(workspace.project.name)
    desk.tell(alerts_of_rollbacks(workspace.project, history, since=since))
    desk.post()


def _due(
    instance: dg.DagsterInstance, project: ProjectConfig, waiting: Mapping[str, tuple[datetime, bool]], now: datetime
) -> tuple[list[dg.RunRequest], dict[str, tuple[datetime, bool]]]:
    """The runs whose time has come, and those that wait on."""
    requests = []
    for run_id, (due, lower) in waiting.items():
        run = instance.get_run_by_id(run_id) if due <= now else None
        if run is not None and not is_overtaken(instance, run):
            requests.append(request_again(project, run, lower=lower))
    return requests, {run_id: item for run_id, item in waiting.items() if item[0] > now}
