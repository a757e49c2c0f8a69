"""Tests of `ml_lifecycle.monitoring.uptime`: kills are outages, stops are not."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.monitoring.uptime import assess_uptime
from ml_lifecycle.serving.heartbeats import ServedStretch

_START = datetime(2026, 5, 1)  # noqa: DTZ001 - naive UTC
_END = _START + timedelta(hours=10)


def _served(
    began: float, seen: float, *, stopped: bool = False, version: str = "1", worker: str = "a"
) -> ServedStretch:
    hour = timedelta(hours=1)
    return ServedStretch(worker, version, _START + began * hour, _START + seen * hour, stopped)


@pytest.mark.parametrize(
    ("stretches", "share", "outages"),
    [
        ([_served(2, 10)], 1.0, 0),
        ([_served(0, 4), _served(6, 10)], 0.8, 1),
        ([_served(0, 4, stopped=True), _served(6, 10)], 1.0, 0),
        ([_served(0, 5)], 0.5, 1),
        ([_served(0, 5, stopped=True)], 1.0, 0),
        ([_served(0, 6), _served(4, 10, worker="b")], 1.0, 0),
        ([_served(0, 4, stopped=True), _served(4, 10, version="2")], 1.0, 0),
        ([_served(0, 5), _served(5, 10, version="")], 0.5, 1),
    ],
    ids=["late start", "killed", "stopped", "down now", "stopped now", "a worker less", "new version", "no version"],
)
def test_only_time_that_nobody_asked_for_is_down(stretches: list[ServedStretch], share: float, outages: int) -> None:
    """What comes before the first start does not count either."""
    found = assess_uptime(stretches, _START, _END)
    assert found.share == pytest.approx(share)
    assert found.outages == outages


def test_nothing_heard_is_no_share() -> None:
    """It is not judged then."""
    assert str(assess_uptime([], _START, _END).share) == "nan"


def test_a_worker_may_miss_a_beat() -> None:
    """A gap as long as between beats is no outage."""
    found = assess_uptime([_served(0, 5), _served(5.005, 10)], _START, _END)
    assert found.outages == 0
    assert found.down == timedelta(0)


@given(
    st.lists(st.tuples(st.floats(-5, 15), st.floats(0, 5), st.booleans()), max_size=8).map(
        lambda items: [_served(began, began + length, stopped=stopped) for began, length, stopped in items]
    )
)
def test_up_and_down_fill_no_more_than_the_period(stretches: list[ServedStretch]) -> None:
    """However stretches overlap, no time is counted twice."""
    found = assess_uptime(stretches, _START, _END)
    assert timedelta(0) <= found.up + found.down <= _END - _START
