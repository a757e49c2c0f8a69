"""Which windows have been judged, when, and which were missed: from Dagster's records of runs and materialisations."""

from collections.abc import Collection, Sequence

import dagster as dg
from dagster import RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import job_of
from ml_lifecycle.orchestration.partitions import PARTITION_TAG, partitions_of

#: The asset whose materialisation says that a window was judged.
JUDGED_BY = "performance_report"
_SCHEDULE_TAG = "dagster/schedule_name"


def missed_windows(instance: dg.DagsterInstance, project: ProjectConfig, closed: str, *, schedule: str) -> list[str]:
    """The window that has closed last, and those since the schedule's first tick that nobody has asked for.

    Args:
        instance: Where runs are recorded.
        project: The project; `monitoring.catch_up_windows` of the missed ones at most, the oldest first.
        closed: The window that has closed last.
        schedule: The name of the schedule: what closed before it was ever switched on was not missed.
    """
    windows = _since_first_tick(instance, project, closed, schedule)
    known = judged_windows(instance, project)
    left = [window for window in windows if window not in known]
    asked = _asked_for(instance, project, left)
    left = [window for window in left if window not in asked]
    newest = [window for window in left if window == closed]
    return [window for window in left if window != closed][: project.monitoring.catch_up_windows] + newest


def judged_windows(instance: dg.DagsterInstance, project: ProjectConfig) -> set[str]:
    """The windows that have been judged at some time."""
    return set(instance.get_materialized_partitions(dg.AssetKey([project.name, JUDGED_BY])))


def judged_at(instance: dg.DagsterInstance, project: ProjectConfig, windows: Sequence[str]) -> dict[str, float]:
    """When windows were judged last, in seconds since 1970; those that never were are absent."""
    found: dict[str, float] = {}
    for start in range(0, len(windows), _CHUNK):
        query = dg.AssetRecordsFilter(
            asset_key=dg.AssetKey([project.name, JUDGED_BY]), asset_partitions=list(windows[start : start + _CHUNK])
        )
        cursor: str | None = None
        while True:
            page = instance.fetch_materializations(query, limit=_PAGE, cursor=cursor)
            for record in page.records:
                if record.partition_key is not None:
                    found.setdefault(record.partition_key, record.timestamp)
            if not page.has_more:
                break
            cursor = page.cursor
    return found


_CHUNK, _PAGE = 400, 1_000


def _since_first_tick(
    instance: dg.DagsterInstance, project: ProjectConfig, closed: str, schedule: str
) -> Sequence[str]:
    first_runs = instance.get_runs(filters=RunsFilter(tags={_SCHEDULE_TAG: schedule}), limit=1, ascending=True)
    first = first_runs[0].tags.get(PARTITION_TAG, closed) if first_runs else closed
    partitions = partitions_of(project)
    if first > closed or not partitions.has_partition_key(first):  # monitoring.start or the cadence was changed since
        return [closed]
    return list(partitions.get_partition_keys_in_range(dg.PartitionKeyRange(first, closed)))


def _asked_for(instance: dg.DagsterInstance, project: ProjectConfig, windows: Collection[str]) -> set[str]:
    """Windows that a run was made for, however it ended: a failed one is left to people, as every failed run."""
    if not windows:
        return set()
    filters = RunsFilter(job_name=job_of(project.name, "monitor"), tags={PARTITION_TAG: list(windows)})
    return {run.tags[PARTITION_TAG] for run in instance.get_runs(filters=filters)}
