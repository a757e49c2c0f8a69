"""Playing later days of the shipped stream into its project: rows arrive, are scored, outcomes follow.

How the stream is made lives in `dataset.sample`. Here a day is delivered to the project's inbox and the monitor job is
run for it. Where no daemon runs, the drift sensor is asked after each day and what it requests is run here; where one
runs, it does that itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.orchestration.findings import decide_retraining, findings_of, tags_of
from ml_lifecycle.orchestration.naming import TRIGGER_TAG
from ml_lifecycle.orchestration.queued_runs import daemon_runs
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import RunOutcome, execute
from ml_lifecycle.orchestration.site import Site

#: The project whose stream can be played.
SAMPLE_PROJECT = "loans"
#: What can be asked of the stream.
DRIFTS = ("default", "none", "covariate", "concept")


@dataclass(frozen=True, slots=True)
class SimulatedDay:
    """What one day brought.

    Args:
        day: The day.
        applications: Rows that arrived.
        outcomes: Outcomes of earlier rows that became known.
        monitor: How the monitor run ended.
        finding: What it found, in a word.
        retrain: How the retraining ended that its findings started, if they did.
        decision: Why there was a retraining, or none.
        champion: The version in production at the end of the day.
    """

    day: date
    applications: int
    outcomes: int
    monitor: RunOutcome
    finding: str
    retrain: RunOutcome | None
    decision: str
    champion: str | None


def simulate(
    site: Site,
    instance: dg.DagsterInstance,
    project: ProjectConfig,
    *,
    days: int,
    drift: str,
    told: Callable[[SimulatedDay], None],
) -> list[SimulatedDay]:
    """Play the next `days` days into the project, from the day after the last one played.

    Raises:
        ConfigError: The project is not the shipped sample, or has no model yet.
    """
    _judge_playable(project)
    played = []
    first = next_day(project)
    for number in range(days):
        day = _play(site, instance, project, first + timedelta(days=number), drift)
        told(day)
        played.append(day)
    return played


def next_day(project: ProjectConfig) -> date:
    """The day after the last that lies in the inbox, or the first monitoring day."""
    inbox = Workspace(project).home.inbox / project.name
    delivered = sorted(path.stem.removeprefix("applications_") for path in inbox.glob("applications_*.csv"))
    if delivered:
        return date.fromisoformat(delivered[-1]) + timedelta(days=1)
    return project.monitoring.start.date()


def _play(site: Site, instance: dg.DagsterInstance, project: ProjectConfig, day: date, drift: str) -> SimulatedDay:
    from ml_lifecycle.dataset.sample import deliver_day

    delivered = deliver_day(day, inbox=Workspace(project).home.inbox / project.name, drift=drift)
    monitor = execute(site, instance, project, "monitor", partition=day.isoformat(), tags={TRIGGER_TAG: "simulation"})
    retrain, reason = None, "the daemon's sensor decides"
    if not daemon_runs(instance):
        retrain, reason = _act(site, instance, project)
    return SimulatedDay(
        day=day,
        applications=delivered.applications,
        outcomes=delivered.outcomes,
        monitor=monitor,
        finding=_found(instance, project, day.isoformat()),
        retrain=retrain,
        decision=reason,
        champion=Workspace(project).ledger.champion(project.name),
    )


def _found(instance: dg.DagsterInstance, project: ProjectConfig, window: str) -> str:
    """What monitoring found in a window: drift, lost performance, both or nothing."""
    for finding in findings_of(instance, project):
        if finding.window == window:
            words = [("drift", finding.drifted), ("worse", finding.performance_lost)]
            return "+".join(word for word, found in words if found) or "ok"
    return "not judged"


def _act(site: Site, instance: dg.DagsterInstance, project: ProjectConfig) -> tuple[RunOutcome | None, str]:
    """Ask what the drift sensor asks, and run what it would request."""
    decision = decide_retraining(instance, project)
    if not decision.retrain:
        return None, decision.reason
    return execute(site, instance, project, "retrain", tags=tags_of(project, decision)), decision.reason


def _judge_playable(project: ProjectConfig) -> None:
    if project.name != SAMPLE_PROJECT:
        raise ConfigError(
            f"project {project.name!r} has no stream to play",
            expected=f"the shipped sample {SAMPLE_PROJECT!r}",
            got=project.name,
            advice="let real rows arrive at serving.batch and use `ml-lifecycle monitor`",
        )
    if Workspace(project).ledger.champion(project.name) is None:
        raise ConfigError(
            f"project {project.name!r} has no model in production",
            expected="a deployed version",
            got="none",
            advice=f"run `ml-lifecycle run {project.name}` first",
        )
