"""Tests of `ml_lifecycle.config.window_length`."""

from datetime import timedelta

import pytest

from ml_lifecycle.config.monitoring import MonitoringConfig
from ml_lifecycle.config.window_length import Cadence, read_window_length


@pytest.mark.parametrize(
    ("said", "cadence", "time"),
    [
        (7, "daily", timedelta(days=7)),
        ("7", "hourly", timedelta(hours=7)),
        ("7 days", "hourly", timedelta(days=7)),
        ("24 hours", "daily", timedelta(days=1)),
        ("1 Day", "daily", timedelta(days=1)),
        ("3 partitions", "hourly", timedelta(hours=3)),
    ],
)
def test_windows_are_stretches_of_time(said: int | str, cadence: Cadence, time: timedelta) -> None:
    """In partitions, days or hours."""
    length = read_window_length(said, cadence)
    assert (length.time, length.rows) == (time, None)


def test_windows_are_counted_in_rows() -> None:
    """The last so many."""
    length = MonitoringConfig(window="1000 rows").length
    assert (length.time, length.rows) == (None, 1000)


@pytest.mark.parametrize("said", [0, -1, "", "week", "7 weeks", "1.5 days", "0 rows", "23 hours", "9" * 30 + " days"])
def test_nonsense_is_refused_at_load(said: int | str) -> None:
    """What is no length, holds nothing, or leaves rows of a partition in no window."""
    with pytest.raises(ValueError, match="expected a"):
        MonitoringConfig(window=said)
