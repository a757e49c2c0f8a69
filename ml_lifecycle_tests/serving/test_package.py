"""A package folder served by itself: as a function, and by another process over HTTP."""

import hashlib
import os
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.serving.package import PackageHandler, build_package_app, main
from ml_lifecycle_tests.release import tiny

_GOOD = {"income": 40.0, "age": 30, "city": "Riga"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with limits of its own."""
    made = tmp_path_factory.mktemp("alone") / "package"
    tiny.write(made, config=tiny.project(made.parent, serving={"max_rows": 3}))
    return made


def test_rows_are_answered_without_http(folder: Path) -> None:
    """Good rows as the package answers them, bad ones with their errors; so does the handler in the folder."""
    rows = tiny.table(3, seed=5)[["income", "age", "city"]].to_dict("records")
    said = PackageHandler(folder).predict([*rows, {"age": "old"}])
    assert [item["prediction"] for item in said[:3]] == load_package(folder).answer(tiny.table(3, seed=5))[
        "prediction"
    ].tolist()
    assert {error["column"] for error in said[3]["errors"]} == {"income", "age", "city"}
    handler = runpy.run_path(str(folder / "handler.py"))
    assert handler["predict"](rows) == said[:3]


def test_callers_show_a_key_where_keys_are_given(folder: Path) -> None:
    """As a bearer or in a header of its own; whoever watches the server needs none."""
    hashes = [hashlib.sha256(b"secret").hexdigest()]
    with TestClient(build_package_app(folder, hashes)) as client:
        assert client.post("/predict", json=_GOOD).status_code == 401
        assert client.post("/predict", json=_GOOD, headers={"X-API-Key": "wrong"}).status_code == 401
        for headers in ({"X-API-Key": "secret"}, {"Authorization": "Bearer secret"}):
            assert client.post("/predict", json=_GOOD, headers=headers).status_code == 200
        assert client.get("/health/ready").status_code == 200


def test_a_damaged_package_is_not_served(tmp_path: Path) -> None:
    """The command ends with what is wrong."""
    tiny.write(tmp_path / "package")
    (tmp_path / "package" / "extra.txt").write_text("mine")
    with pytest.raises(SystemExit, match=r"extra\.txt"):
        main([str(tmp_path / "package")])


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """The package, served by another process that has only the folder."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "ml_lifecycle.serving.package", str(folder), "--port", str(port)]
    variables = {**os.environ, "ML_LIFECYCLE_HOME": str(folder.parent / "none")}
    with subprocess.Popen(command, cwd=folder.parent, env=variables, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/health/ready", timeout=5, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"the server is not ready, its process has ended with {process.poll()}")


def test_another_process_answers_over_http(address: str, folder: Path) -> None:
    """One row, the package's own limit, and which package it is; without a state folder."""
    with httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
        said = client.post("/predict", json=_GOOD)
        assert said.status_code == 200
        assert said.json()["prediction"] in {"yes", "no"}
        assert client.post("/predict", json=[_GOOD] * 4).status_code == 413
        assert client.get("/version").json()["package_digest"] == load_package(folder).manifest.digest
    assert not (folder.parent / "none").exists()
