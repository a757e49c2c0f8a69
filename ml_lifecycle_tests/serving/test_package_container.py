"""The container file of a package, command by command in a fresh environment: images cannot be built in a test."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from ml_lifecycle_tests.release import tiny

_GOOD = {"income": 40.0, "age": 30, "city": "Riga"}


@pytest.mark.slow
def test_what_the_container_file_says_serves(tmp_path: Path) -> None:
    """It installs, starts, says that it is healthy, and answers callers with a key only."""
    folder, environment = tmp_path / "package", tmp_path / "environment"
    tiny.write(folder)
    lines = (folder / "Dockerfile").read_text().splitlines()
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables |= {"PATH": f"{environment / 'bin'}:{variables['PATH']}"}
    install = next(line.removeprefix("RUN ") for line in lines if line.startswith("RUN pip"))
    subprocess.run(install.split(), cwd=folder, env=variables, check=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    start, watch = (_command(lines, word, folder, port) for word in ("CMD", "HEALTHCHECK"))
    refused = subprocess.run(start, cwd=tmp_path, env=variables, check=False, capture_output=True, text=True)
    assert "open to the network" in refused.stderr
    keys = {"ML_LIFECYCLE_KEY_HASHES": hashlib.sha256(b"secret").hexdigest()}
    with subprocess.Popen(start, cwd=tmp_path, env={**variables, **keys}) as process:
        try:
            until = time.monotonic() + 60
            while subprocess.run(watch, env=variables, check=False, capture_output=True).returncode:
                assert time.monotonic() < until
                time.sleep(0.2)
            url = f"http://127.0.0.1:{port}/predict"
            assert httpx.post(url, json=_GOOD, trust_env=False).status_code == 401
            said = httpx.post(url, json=_GOOD, headers={"X-API-Key": "secret"}, trust_env=False)
            assert said.json()["prediction"] in {"yes", "no"}
        finally:
            process.kill()


def _command(lines: list[str], word: str, folder: Path, port: int) -> list[str]:
    line = next(line for line in lines if line.startswith(word))
    written = line[line.index("CMD") + 3 :].replace("/package", str(folder)).replace("8080", str(port))
    return list(json.loads(written))
