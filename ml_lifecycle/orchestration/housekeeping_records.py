"""What housekeeping decides by: the materialisations and the ended runs of a project, in plain form."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.memo import REUSED_KEY
from ml_lifecycle.orchestration.naming import PROJECT_TAG
from ml_lifecycle.orchestration.partitions import PARTITION_TAG
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS
from ml_lifecycle.orchestration.records import DATA_VERSION_TAG
from ml_lifecycle.orchestration.status import MLFLOW_KEY
from ml_lifecycle.orchestration.storage import record_of

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.housekeeping import EndedRun, Result

_PAGE = 1_000
_ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def results_of(instance: dg.DagsterInstance, project: ProjectConfig) -> "list[Result]":
    """All materialisations of a project's assets, the newest of each asset first."""
    found = []
    for key in instance.get_asset_keys(prefix=[project.name]):
        cursor = None
        while True:
            page = instance.fetch_materializations(key, limit=_PAGE, cursor=cursor)
            found += [_result(key, record) for record in page.records]
            if not page.has_more:
                break
            cursor = page.cursor
    return found


def ended_runs(instance: dg.DagsterInstance, project: ProjectConfig) -> "list[EndedRun]":
    """All runs of a project that have ended, the newest first."""
    from ml_lifecycle.monitoring.housekeeping import EndedRun

    filters = RunsFilter(tags={PROJECT_TAG: project.name}, statuses=_ENDED)
    return [
        EndedRun(
            record.dagster_run.run_id,
            record.dagster_run.job_name,
            _moment(record.end_time if record.end_time is not None else record.update_timestamp.timestamp()),
            record.dagster_run.tags.get(PARTITION_TAG),
        )
        for record in instance.get_run_records(filters=filters)
    ]


def runs_under_way(instance: dg.DagsterInstance, project: ProjectConfig, *, beside: str = "") -> list[str]:
    """Runs of a project that have not ended, without the one that asks."""
    filters = RunsFilter(tags={PROJECT_TAG: project.name}, statuses=IN_PROGRESS)
    return [run.run_id for run in instance.get_runs(filters=filters) if run.run_id != beside]


def _result(key: dg.AssetKey, record: dg.EventLogRecord) -> "Result":
    from ml_lifecycle.monitoring.housekeeping import Result

    made = record.asset_materialization
    metadata: Any = made.metadata if made else {}
    stored = record_of(made)
    told, source = metadata.get(MLFLOW_KEY), metadata.get(REUSED_KEY)
    return Result(
        asset=key.path[-1],
        at=_moment(record.timestamp),
        run_id=record.run_id,
        partition=record.partition_key,
        data_version=(record.event_log_entry.tags or {}).get(DATA_VERSION_TAG, ""),
        tables=stored.tables if stored else {},
        files=stored.files if stored else None,
        mlflow_run=None if told is None else str(told.value),
        source_run=None if source is None else str(source.value),
    )


def _moment(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, tz=UTC).replace(tzinfo=None)
