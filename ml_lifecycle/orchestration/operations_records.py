"""What the service levels are judged by, collected from Dagster's records, the ledger and the service database.

What follows from it is decided in `monitoring.levels`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus, RunRecord, RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.failed_runs import failed_gates
from ml_lifecycle.orchestration.memo import REUSED_KEY
from ml_lifecycle.orchestration.naming import PROJECT_TAG, job_of
from ml_lifecycle.orchestration.operations_delays import (
    deployments_of,
    detections_of,
    materialized_since,
    moment_of,
    utc_of,
)
from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.operations import Delay, Ending, Records, Training
    from ml_lifecycle.release.ledger import Entry
    from ml_lifecycle.serving.heartbeats import ServedStretch
    from ml_lifecycle.serving.latencies import Latencies

_TRAINED = "tuned_model"
_DEPLOYED = "deployed_model"
_EFFORT_KEY = "effort"
_DAY = timedelta(days=1)


class OperationsRecords:
    """What happened to a project since some moment; read once, however many windows are judged by it.

    Args:
        instance: Where runs are recorded.
        project: The project.
        since: From when; naive UTC.
    """

    def __init__(self, instance: dg.DagsterInstance, project: ProjectConfig, since: datetime) -> None:
        self.since = since
        self._instance = instance
        self._project = project
        self._workspace = Workspace(project)
        self._counted: dict[tuple[datetime, datetime], Latencies] = {}

    def between(self, start: datetime, end: datetime) -> "Records":
        """What happened in a stretch of time that begins no earlier; naive UTC.

        Raises:
            StateError: The service database refuses.
        """
        from ml_lifecycle.monitoring.operations import Records
        from ml_lifecycle.monitoring.uptime import assess_uptime

        trainings, broken = self._runs
        return Records(
            trainings=[item for item in trainings if start <= item.ended < end],
            broken_deployments=[run for run, at in broken if start <= at < end],
            ledger=self._ledger,
            detections=[item for item in self._detections if start <= item.ended < end],
            deployments=[item for item in self._deployments if start <= item.ended < end],
            uptime=assess_uptime([item for item in self._stretches if item.seen >= start], start, end),
            latencies=self._latencies(start, end),
        )

    @cached_property
    def _ledger(self) -> "list[Entry]":
        return self._workspace.ledger.history(self._project.name)

    @cached_property
    def _runs(self) -> "tuple[list[Training], list[tuple[str, datetime]]]":
        return _runs(self._instance, self._project, self.since)

    @cached_property
    def _detections(self) -> "list[Delay]":
        return detections_of(self._instance, self._project, self._ledger, self.since)

    @cached_property
    def _deployments(self) -> "list[Delay]":
        return deployments_of(self._instance, self._project, self._ledger, self.since)

    @cached_property
    def _stretches(self) -> "list[ServedStretch]":
        from ml_lifecycle.serving.heartbeats import Heartbeats

        return Heartbeats(self._workspace.home.service_url).stretches(self._project.name, self.since)

    def _latencies(self, start: datetime, end: datetime) -> "Latencies":
        """Counted day by day: the periods of windows that follow each other share all days but one."""
        from ml_lifecycle.serving.latencies import Latencies, latencies_between

        found = []
        while start < end:
            day = (start, min(start + _DAY, end))
            if day not in self._counted:
                url, archive = self._workspace.home.service_url, self._workspace.archive
                self._counted[day] = latencies_between(url, self._project.name, *day, archive)
            found.append(self._counted[day])
            start = day[1]
        return Latencies.sum(found)


def _runs(
    instance: dg.DagsterInstance, project: ProjectConfig, since: datetime
) -> "tuple[list[Training], list[tuple[str, datetime]]]":
    """The trainings that have ended since some moment, and the runs that broke while they deployed."""
    from ml_lifecycle.monitoring.operations import Ending, Training

    efforts = _efforts(instance, project, since)
    trainings, broken = [], []
    for record in _ended(instance, project, since):
        run, ended = record.dagster_run, moment_of(record.end_time or 0.0)
        ending, deploying = _ending(instance, record)
        if deploying:
            broken.append((run.run_id, ended))
        if run.job_name != job_of(project.name, "rollout") and _trains(project, run):
            spent = efforts.get(run.run_id, {})
            trainings.append(
                Training(
                    run_id=run.run_id,
                    began=utc_of(record.create_timestamp),
                    ended=ended,
                    ending=Ending.MADE if deploying else ending,
                    cpu_seconds=float(spent.get("training.cpu_seconds", 0.0)),
                    cost=float(spent.get("training.cost", 0.0)),
                )
            )
    return trainings, broken


def _ended(instance: dg.DagsterInstance, project: ProjectConfig, since: datetime) -> Iterator[RunRecord]:
    """Runs that train or deploy and have ended since some moment; those that somebody cancelled say nothing."""
    for verb in ("lifecycle", "retrain", "rollout"):
        filters = RunsFilter(
            job_name=job_of(project.name, verb),
            tags={PROJECT_TAG: project.name},
            statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE],
            updated_after=since.replace(tzinfo=UTC),
        )
        yield from (record for record in instance.get_run_records(filters=filters) if record.end_time is not None)


def _trains(project: ProjectConfig, run: dg.DagsterRun) -> bool:
    """Part of the lifecycle is also run to look at data only."""
    chosen = run.asset_selection
    return not chosen or dg.AssetKey([project.name, _TRAINED]) in chosen


def _ending(instance: dg.DagsterInstance, record: RunRecord) -> "tuple[Ending, bool]":
    """How a run ended, and whether it broke while it deployed: then its training had ended well before."""
    from ml_lifecycle.monitoring.operations import Ending

    run = record.dagster_run
    if run.status is DagsterRunStatus.SUCCESS:
        return Ending.MADE, False
    failures = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_FAILURE).records
    steps = [event.step_key or "" for item in failures if (event := item.event_log_entry.dagster_event)]
    deploying = any(step.endswith(f"__{_DEPLOYED}") for step in steps)
    refused = bool(failed_gates(instance, run.run_id))
    return Ending.REFUSED if refused else Ending.CRASHED, deploying


def _efforts(instance: dg.DagsterInstance, project: ProjectConfig, since: datetime) -> dict[str, dict[str, Any]]:
    """What searches and fits have cost, by run; results that were not computed again cost nothing."""
    found: dict[str, dict[str, Any]] = {}
    for record in materialized_since(instance, project, _TRAINED, since):
        metadata = record.asset_materialization.metadata if record.asset_materialization else {}
        said = metadata.get(_EFFORT_KEY)
        if REUSED_KEY not in metadata and isinstance(said, dg.JsonMetadataValue) and isinstance(said.value, dict):
            found[record.run_id] = said.value
    return found
