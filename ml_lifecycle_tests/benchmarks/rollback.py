"""A rollback under constant load: how long it takes, when the server follows, whether a request fails; and the ledger.

Run it with

    OMP_NUM_THREADS=1 python -m ml_lifecycle_tests.benchmarks.rollback [--clients 4] [--times 6] [--lines 2000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests
import sqlalchemy as sa

from ml_lifecycle.release.database import Database
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.registry import CHAMPION, Registry
from ml_lifecycle.release.rollback import roll_back
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import ChampionProvider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny

_ROW = {"income": 40.0, "age": 30, "city": "Riga"}


@dataclass
class Load:
    """What clients were answered.

    Args:
        address: Of the server.
        seen: When which version answered.
        failed: What went wrong.
    """

    address: str
    seen: list[tuple[float, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """Ask one row after the other until it has ended."""
        with requests.Session() as session:
            while not self.ended.is_set():
                answer = session.post(f"{self.address}/predict", json={"rows": [_ROW]}, timeout=10)
                if answer.status_code == requests.codes.ok:
                    self.seen.append((time.perf_counter(), str(answer.json()["model_version"])))
                else:
                    self.failed.append(f"{answer.status_code}: {answer.text[:200]}")

    def followed(self, since: float, version: str) -> float:
        """Seconds until a version answered."""
        until = time.perf_counter() + 30
        while time.perf_counter() < until:
            found = next((at for at, seen in list(self.seen) if at > since and seen == version), None)
            if found is not None:
                return found - since
            time.sleep(0.01)
        msg = f"version {version} never answered"
        raise TimeoutError(msg)


def measure_rollback(folder: Path, *, clients: int, times: int) -> None:
    """Roll back and forth under load."""
    uri = tiny.mlflow_folder(folder, folder / "mlflow")
    registry, run_id = Registry(uri), tiny.begin_run(uri, folder / "artifacts")
    versions = []
    ledger = Ledger(f"sqlite:///{folder / 'service.db'}")
    for seed in range(2):
        manifest = tiny.write(folder / f"package{seed}", seed=seed)
        versions.append(registry.register("tiny", folder / f"package{seed}", run_id=run_id))
        ledger.append("tiny", versions[-1], "candidate", by="benchmark", evidence={"digest": manifest.digest})
        ledger.append("tiny", versions[-1], "champion", by="benchmark")
    registry.set_alias("tiny", CHAMPION, versions[-1])
    log = PredictionLog(ledger.url)
    provider = ChampionProvider("tiny", registry=registry, ledger=ledger, log=log)
    took, followed = [], []
    with serve_in_thread(build_app(tiny.project(folder), provider, log)) as address:
        load = Load(address)
        threads = [threading.Thread(target=load.ask, daemon=True) for _ in range(clients)]
        for thread in threads:
            thread.start()
        load.followed(0, versions[-1])
        for number in range(times):
            target = versions[number % 2]
            began = time.perf_counter()
            roll_back("tiny", registry=registry, ledger=ledger, by="benchmark", to=target)
            took.append(time.perf_counter() - began)
            followed.append(load.followed(began + took[-1], target))
            time.sleep(0.3)
        load.ended.set()
        for thread in threads:
            thread.join()
    print(f"rollbacks: {times}, each {statistics.median(took):.3f} s (at most {max(took):.3f} s)")
    print(f"the server followed after {statistics.median(followed):.2f} s (at most {max(followed):.2f} s)")
    print(f"requests: {len(load.seen):,} answered, {len(load.failed)} failed {load.failed[:3]}")


def measure_ledger(folder: Path, lines: int) -> None:
    """What the hashes cost, and what asking for the champion costs in a long history."""
    ledger = Ledger(f"sqlite:///{folder / 'long.db'}")
    chained = _each(lines, lambda number: ledger.append("p", str(number), "candidate", by="r", evidence={"n": number}))
    tables = sa.MetaData()
    plain = sa.Table("plain", tables, sa.Column("id", sa.Integer(), primary_key=True), sa.Column("said", sa.Text()))
    database = Database(ledger.url, tables)

    def insert(number: int) -> None:
        with database.begin() as connection:
            connection.execute(sa.insert(plain), {"said": str(number)})

    bare = _each(lines, insert)
    asked = _each(50, lambda _: ledger.champion("p"))
    began = time.perf_counter()
    found = ledger.verify()
    verified = time.perf_counter() - began
    print(f"a line: {chained * 1e3:.2f} ms, a bare insert {bare * 1e3:.2f} ms, {chained / bare:.1f} times")
    print(
        f"champion of {lines:,} lines: {asked * 1e3:.2f} ms; all of them verified ({found.intact}) in {verified:.2f} s"
    )


def _each(times: int, what: object) -> float:
    spent = []
    for number in range(times):
        began = time.perf_counter()
        what(number)  # type: ignore[operator]
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--times", type=int, default=6)
    parser.add_argument("--lines", type=int, default=2000)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_rollback(Path(folder), clients=said.clients, times=said.times)
        measure_ledger(Path(folder), said.lines)


if __name__ == "__main__":
    main()
