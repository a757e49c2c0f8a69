"""Tests of `ml_lifecycle.serving.heartbeats`: what a worker leaves that serves, stops or is killed."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.heartbeats import Heart, Heartbeats, ServedStretch
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny

_EVER = datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC


@pytest.fixture
def beats(tmp_path: Path) -> Heartbeats:
    """No worker was heard of yet."""
    return Heartbeats(f"sqlite:///{tmp_path / 'service.db'}")


def _heard(beats: Heartbeats) -> list[ServedStretch]:
    return beats.stretches("p", _EVER)


def test_a_worker_that_goes_on_is_one_line(beats: Heartbeats) -> None:
    """Its end moves; until it is told to stop nobody has asked for that."""
    heart = Heart(beats, "p", seconds=0)
    heart.beat("1")
    time.sleep(0.002)
    heart.beat("1")
    (stretch,) = _heard(beats)
    assert stretch.began < stretch.seen
    assert not stretch.stopped


def test_a_worker_that_is_told_to_end_says_so(beats: Heartbeats) -> None:
    """A beat that was under way comes too late to undo it."""
    heart = Heart(beats, "p", seconds=0)
    heart.beat("1")
    heart.stop()
    heart.beat("1")
    assert [item.stopped for item in _heard(beats)] == [True]


def test_another_version_is_another_line(beats: Heartbeats) -> None:
    """The one before ended as was wanted."""
    heart = Heart(beats, "p")
    heart.beat("1")
    heart.beat("2")
    assert [(item.version, item.stopped) for item in _heard(beats)] == [("1", True), ("2", False)]


def test_a_worker_that_was_away_begins_anew(beats: Heartbeats) -> None:
    """The line before stays as one that nobody ended."""
    heart = Heart(beats, "p", seconds=0, away=timedelta(0))
    heart.beat("1")
    time.sleep(0.002)
    heart.beat("1")
    assert [item.stopped for item in _heard(beats)] == [False, False]


def test_between_beats_nothing_is_written(beats: Heartbeats) -> None:
    """The watcher asks every second; the database is spared."""
    heart = Heart(beats, "p", seconds=60)
    heart.beat("1")
    heart.beat("1")
    (stretch,) = _heard(beats)
    assert stretch.began == stretch.seen


def test_a_database_that_refuses_does_not_stop_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once."""
    heart = Heart(Heartbeats(f"sqlite:///{tmp_path}/absent/service.db"), "p", seconds=0)
    heart.beat("1")
    heart.beat("1")
    assert caplog.text.count("heartbeats cannot be written") == 1


def test_old_stretches_are_forgotten(beats: Heartbeats) -> None:
    """Those that ended before some moment."""
    heart = Heart(beats, "p")
    heart.beat("1")
    later = _heard(beats)[0].seen + timedelta(days=1)
    assert beats.count("p", later) == beats.forget("p", later) == 1
    assert _heard(beats) == []


def test_a_server_is_heard_from_its_start_to_its_end(tmp_path: Path, package: Package, beats: Heartbeats) -> None:
    """With the version that it serves."""
    config = tiny.project(tmp_path)
    app = build_app(config, FixedProvider(package, "7"), None, refresh_seconds=0.01, heart=Heart(beats, "p", seconds=0))
    with serve_in_thread(app) as address:
        httpx.get(f"{address}/health/live", trust_env=False)
        assert [(item.version, item.stopped) for item in _heard(beats)] == [("7", False)]
    assert [(item.version, item.stopped) for item in _heard(beats)] == [("7", True)]
