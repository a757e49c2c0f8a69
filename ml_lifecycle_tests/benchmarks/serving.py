"""Requests a second of our scoring server beside others, the same 300-tree, 30-feature LightGBM model in all of them.

    python -m ml_lifecycle_tests.benchmarks.serving [--seconds 10] [--rounds 3] [--mlserver PYTHON] [--only ours,echo]

One server process each: ours (validation, routing and durable log on), FastAPI that gives the parsed body back (echo),
`mlflow models serve` (with signature), and MLServer where an interpreter is named that has `mlserver` and
`mlserver-lightgbm` (they need another environment than ours). They are started one after another, asked by wrk
(Debian's package) over 16 connections, in turns over several rounds, so that a busy machine disturbs all alike; the
median of the rounds counts. The targets stand beside the ratios. `cpu` is the time that the server's processes have
computed for a request: on a machine that others use, it says more than the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, identify
from ml_lifecycle.dataset.schema import infer_schema

FEATURES, TREES, LEAVES, TRAINED_ON = 30, 300, 31, 20_000
CONNECTIONS = 16
_START_SECONDS = 180
_TARGETS = {
    ("one row", "mlflow"): 25.0,
    ("one row", "mlserver"): 3.0,
    ("one row", "echo"): 0.5,
    ("1,000 rows", "mlflow"): 3.0,
}


@dataclass(frozen=True)
class Rival:
    """A server: how it is started, and for each size of request where it is asked and what it is sent."""

    name: str
    command: Sequence[str]
    asked: dict[str, tuple[str, Any]]
    ready: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Figures:
    """What wrk says."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    errors: int


def main() -> None:
    """Print requests a second, latencies and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mlserver", help="an interpreter that has mlserver and mlserver-lightgbm")
    parser.add_argument("--only", default="ours,echo,mlflow,mlserver")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _make_model(root)
        rivals = [one for one in _rivals(root, chosen.mlserver) if one.name in chosen.only.split(",")]
        measured: dict[tuple[str, str], list[Figures]] = {}
        for _ in range(chosen.rounds):
            for rival in rivals:
                with _served(rival, root) as (address, group):
                    for size, (path, body) in rival.asked.items():
                        measured.setdefault((size, rival.name), []).append(
                            _load(address + path, body, root, chosen.seconds, group=group)
                        )
    _tell(measured)


def _tell(measured: dict[tuple[str, str], list[Figures]]) -> None:
    medians = {key: statistics.median(one.per_second for one in rounds) for key, rounds in measured.items()}
    for (size, name), rounds in sorted(measured.items()):
        p50, p99, cpu = (
            statistics.median(getattr(one, field) for one in rounds) for field in ("p50_ms", "p99_ms", "cpu_ms")
        )
        errors = sum(one.errors for one in rounds)
        print(
            f"{size:10} {name:9} {medians[size, name]:9.1f}/s  p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  "
            f"cpu {cpu:7.3f} ms  {errors} errors"
        )
    for (size, name), per_second in sorted(medians.items()):
        if name != "ours" and (size, "ours") in medians:
            target = _TARGETS.get((size, name))
            wanted = "" if target is None else f" (target: at least {target:g})"
            print(f"{size:10} ours / {name}: {medians[size, 'ours'] / per_second:.2f}{wanted}")


def project(root: Path) -> ProjectConfig:
    """The project whose model is served."""
    return build_project(
        {
            "brief": {
                "problem": "Which one?",
                "task": "classification",
                "target": "y",
                "success_criteria": {"log_loss": "<= 0.9"},
            },
            "dataset": {"sources": [{"path": "rows.csv"}], "id": "id", "entity": "who"},
        },
        name="speed",
        folder=root,
        root=root,
    )


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    """An id, an entity, thirty numbers, a label."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, FEATURES)).round(4)
    signal_ = numbers[:, :6].sum(axis=1) + numbers[:, 0] * numbers[:, 1] + random.normal(size=rows)
    frame = pd.DataFrame(numbers, columns=[f"x{number}" for number in range(FEATURES)])
    frame.insert(0, "id", [f"r{number}" for number in range(rows)])
    frame.insert(1, "who", [f"w{number % 97}" for number in range(rows)])
    return frame.assign(y=np.where(signal_ > 0, "yes", "no"))


def _make_model(root: Path) -> None:
    from ml_lifecycle.features.matrix import build_features
    from ml_lifecycle.modeling.estimators import Goal, Rounds, get_family
    from ml_lifecycle.modeling.predictor import Predictor
    from ml_lifecycle.modeling.samples import build_samples
    from ml_lifecycle.modeling.target import Target
    from ml_lifecycle.modeling.training import fit_model
    from ml_lifecycle.release.package_writing import write_package

    config, rows = project(root), table(TRAINED_ON)
    frame = identify(rows, "id")
    every = pd.DataFrame({ROW_ID: frame[ROW_ID], SPLIT: "train"})
    features = build_features(frame, every, config)
    target = Target.fit(frame["y"], config.brief.task, name="y")
    samples = build_samples(frame, features, every, "train", target=target, names=None, group=None, event_time=None)
    goal = Goal(Kind.BINARY, classes=2, seed=0, threads=os.cpu_count() or 1)
    fit = fit_model(get_family("lightgbm"), samples, None, {"num_leaves": LEAVES}, goal=goal, rounds=Rounds(most=TREES))
    write_package(
        root / "package",
        project="speed",
        predictor=Predictor.build(features.extractor, fit.model, target),
        schema=infer_schema(rows, target="y", task=config.brief.task, open_columns=["id", "who"]),
        reference=b'{"format": 1}',
        example=rows.head(5),
        lineage={"raw_data": "r1"},
        metrics={"log_loss": 0.4},
    )
    text = fit.model.to_files()["model.txt"].decode()
    (root / "model.txt").write_text(text)
    (root / "names.json").write_text(json.dumps(list(fit.model.facts.names)))
    _log_for_mlflow(root, text, rows[list(fit.model.facts.names)])


def _log_for_mlflow(root: Path, text: str, rows: pd.DataFrame) -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import lightgbm as lgb
    import mlflow.lightgbm
    from mlflow.models import infer_signature

    booster = lgb.Booster(model_str=text)
    signature = infer_signature(rows.head(50), booster.predict(rows.head(50)))
    mlflow.lightgbm.save_model(booster, str(root / "mlflow"), signature=signature)


def _rivals(root: Path, mlserver: str | None) -> list[Rival]:
    rows = table(1_000, seed=9).drop(columns="y")
    records = rows.to_dict("records")
    names = json.loads((root / "names.json").read_text())
    split = rows[names].to_dict("split")
    del split["index"]
    one_split = {"columns": split["columns"], "data": split["data"][:1]}
    frames = {"one row": ("/invocations", {"dataframe_split": one_split})}
    frames["1,000 rows"] = ("/invocations", {"dataframe_split": split})
    own = {"one row": ("/predict", records[0]), "1,000 rows": frames["1,000 rows"]}
    own["1,000 as records"] = ("/predict", {"rows": records})
    echoed = {size: ("/predict", body) for size, (_, body) in own.items()}
    python, here = sys.executable, "ml_lifecycle_tests.benchmarks.serving_rivals"
    found = [
        Rival("ours", [python, "-m", here, "ours", str(root)], own, "/health/ready", {}),
        Rival("echo", [python, "-m", here, "echo", str(root)], echoed, "/ready", {}),
        Rival(
            "mlflow",
            [python, "-m", "mlflow", "models", "serve", "-m", str(root / "mlflow"), "--env-manager", "local"],
            frames,
            "/ping",
            {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"},
        ),
    ]
    if mlserver is not None:
        found.append(_mlserver(root, mlserver, rows[names].to_numpy()))
    return found


def _mlserver(root: Path, python: str, values: np.ndarray) -> Rival:
    folder = root / "mlserver"
    folder.mkdir(exist_ok=True)
    shutil.copy(root / "model.txt", folder / "model.bst")
    settings = {
        "name": "speed",
        "implementation": "mlserver_lightgbm.LightGBMModel",
        "parameters": {"uri": "./model.bst", "version": "v1"},
    }
    (folder / "model-settings.json").write_text(json.dumps(settings))
    bodies = {
        size: (
            "/v2/models/speed/infer",
            {
                "inputs": [
                    {
                        "name": "input-0",
                        "shape": [count, FEATURES],
                        "datatype": "FP64",
                        "data": values[:count].ravel().tolist(),
                    }
                ]
            },
        )
        for size, count in (("one row", 1), ("1,000 rows", 1_000))
    }
    command = [python, "-c", "from mlserver.cli import main; main()", "start", str(folder)]
    return Rival("mlserver", command, bodies, "/v2/models/speed/ready", {})


@contextmanager
def _served(rival: Rival, root: Path) -> Iterator[tuple[str, int]]:
    """A running server: its address, and the group of its processes."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command, environment = [*rival.command], {**os.environ, **rival.environment, "OMP_NUM_THREADS": "2"}
    if rival.name == "mlserver":
        settings = {"http_port": port, "grpc_port": port + 1, "metrics_port": port + 2, "parallel_workers": 0}
        (root / "mlserver" / "settings.json").write_text(json.dumps({**settings, "host": "127.0.0.1"}))
    else:
        command += ["--port", str(port)]
    with (root / f"{rival.name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            _wait(f"http://127.0.0.1:{port}{rival.ready}", process, root / f"{rival.name}.log")
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"{address} did not come up:\n{log.read_text()[-2000:]}")
        try:
            if httpx.get(address, trust_env=False, timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    sys.exit(f"{address} did not come up in {_START_SECONDS} s:\n{log.read_text()[-2000:]}")


def _load(address: str, body: object, root: Path, seconds: int, *, group: int) -> Figures:
    text = json.dumps(body).replace("\\", "\\\\").replace("'", "\\'")
    script = root / "load.lua"
    script.write_text(f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = '{text}'\n")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", "--timeout", "30s", "--latency", "-s", str(script), address]
    subprocess.run([*command[:1], "-d3", *command[1:]], check=True, capture_output=True)  # warm up
    httpx.post(address, json=body, trust_env=False, timeout=60)  # what the warm-up left behind is done now
    used = _cpu_seconds(group)
    said = subprocess.run(
        [*command[:1], f"-d{seconds}", *command[1:]], check=True, capture_output=True, text=True
    ).stdout
    used = _cpu_seconds(group) - used
    requests = int(_found(r"(\d+) requests in", said))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    return Figures(
        float(_found(r"Requests/sec:\s+([\d.]+)", said)),
        _milliseconds(_found(r"50%\s+(\S+)", said)),
        _milliseconds(_found(r"99%\s+(\S+)", said)),
        used / max(1, requests) * 1000,
        (int(bad.group(1)) if bad else 0) + (sum(map(int, lost.groups())) if lost else 0),
    )


def _cpu_seconds(group: int) -> float:
    """What the processes of a group have computed so far: a figure that a busy machine moves less than the clock."""
    ticks = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            fields = place.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"wrk did not say what was asked for:\n{text}")
    return match.group(1)


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float("nan")


if __name__ == "__main__":
    main()
