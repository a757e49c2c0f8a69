"""A private PostgreSQL server for tests: in a temporary folder, on a free port of loopback, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "p@ss/w:rd#1"  # noqa: S105 - of a server that lives for one test; what has a meaning in a URL is on purpose
_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Cluster:
    """A running server.

    Args:
        port: On 127.0.0.1.
        user: The superuser; its password is `PASSWORD`.
    """

    port: int
    user: str = "tester"

    def url(self, variable: str) -> str:
        """A SQLAlchemy URL whose password is a reference to an environment variable."""
        return f"postgresql://{self.user}:${{{variable}}}@127.0.0.1:{self.port}/postgres"

    def execute(self, *statements: str) -> None:
        """Run SQL, one transaction for all."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=self.user, password=PASSWORD, dbname="postgres"
        ) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """Start a server and stop it; the test is skipped where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("no initdb in PATH or below /usr/lib/postgresql: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="ml-pg-"))
    account = _account()
    try:
        (folder / "password").write_text(PASSWORD)
        if account:
            for path in (folder, folder / "password"):
                os.chown(path, account.pw_uid, account.pw_gid)
        port = _free_port()
        data = folder / "data"
        _run(account, programs / "initdb", "-D", data, "-U", Cluster.user, "-A", "scram-sha-256", "--no-sync",
             f"--pwfile={folder / 'password'}", "-E", "UTF8", "--locale=C")  # fmt: skip
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(account, programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        try:
            yield Cluster(port)
        finally:
            _run(account, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no other account")


def _run(account: pwd.struct_passwd | None, *command: Any) -> None:
    # to a file's end and not to a pipe: the server keeps what it inherits open
    rights = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        check=False,
        **rights,
    )
    if done.returncode:
        pytest.fail(f"{command[0]} failed with {done.returncode}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
