"""Several processes on one port: one that is killed comes back, and SIGTERM ends them all in order."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

_CODE = """
import os, sys
from fastapi import FastAPI
from ml_lifecycle.serving.workers import run_workers

def make():
    app = FastAPI()
    app.get("/pid")(lambda: os.getpid())
    return app

if __name__ == "__main__":
    run_workers(make, host="127.0.0.1", port=int(sys.argv[1]), workers=2, drain_seconds=5)
"""


def _pids(port: int, wanted: int) -> set[int]:
    """The processes that answer, as soon as there are so many."""
    until, found = time.monotonic() + 60, set[int]()
    while len(found) < wanted and time.monotonic() < until:
        try:
            found.add(httpx.get(f"http://127.0.0.1:{port}/pid", trust_env=False, timeout=5).json())
        except httpx.TransportError:
            time.sleep(0.1)
    return found


@pytest.mark.e2e
def test_a_killed_worker_comes_back_and_all_end_together(tmp_path: object) -> None:
    """The port is answered all the while."""
    place = f"{tmp_path}/served.py"
    with open(place, "w") as file:  # noqa: PTH123 - one line
        file.write(_CODE)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    parent = subprocess.Popen([sys.executable, place, str(port)], stderr=subprocess.PIPE)
    try:
        first = _pids(port, 2)
        assert len(first) == 2
        killed = first.pop()
        os.kill(killed, signal.SIGKILL)
        (left,) = first
        until, found = time.monotonic() + 60, set[int]()
        while len(found - {left, killed}) < 1 and time.monotonic() < until:
            found |= _pids(port, 1)
        assert found - {left, killed}
    finally:
        parent.terminate()
        parent.communicate(timeout=30)
    assert parent.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/pid", trust_env=False)
