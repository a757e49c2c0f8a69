"""Tests of `ml_lifecycle.monitoring.volume`."""

from datetime import datetime, timedelta

import numpy as np

from ml_lifecycle.config.quality import QualityConfig
from ml_lifecycle.monitoring.volume import PastVolumes

_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 - naive UTC
_CONFIG = QualityConfig()


def _past(days: int, weekday: int, weekend: int) -> PastVolumes:
    volumes = PastVolumes(hourly=False)
    for number in range(days):
        start = _MONDAY + timedelta(days=number)
        volumes.add(start, (weekend if start.weekday() > 4 else weekday) + number % 3)
    return volumes


def test_a_quiet_sunday_is_usual_and_a_quiet_monday_is_not() -> None:
    """Windows are compared with those of the same weekday."""
    past = _past(56, weekday=1000, weekend=100)
    monday, sunday = (past.usual(_MONDAY + timedelta(days=days), _CONFIG) for days in (56, 62))
    assert monday.alike == sunday.alike == "weekday"
    assert not monday.holds(100)
    assert sunday.holds(100)


def test_hours_are_compared_with_hours() -> None:
    """Of working days with those of working days."""
    volumes = PastVolumes(hourly=True)
    for number in range(24 * 14):
        start = _MONDAY + timedelta(hours=number)
        volumes.add(start, 500 if start.hour == 9 else 5)
    usual = volumes.usual(_MONDAY + timedelta(days=14, hours=9), _CONFIG)
    assert (usual.alike, usual.windows, usual.expected) == ("hour", 10, 500.0)


def test_few_windows_of_the_same_weekday_are_compared_with_all() -> None:
    """And none at all with nothing: all volumes are usual then."""
    usual = _past(10, 100, 100).usual(_MONDAY + timedelta(days=10), _CONFIG)
    assert (usual.alike, usual.windows) == ("nothing", 10)
    unknown = _past(4, 100, 100).usual(_MONDAY + timedelta(days=4), _CONFIG)
    assert not unknown.judged
    assert unknown.holds(0)


def test_a_window_judged_again_counts_once() -> None:
    """Its newer count."""
    past = _past(10, 100, 100)
    past.add(_MONDAY, 7)
    assert past.before(_MONDAY + timedelta(days=1), 10, alike=False) == [7]


def test_counts_that_crowd_raise_few_false_alarms() -> None:
    """Negative binomial counts, with ten times the variance of chance alone: about as many alarms as asked for."""
    random = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        counts = random.negative_binomial(11.1, 0.1, 29)
        volumes = PastVolumes(hourly=False)
        for number, count in enumerate(counts):
            volumes.add(_MONDAY + timedelta(days=7 * number), int(count))
        alarms += not volumes.usual(_MONDAY + timedelta(days=7 * 28), _CONFIG).holds(int(counts[28]))
    assert alarms <= 12  # 4 are expected of 400; more than 12 come with a chance of 1 in 2,000
