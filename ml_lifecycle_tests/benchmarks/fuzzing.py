"""Mixed good and bad requests at the scoring server: is there a 500, a leak of memory, or a prediction not in the log?

    python -m ml_lifecycle_tests.benchmarks.fuzzing [--requests 100000] [--schemathesis 0.1]

One server process with validation, routing and the durable log. A share of the requests is made by schemathesis from
the server's own OpenAPI document, valid and invalid ones; the others are valid bodies of all protocols, and what a
fuzzer makes of them: cells of other types, absent columns, other paths, methods and media, broken JSON, deep nests,
flipped bytes, connections that end in the middle. Printed are the answers by status, the server's memory after a fifth
and at the end, and how many predictions were acknowledged and kept.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle_tests.release import tiny

_CALLERS = 8
_SERVER = """
import sys
from pathlib import Path
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import run_server
from ml_lifecycle_tests.release import tiny

home = Path(sys.argv[1])
provider = FixedProvider(load_package(home / "package"), "1")
app = build_app(tiny.project(home, serving={"max_rows": 2000}), provider, PredictionLog(sys.argv[2]))
run_server(app, host="127.0.0.1", port=int(sys.argv[3]))
"""
_ROW = {"id": "x1", "applied": "2026-02-03T04:05:06Z", "customer": "c1", "income": 40.5, "age": 30, "city": "Riga"}
_ODD: tuple[Any, ...] = (
    *(None, "", "NaN", "Infinity", "Mars", 0, -1, 1e308, -1e308, 2**63, 2**200, 1e-320, True, [], {}, [[1]], {"a": 1}),
    *("\x00", "\ud7ff", "Ω" * 300, "2026-13-45", "9" * 400, "'; DROP TABLE predictions; --", "<script>"),
)


@dataclass
class Findings:
    """What a run has shown.

    Args:
        statuses: Answers by status; 0 for none.
        acknowledged: Predictions that an answer named or held.
        uncertain: Predictions that may have been made for a caller who did not wait for the answer.
        kept: Predictions in the log at the end.
        memory_mb: Resident memory of the server over the run, in MB, by requests.
        broken: The first requests that were answered with 500 or more.
        seconds: How long it took.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: int = 0
    uncertain: int = 0
    kept: int = 0
    memory_mb: list[tuple[int, float]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def errors(self) -> int:
        """Answers that say the server is to blame, and requests that got none although they were whole."""
        return sum(count for status, count in self.statuses.items() if status >= 500 or status == 0)

    @property
    def growth_mb(self) -> float:
        """Memory that has been added after the first fifth."""
        total = self.memory_mb[-1][0]
        settled = next(memory for asked, memory in self.memory_mb if asked >= total / 5)
        return self.memory_mb[-1][1] - settled


def main() -> None:
    """Print what a run has shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--schemathesis", type=float, default=0.1, help="share of the requests that it makes")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(Path(folder), chosen.requests, share=chosen.schemathesis, seed=chosen.seed)
    print(f"{sum(found.statuses.values()):,} requests in {found.seconds:.0f} s: {dict(sorted(found.statuses.items()))}")
    print(f"errors of the server: {found.errors}; first: {found.broken[:3]}")
    print(
        f"memory: {' '.join(f'{memory:.0f}' for _, memory in found.memory_mb)} MB; after a fifth {found.growth_mb:+.1f}"
    )
    print(f"predictions acknowledged {found.acknowledged:,}, kept {found.kept:,}, unheard at most {found.uncertain:,}")


def fuzz(folder: Path, requests: int, *, share: float, seed: int = 0) -> Findings:
    """Send so many requests to a server of its own, and look at it meanwhile and afterwards."""
    tiny.package(folder / "package")
    url = f"sqlite:///{folder / 'service.db'}"
    found, began = Findings(), time.monotonic()
    with _server(folder, url) as (address, process):
        told = _Teller(found, process.pid)
        made = _by_schemathesis(address, int(requests * share), told, seed)
        each, rest = divmod(requests - made, _CALLERS)
        callers = [
            threading.Thread(target=_call, args=(address, each + (number < rest), seed * 1000 + number, told))
            for number in range(_CALLERS)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        found.memory_mb.append((sum(found.statuses.values()), _memory_mb(process.pid)))
        found.kept = PredictionLog(url).count("tiny")
    found.seconds = time.monotonic() - began
    return found


class _Teller:
    """Counts answers of several threads."""

    def __init__(self, found: Findings, pid: int) -> None:
        self._found = found
        self._pid = pid
        self._lock = threading.Lock()

    def tell(self, asked: str, status: int, body: bytes, *, path: str) -> None:
        """One answer."""
        rows = _acknowledged(path, status, body)
        with self._lock:
            self._found.statuses[status] += 1
            self._found.acknowledged += rows
            if status >= 500 or status == 0:
                self._found.broken.append(f"{asked} -> {status} {body[:200]!r}")
            total = sum(self._found.statuses.values())
            if total % 5_000 == 0 or total == 100:
                self._found.memory_mb.append((total, _memory_mb(self._pid)))

    def leave(self, rows: int) -> None:
        """A caller went away without an answer."""
        with self._lock:
            self._found.statuses[-1] += 1
            self._found.uncertain += rows


def _acknowledged(path: str, status: int, body: bytes) -> int:
    """How many predictions an answer holds."""
    if status != 200 or not (path.endswith("/infer") or path in {"/predict", "/invocations"}):
        return 0
    said = orjson.loads(body)
    if path.endswith("/infer"):
        names = [one["data"] for one in said["outputs"] if one["name"] == "prediction_id"]
        if names:
            return sum(name is not None and name != "" for name in names[0])
        errors = [one["data"] for one in said["outputs"] if one["name"] == "error"]
        rows = max(one["shape"][0] for one in said["outputs"]) if said["outputs"] else 0
        return rows - sum(bool(error) for error in errors[0]) if errors else rows
    if "predictions" not in said:
        return int("prediction_id" in said)
    return sum(one is not None and "errors" not in one for one in said["predictions"])


def _by_schemathesis(address: str, requests: int, told: _Teller, seed: int) -> int:
    """Let schemathesis make requests from the server's own document; how many it made."""
    if requests == 0:
        return 0
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from schemathesis import GenerationMode

    document = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [one.ok() for one in document.get_all_operations()]
    wanted = [one for one in operations if one.method.upper() == "POST"] * 4 + operations
    each, made = max(1, requests // (2 * len(wanted))), 0
    for place, operation in enumerate(wanted):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @seeded(seed + place)
            @settings(
                max_examples=each,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                nonlocal made
                answer = case.call()
                made += 1
                told.tell(case.as_curl_command()[:300], answer.status_code, answer.content, path=case.formatted_path)

            try:
                ask()
            except Exception as error:  # no request of this kind can be made of the document
                if "Unsatisfiable" not in type(error).__name__ and "negat" not in str(error).lower():
                    raise
    return made


def _call(address: str, requests: int, seed: int, told: _Teller) -> None:
    """One caller: a connection that is kept as long as the server keeps it."""
    chance = random.Random(seed)  # noqa: S311 - requests that are the same each time
    host = urlsplit(address).netloc
    connection = http.client.HTTPConnection(host, timeout=60)
    for _ in range(requests):
        method, path, headers, body, rows = _request(chance)
        try:
            if chance.random() < 0.01:
                _leave_early(host, method, path, body)
                told.leave(rows)
                continue
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            told.tell(f"{method} {path} {headers} {body[:200]!r}", answer.status, answer.read(), path=path)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            connection = http.client.HTTPConnection(host, timeout=60)
            if (
                isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError)
                and len(body) > 10**6
            ):
                told.leave(0)  # too large a body is not read to its end
            else:
                told.tell(f"{method} {path} {headers} {body[:200]!r}", 0, repr(error).encode(), path=path)
    connection.close()


def _leave_early(host: str, method: str, path: str, body: bytes) -> None:
    """Send a request and go without waiting, sometimes in the middle of the body."""
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.putrequest(method, path)
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()
    connection.send(body[: len(body) // 2] if len(body) % 2 else body)
    connection.close()


_Request = tuple[str, str, dict[str, str], bytes, int]


def _request(chance: random.Random) -> _Request:
    """A request of any protocol, good in half of the cases."""
    rows = [_row(chance) for _ in range(chance.choice([1, 1, 1, 2, 5, 20, 80, 300 if chance.random() < 0.1 else 1]))]
    path, body = chance.choice(_FORMS)(rows, chance)
    raw, headers, method = json.dumps(body).encode(), {"Content-Type": "application/json"}, "POST"
    if chance.random() < 0.5:
        return method, path, headers, raw, len(rows)
    spoil = chance.randrange(8)
    if spoil == 0:
        raw = _flip(raw, chance)
    elif spoil == 1:
        raw = raw[: chance.randrange(len(raw) + 1)]
    elif spoil == 2:
        headers = {"Content-Type": chance.choice(["text/csv", "text/plain", "", "application/x-www-form-urlencoded"])}
    elif spoil == 3:
        method = chance.choice(["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
    elif spoil == 4:
        path = chance.choice(
            [
                "/",
                "/nothing",
                "/v2/models/none/infer",
                "/predict/",
                "/metrics",
                "/version",
                "/v2",
                "/%00",
                "/docs",
                "/" + "a" * 5000,
            ]
        )
        method = chance.choice(["GET", "POST"])
    elif spoil == 5:
        raw = b"[" * chance.randrange(1, 3000) + b"]" * chance.randrange(3000)
    elif spoil == 6:
        raw = b"id,income,age,city,applied,customer\n" + b"\n".join(
            chance.choice([b"a,1,2,Riga,2026-01-01,c", b",,,,,", b'"', b"a,b"]) for _ in rows
        )
        path, headers = "/invocations", {"Content-Type": "text/csv"}
    else:
        raw = (
            json.dumps(_spoil(body, chance)).encode() if chance.random() < 0.9 else b"{" + raw * chance.randrange(1, 4)
        )
    return method, path, headers, raw, len(rows)


def _row(chance: random.Random) -> dict[str, Any]:
    row: dict[str, Any] = {
        **_ROW, "id": f"r{chance.randrange(10**9)}", "customer": f"c{chance.randrange(50)}",
        "income": chance.uniform(1, 100), "city": chance.choice(["Riga", "Rome", "Oslo"]),
    }  # fmt: skip
    if chance.random() < 0.15:
        row[chance.choice([*row])] = chance.choice(_ODD)
    if chance.random() < 0.05:
        row.pop(chance.choice([*row]))
    return row


def _as_tensors(rows: list[dict[str, Any]], _chance: random.Random) -> tuple[str, Any]:
    kinds = {"income": "FP64", "age": "INT64", "city": "BYTES", "id": "BYTES", "applied": "BYTES", "customer": "BYTES"}
    tensors = [
        {"name": name, "shape": [len(rows)], "datatype": kind, "data": [row.get(name) for row in rows]}
        for name, kind in kinds.items()
    ]
    return "/v2/models/tiny/infer", {"inputs": tensors}


def _as_split(rows: list[dict[str, Any]], _chance: random.Random) -> tuple[str, Any]:
    data = [[row.get(name) for name in _ROW] for row in rows]
    return "/invocations", {"dataframe_split": {"columns": [*_ROW], "data": data}}


def _as_feedback(rows: list[dict[str, Any]], chance: random.Random) -> tuple[str, Any]:
    told = [{"row_key": row.get("id"), "outcome": chance.choice(["yes", "no", None, 3])} for row in rows]
    return "/feedback", {"outcomes": told}


_Form = Callable[[list[dict[str, Any]], random.Random], tuple[str, Any]]
_FORMS: tuple[_Form, ...] = (
    lambda rows, _: ("/predict", rows[0]),
    lambda rows, _: ("/predict", {"rows": rows}),
    lambda rows, _: ("/predict", rows),
    lambda rows, _: ("/invocations", {"dataframe_records": rows}),
    lambda rows, _: ("/invocations", {"inputs": {name: [row.get(name) for row in rows] for name in _ROW}}),
    lambda rows, _: ("/explain", rows[0]),
    _as_split,
    _as_tensors,
    _as_feedback,
)


def _spoil(value: Any, chance: random.Random) -> Any:
    """Put something odd in one place of a body."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice([*value])
        return {**value, name: _spoil(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], _spoil(value[place], chance), *value[place + 1 :]]
    return chance.choice(_ODD)


def _flip(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randrange(1, 4)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


@contextmanager
def _server(folder: Path, url: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (folder / "server.log").open("wb") as log:
        command = [sys.executable, "-c", _SERVER, str(folder), url, str(port)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}", process, folder / "server.log")
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/health/ready", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    sys.exit(f"the server did not come up:\n{log.read_text()[-2000:]}")


def _memory_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * 4096 / 1e6


if __name__ == "__main__":
    main()
