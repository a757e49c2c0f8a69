"""Tests of `ml_lifecycle.orchestration.partitions`."""

from datetime import datetime

import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.orchestration.partitions import stretch_of, window_or_last


def test_a_partition_ends_its_rolling_window(project: ProjectConfig) -> None:
    """Seven daily partitions are judged together: this one and the six before."""
    stretch = stretch_of(project, "2025-10-10")
    assert (stretch.start, stretch.end) == (datetime(2025, 10, 10), datetime(2025, 10, 11))  # noqa: DTZ001 - naive UTC
    assert stretch.window_start == datetime(2025, 10, 4)  # noqa: DTZ001 - naive UTC


def test_hourly_partitions(project: ProjectConfig) -> None:
    """The cadence is the project's choice."""
    hourly = project.model_copy(update={"monitoring": project.monitoring.model_copy(update={"cadence": "hourly"})})
    stretch = stretch_of(hourly, "2025-10-10-05:00")
    assert (stretch.end - stretch.start).total_seconds() == 3600


def test_the_last_closed_window_is_the_default(project: ProjectConfig) -> None:
    """And a named one must exist."""
    assert window_or_last(project, "2025-10-02") == "2025-10-02"
    assert window_or_last(project, None) > "2025-10-02"
    with pytest.raises(ConfigError, match="no window '2024-01-01'"):
        window_or_last(project, "2024-01-01")


@pytest.mark.parametrize("window", [None, "2999-01-01"])
def test_before_the_first_window_has_closed_it_is_said_so(project: ProjectConfig, window: str | None) -> None:
    """A project that was drafted today has nothing to judge before tomorrow."""
    monitoring = project.monitoring.model_copy(update={"start": datetime(2999, 1, 1)})  # noqa: DTZ001 - naive UTC
    with pytest.raises(ConfigError, match="no window of project 'tiny' has closed yet"):
        window_or_last(project.model_copy(update={"monitoring": monitoring}), window)
