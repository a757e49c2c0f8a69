"""The partitions of monitoring: which stretch of time one window covers, and how its name becomes two times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError

#: Tags by which Dagster tells which partitions a run is for.
PARTITION_TAG = "dagster/partition"
RANGE_START_TAG, RANGE_END_TAG = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
_CRON = {"daily": "15 0 * * *", "hourly": "15 * * * *"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A partition and the rolling window that ends with it; times are naive UTC, the end is not included.

    Args:
        partition: Its key.
        start: The first moment of the partition.
        end: The moment after its last.
        window_start: The first moment of the window; that of the partition, where the window is counted in rows.
        rows: So many of the last rows make the window; None where it is a stretch of time.
    """

    partition: str
    start: datetime
    end: datetime
    window_start: datetime
    rows: int | None = None


def partitions_of(project: ProjectConfig) -> dg.TimeWindowPartitionsDefinition:
    """Daily or hourly partitions from the project's monitoring start."""
    start = project.monitoring.start
    if project.monitoring.cadence == "hourly":
        return dg.HourlyPartitionsDefinition(start_date=start.replace(minute=0, second=0, microsecond=0))
    return dg.DailyPartitionsDefinition(start_date=start.replace(hour=0, minute=0, second=0, microsecond=0))


def monitor_cron_of(project: ProjectConfig) -> str:
    """When the monitor job runs: as the YAML says, else shortly after each window has closed."""
    return project.orchestration.monitor_cron or _CRON[project.monitoring.cadence]


def stretch_of(project: ProjectConfig, partition: str) -> Stretch:
    """The times of a partition, by its key."""
    window = partitions_of(project).time_window_for_partition_key(partition)
    start, end = window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)
    length = project.monitoring.length
    window_start = start if length.time is None else end - length.time
    return Stretch(partition, start, end, window_start, length.rows)


def last_end(project: ProjectConfig, context: dg.AssetExecutionContext) -> datetime:
    """The end of the last window of a run."""
    return stretch_of(project, context.partition_keys[-1]).end


def window_or_last(project: ProjectConfig, window: str | None) -> str:
    """A partition key as it was given, or the one that has closed last.

    Raises:
        ConfigError: There is no such window.
    """
    partitions = partitions_of(project)
    last = partitions.get_last_partition_key()
    wanted = window or last
    if wanted is None or last is None:
        raise ConfigError(
            f"no window of project {project.name!r} has closed yet",
            expected=f"a whole {project.monitoring.cadence} window since monitoring.start",
            got=f"the start {project.monitoring.start:%Y-%m-%d %H:%M}",
            advice="wait for the first window to close, or move monitoring.start in defs.yaml",
        )
    if not partitions.has_partition_key(wanted):
        raise ConfigError(
            f"project {project.name!r} has no window {wanted!r}",
            expected=f"a closed window from {partitions.get_first_partition_key()} to {last}",
            got=wanted,
            advice="name one in between, or move monitoring.start in defs.yaml",
        )
    return wanted


def windows_between(project: ProjectConfig, first: str | None, last: str | None) -> tuple[str, ...]:
    """The partition keys from one to another, both included; by default from the first there is to the last closed.

    Raises:
        ConfigError: There is no such window, or the last lies before the first.
    """
    partitions = partitions_of(project)
    end = window_or_last(project, last)
    start = window_or_last(project, first or partitions.get_first_partition_key())
    if start > end:
        raise ConfigError(
            "there is no window between",
            expected="a last window that is not before the first",
            got=f"{start} to {end}",
            advice="give --from and --to the other way round",
        )
    return tuple(partitions.get_partition_keys_in_range(dg.PartitionKeyRange(start, end)))


def partition_tags(windows: tuple[str, ...]) -> dict[str, str]:
    """The tags of a run for one window, or for all from the first to the last of several; none for none."""
    if not windows:
        return {}
    if len(windows) == 1:
        return {PARTITION_TAG: windows[0]}
    return {RANGE_START_TAG: windows[0], RANGE_END_TAG: windows[-1]}


def ranges_of(project: ProjectConfig, windows: Iterable[str]) -> list[tuple[str, ...]]:
    """Windows in as few unbroken rows as possible, oldest first."""
    partitions = partitions_of(project)
    ranges: list[list[str]] = []
    for window in sorted(set(windows)):
        start = partitions.time_window_for_partition_key(window).start
        if ranges and partitions.time_window_for_partition_key(ranges[-1][-1]).end == start:
            ranges[-1].append(window)
        else:
            ranges.append([window])
    return [tuple(found) for found in ranges]
