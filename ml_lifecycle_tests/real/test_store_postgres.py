"""The online store on a private PostgreSQL cluster, made for the test and gone after it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle_tests.features.stores import NOW, fill_store, open_store

pytest.importorskip("feast")
pytest.importorskip("psycopg_pool")

pytestmark = [pytest.mark.real, pytest.mark.servers]

_PASSWORD = "it's a, secret/@:1"  # noqa: S105 - of a cluster that lives for this test
_VARIABLE = "ML_LIFECYCLE_TEST_STORE_PASSWORD"


def _find(program: str) -> str:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    found = shutil.which(program) or (str(debian[-1]) if debian else None)
    if found is None:
        pytest.skip(f"{program} is not installed (Debian: apt-get install postgresql)")
    return found


def _as_nobody(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(command)
    if shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root and there is no runuser to become another user")
    return ["runuser", "-u", "nobody", "--", *command]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The URL of the cluster, its password as a reference."""
    initdb, control = _find("initdb"), _find("pg_ctl")
    folder = Path(tempfile.mkdtemp(prefix="ml_lifecycle_pg_"))
    folder.chmod(0o777)
    secret = folder / "password"
    secret.write_text(_PASSWORD)
    secret.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = str(folder / "cluster")
    subprocess.run(
        _as_nobody(initdb, "-D", cluster, "-U", "ann", "-A", "scram-sha-256", f"--pwfile={secret}"),
        check=True,
        capture_output=True,
        cwd="/",
    )
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    subprocess.run(
        _as_nobody(control, "-D", cluster, "-o", settings, "-l", f"{folder}/log", "-w", "start"),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        yield f"postgresql://ann:${{{_VARIABLE}}}@127.0.0.1:{port}/postgres?schema=features"
    finally:
        subprocess.run(
            _as_nobody(control, "-D", cluster, "-m", "immediate", "stop"), check=True, capture_output=True, cwd="/"
        )
        shutil.rmtree(folder)


def test_values_go_through_postgresql(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applied, written, materialised and read by another store; the password is in none of its files."""
    monkeypatch.setenv(_VARIABLE, _PASSWORD)
    store = fill_store(tmp_path, online=address, created="known")
    assert store.materialize("customers_v1", NOW.to_pydatetime()).entities == 2
    other = open_store(tmp_path, online=address, created="known")
    online = other.get_online([1, 2, 9], ["customers_v1"])
    assert online["city"].tolist()[:2] == ["Rome", "Bern"]
    assert online["spent"].fillna(-1).tolist() == [3.5, -1, -1]
    lookup = other.open_lookup(["customers_v1"])
    assert lookup.get(2)["since"] == pd.Timestamp("2020-01-05")
    assert set(lookup.get(9).values()) == {None}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(_PASSWORD.encode() in path.read_bytes() for path in files)
