"""The online store on a private Redis server, made for the test and gone after it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from ml_lifecycle_tests.features.stores import check_online

pytestmark = [pytest.mark.real, pytest.mark.servers]

_PASSWORD = "12,3=4"  # noqa: S105 - of a server that lives for this test
_VARIABLE = "ML_LIFECYCLE_TEST_STORE_PASSWORD"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the server, its password as a reference."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--requirepass", _PASSWORD)
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, cwd=tmp_path_factory.mktemp("redis"))
    try:
        client = redis.Redis(port=port, password=_PASSWORD)
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield f"redis://:${{{_VARIABLE}}}@127.0.0.1:{port}/1"
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_values_go_through_redis(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applied, written, materialised and read by another store."""
    monkeypatch.setenv(_VARIABLE, _PASSWORD)
    check_online(tmp_path, address)
