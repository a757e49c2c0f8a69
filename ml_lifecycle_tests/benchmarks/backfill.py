"""A backfill of monitoring windows through the real assets; the target is 50 windows of 1,000 rows a second.

    python -m ml_lifecycle_tests.benchmarks.backfill [--windows 10000] [--rows 1000] [--window "7 hours"] [--profile]

A small model is trained, the prediction log of an SQLite file is filled with rows and outcomes by the hour, and one run
makes `prediction_window`, `drift_report` and `performance_report` of all windows, as `ml-lifecycle monitor --from --to`
and Dagster's backfill do; without Evidently's pages. What each step took is read from Dagster's records, and beside it
stands the time that the same windows take one run each, by the first few.
"""

import argparse
import cProfile
import json
import os
import pstats
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.partitions import windows_between
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import execute
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.site_folder import SiteFolder

_START = datetime(2024, 1, 1)  # noqa: DTZ001 - the log's times are naive UTC
_ASSETS = ("prediction_window", "drift_report", "performance_report")
_TRAINED = 3_000
_NUMBERS, _LABELS = 8, 2


def main() -> None:
    """Print windows a second, and what each step took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--window", default="1")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--assets", nargs="*", default=list(_ASSETS))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = _site(Path(folder), chosen.window)
        project = site.project("shop")
        with site.instance() as instance:
            trained = execute(site, instance, project, "lifecycle")
            assert trained.succeeded, trained
            began = time.perf_counter()
            _fill(project, chosen.windows, chosen.rows)
            print(f"the log was filled in {time.perf_counter() - began:.0f} s", flush=True)
            windows = windows_between(project, None, None)[: chosen.windows]
            alone = _alone(site, instance, project, windows[:3], chosen.assets)
            profiler = cProfile.Profile()
            if chosen.profile:
                profiler.enable()
            began, cpu = time.perf_counter(), time.process_time()
            outcome = execute(site, instance, project, "monitor", assets=chosen.assets, partition=windows)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            profiler.disable()
            assert outcome.succeeded, outcome
            rate = len(windows) / seconds
            print(f"{len(windows):,} windows of {chosen.rows:,} rows in {seconds:.1f} s ({cpu:.1f} s of CPU): ", end="")
            print(f"{rate:.1f} windows a second; one run each: {1 / alone:.2f}; ratio {rate * alone:.0f}")
            print(f"  by CPU: {len(windows) / cpu:.1f} windows a second, {1000 * cpu / len(windows):.1f} ms a window")
            spent = _steps(instance, outcome.run_id)
            for name, took in (spent | {"records and plan": seconds - sum(spent.values())}).items():
                print(f"  {name:20} {took:7.1f} s, {1000 * took / len(windows):6.2f} ms a window")
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"  peak memory {peak:.0f} MB")
            if chosen.profile:
                pstats.Stats(profiler, stream=sys.stdout).sort_stats("cumulative").print_stats(70)


def _alone(site: Site, instance: Any, project: ProjectConfig, windows: tuple[str, ...], assets: list[str]) -> float:
    """Seconds of a window that has a run of its own; the first warms up."""
    spent = []
    for window in windows:
        began = time.perf_counter()
        assert execute(site, instance, project, "monitor", assets=assets, partition=window).succeeded
        spent.append(time.perf_counter() - began)
    return min(spent[1:] or spent)


def _steps(instance: Any, run_id: str) -> dict[str, float]:
    """Seconds of each step of a run."""
    found = instance.get_run_step_stats(run_id)
    return {item.step_key.split("__")[-1]: item.end_time - item.start_time for item in found}


def _site(folder: Path, window: str) -> Site:
    """A project with numbers and labels, hourly windows, and the smallest search."""
    os.environ["ML_LIFECYCLE_HOME"] = str(folder / "home")
    for name in ("DAGSTER_HOME", "MLFLOW_TRACKING_URI"):
        os.environ.pop(name, None)
    made = SiteFolder.make(folder / "site")
    rows = _rows(_TRAINED, seed=0)
    rows.to_csv(folder / "rows.csv", index=False)
    path = made.yaml_path("shop")
    path.parent.mkdir(parents=True)
    from ml_lifecycle.discovery.draft import draft_project, write_draft

    draft = draft_project("shop", folder / "rows.csv", target="bought", root=made.root)
    write_draft(draft, path.parent)
    made.edit(
        "shop",
        brief={"success_criteria": {"roc_auc": ">= 0.55"}},
        modeling={"search": {"trials": 2, "seconds": 5}, "max_trees": 30},
        evaluation={"bootstrap": 50},
        monitoring={
            "cadence": "hourly",
            "start": _START.isoformat(),
            "window": int(window) if window.isdigit() else window,
            "drift": {"html": "never"},
        },
    )
    sys.path.insert(0, str(made.root))
    return Site.find(made.root)


def _rows(count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"number_{place}": random.normal(size=count).round(4) for place in range(_NUMBERS)}
    columns |= {f"label_{place}": random.choice(["red", "green", "blue"], count) for place in range(_LABELS)}
    # Neither a straight line nor a small tree tells: the model must beat both to be released.
    far = sum(np.abs(columns[f"number_{place}"]) for place in range(3)) + (columns["label_0"] == "red")
    chance = 1 / (1 + np.exp(4 * (far - 2.7)))
    return pd.DataFrame(columns | {"bought": np.where(random.random(count) < chance, "yes", "no")})


def _fill(project: ProjectConfig, windows: int, rows: int) -> None:
    """Put rows and outcomes into the log: the tables' own columns, many at once, since only reading is measured."""
    workspace = Workspace(project)
    workspace.log.count(project.name)
    path = workspace.home.service_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=off")
        for first in range(0, windows, 50):
            lines, outcomes = [], []
            for number in range(first, min(first + 50, windows)):
                for line, outcome in _window(number, rows):
                    lines.append(line)
                    outcomes.append(outcome)
            connection.executemany(
                "INSERT INTO predictions (prediction_id, project, model_version, role, row_key, event_time, logged_at, "
                "inputs, prediction, score, latency_ms) VALUES (?, 'shop', '1', 'champion', ?, ?, ?, ?, ?, ?, 2.5)",
                lines,
            )
            connection.executemany(
                "INSERT INTO outcomes (project, row_key, outcome, known_at) VALUES ('shop', ?, ?, ?)", outcomes
            )


def _window(number: int, rows: int) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    frame = _rows(rows, seed=number % 97 + 1)
    inputs = frame.drop(columns="bought").to_dict("records")
    start = _START + timedelta(hours=number)
    step = timedelta(hours=1) / rows
    scores = np.random.default_rng(number).random(rows).round(6)
    for place, (row, bought) in enumerate(zip(inputs, frame["bought"], strict=True)):
        moment = (start + place * step).isoformat(" ", "microseconds")
        key = f"{number:06d}-{place:06d}"
        score = float(scores[place])
        said = json.dumps("yes" if score > 0.5 else "no")
        yield (
            (f"{key}-{'0' * 22}", key, moment, moment, orjson.dumps(row).decode(), said, repr(score)),
            (
                key,
                json.dumps(bought),
                moment,
            ),
        )


if __name__ == "__main__":
    main()
