"""A server that is killed under load has kept every prediction that it has answered."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle_tests.release import tiny

_SERVER = """
import sys
from pathlib import Path
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny

home = Path(sys.argv[1])
provider = FixedProvider(load_package(home / "package"), "1")
with serve_in_thread(build_app(tiny.project(home), provider, PredictionLog(sys.argv[2]))) as address:
    print(address, flush=True)
    sys.stdin.read()
"""
_CALLERS, _MOST_SECONDS = 8, 60.0
_ROW = {"id": "x", "applied": "2026-02-03T04:05:06Z", "customer": "c1", "income": 40.5, "age": 30, "city": "Riga"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package."""
    folder = tmp_path_factory.mktemp("killed")
    tiny.package(folder / "package")
    return folder


@pytest.fixture
def server(home: Path, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str], PredictionLog]]:
    """A server in a process of its own: address, process, log."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(home), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip(), process, PredictionLog(url)
    process.kill()
    process.communicate(timeout=_MOST_SECONDS)


def _ask_until_gone(address: str, told: list[str]) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        while True:
            try:
                said = client.post("/predict", json=_ROW).json()
            except httpx.HTTPError:
                return
            told.append(said["prediction_id"])


def _kill_under_load(address: str, process: subprocess.Popen[str], *, answers: int) -> set[str]:
    """Ask with several callers, kill the process after so many answers, and give the ids that were answered."""
    told: list[list[str]] = [[] for _ in range(_CALLERS)]
    callers = [threading.Thread(target=_ask_until_gone, args=(address, own)) for own in told]
    for caller in callers:
        caller.start()
    until = time.monotonic() + _MOST_SECONDS
    while sum(map(len, told)) < answers and time.monotonic() < until and any(one.is_alive() for one in callers):
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    for caller in callers:
        caller.join(_MOST_SECONDS)
    return {name for own in told for name in own}


def _logged(log: PredictionLog) -> set[str]:
    import pandas as pd

    window = log.window("tiny", pd.Timestamp("2026-02-03"), pd.Timestamp("2026-02-04"))
    assert window["prediction_id"].is_unique
    return set(window["prediction_id"])


@pytest.mark.e2e
def test_what_was_answered_before_the_kill_is_in_the_log(
    server: tuple[str, subprocess.Popen[str], PredictionLog],
) -> None:
    """Once, after a few answers."""
    address, process, log = server
    told = _kill_under_load(address, process, answers=50)
    assert len(told) >= 50
    assert told <= _logged(log)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("time_of_death", range(10))
def test_ten_kills_lose_nothing(server: tuple[str, subprocess.Popen[str], PredictionLog], time_of_death: int) -> None:
    """Each at another moment; at most the last answer of every caller is in the log without having been received."""
    address, process, log = server
    told = _kill_under_load(address, process, answers=100 + 137 * time_of_death)
    kept = _logged(log)
    assert len(told) >= 100
    assert told <= kept
    assert len(kept - told) <= _CALLERS
