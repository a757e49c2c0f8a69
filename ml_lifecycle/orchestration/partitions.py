"""The partitions of monitoring: which stretch of time one window covers, and how its name becomes two times."""

from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Stretch:
    """A partition and the rolling window that ends with it; times are naive UTC, the end is not included."""

    partition: str
    start: datetime
    end: datetime
    window_start: datetime


def partitions_of(project: ProjectConfig) -> dg.TimeWindowPartitionsDefinition:
    """Daily or hourly partitions from the project's monitoring start."""
    start = project.monitoring.start
    if project.monitoring.cadence == "hourly":
        return dg.HourlyPartitionsDefinition(start_date=start.replace(minute=0, second=0, microsecond=0))
    return dg.DailyPartitionsDefinition(start_date=start.replace(hour=0, minute=0, second=0, microsecond=0))


def stretch_of(project: ProjectConfig, partition: str) -> Stretch:
    """The times of a partition, by its key."""
    window = partitions_of(project).time_window_for_partition_key(partition)
    start, end = window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)
    length = end - start
    return Stretch(partition, start, end, end - length * project.monitoring.window)


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
