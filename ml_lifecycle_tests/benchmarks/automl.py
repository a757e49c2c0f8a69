"""Our search against FLAML, AutoGluon restricted to LightGBM, and a plain Optuna loop, at equal time on the same rows.

    python -m ml_lifecycle_tests.benchmarks.automl --seconds 30 --seeds 3 [--tables adult,bank] [--rivals flaml=PYTHON]
    python -m ml_lifecycle_tests.benchmarks.automl --plain --seconds 60 --seeds 5

One contestant after the other, each on all cores this process may use, who begins changes with the seed. Rivals run in
interpreters of their own, named as `flaml=/path/to/python`; what they need for importing is not counted, what we need
for features is. Rivals get training and validation rows together and divide them as they like; we choose by the latter
and then fit the chosen model on both. Ours is a contest of families, whose two best are mixed where that surely gains.
Open tables are looked for in ML_LIFECYCLE_TEST_DATA. The metric is that of the test rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.config.modeling import EnsembleConfig, ModelingConfig, SearchConfig
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.metrics import METRICS, Metric
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.modeling.ensemble import build_ensemble
from ml_lifecycle.modeling.estimators import Goal, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Choice
from ml_lifecycle.modeling.training import count_threads, refit_with
from ml_lifecycle.modeling.tuning import tune
from ml_lifecycle_tests.benchmarks.automl_tables import MAKERS, TARGET, Table, make_table

#: Share of our time that the search may take; the rest is for fitting its models again with the validation rows.
SEARCH_SHARE = 0.6
_RIVAL = Path(__file__).with_name("automl_rival.py")


class Attempt(NamedTuple):
    """What a contestant reached on the test rows, and in which time."""

    value: float
    seconds: float


Contestant = Callable[[Table, float, int], Attempt]


def main() -> None:
    """Print each attempt, then the means side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", default=",".join(MAKERS))
    parser.add_argument("--rivals", nargs="*", default=[], help="flaml=PYTHON autogluon=PYTHON")
    parser.add_argument("--plain", action="store_true", help="also a plain Optuna loop without pruning")
    parser.add_argument("--ours-seconds", type=float, nargs="*", help="our budgets, where they differ from the rivals'")
    chosen = parser.parse_args()
    contestants: dict[str, tuple[Contestant, float]] = {
        f"ours {budget:g} s": (_ours, budget) for budget in chosen.ours_seconds or [chosen.seconds]
    }
    if chosen.plain:
        contestants[f"plain TPE {chosen.seconds:g} s"] = (_plain, chosen.seconds)
    for rival in chosen.rivals:
        name, _, python = rival.partition("=")
        contestants[f"{name} {chosen.seconds:g} s"] = (_rival(name, python or sys.executable), chosen.seconds)
    for name in chosen.tables.split(","):
        _compare(make_table(name), contestants, chosen.seeds)


def _compare(table: Table, contestants: dict[str, tuple[Contestant, float]], seeds: int) -> None:
    found: dict[str, list[Attempt]] = {name: [] for name in contestants}
    for seed in range(seeds):
        order = list(contestants)
        for name in order if seed % 2 == 0 else reversed(order):
            contestant, seconds = contestants[name]
            attempt = contestant(table, seconds, seed)
            found[name].append(attempt)
            print(f"{table.name:<15} seed {seed}  {name:<20} {attempt.value:.5f}  {attempt.seconds:6.1f} s", flush=True)
    better = "higher" if METRICS[table.metric].greater_is_better else "lower"
    for name, attempts in found.items():
        values = [attempt.value for attempt in attempts]
        spread = statistics.stdev(values) if len(values) > 1 else float("nan")
        spent = statistics.mean(attempt.seconds for attempt in attempts)
        print(
            f"{table.name:<15} {table.metric} ({better} is better)  {name:<20} mean {statistics.mean(values):.5f} "
            f"+-{spread:.5f}  {spent:6.1f} s",
            flush=True,
        )


def _ours(table: Table, seconds: float, seed: int) -> Attempt:
    began = time.monotonic()
    extractor, train, valid = _samples(table)
    left = seconds - (time.monotonic() - began)
    search = SearchConfig(trials=10_000, seconds=left * SEARCH_SHARE)
    ensemble = EnsembleConfig(method="greedy", candidates=4, members=3)
    config = ModelingConfig(family="auto", search=search, ensemble=ensemble, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        result = tune(
            train,
            valid,
            kind=table.kind,
            classes=_classes(table),
            config=config,
            score=METRICS[table.metric],
            storage=Path(folder),
            study_name=table.name,
        )
    made = build_ensemble(
        train, valid, result, config=config, score=METRICS[table.metric], is_better=partial(_gains, table)
    )
    model = refit_with(made.model, train, valid)
    spent = time.monotonic() - began
    rows = table.test.drop(columns=TARGET)
    return Attempt(_value(table, model.predict_matrix(extractor.transform(rows))), spent)


def _gains(table: Table, y: Any, together: Any, alone: Any, query: Any) -> tuple[bool, dict[str, float]]:
    found = paired_bootstrap(METRICS[table.metric], y, together, alone, query=query, resamples=200)
    return found.p_value < EnsembleConfig().alpha, {}


def _plain(table: Table, seconds: float, seed: int) -> Attempt:
    """Trial after trial by TPE on all rows, each to its end, with early stopping; the best one's model is the model."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    began = time.monotonic()
    extractor, train, valid = _samples(table)
    metric, family = METRICS[table.metric], get_family("lightgbm")
    goal = Goal(table.kind, _classes(table), seed=seed, threads=count_threads(None))
    prepared = family.prepare(train, valid, goal, {})
    models: dict[int, Any] = {}

    def objective(trial: Any) -> float:
        chosen = {
            name: trial.suggest_categorical(name, domain.options)
            if isinstance(domain, Choice)
            else trial.suggest_int(name, int(domain.low), int(domain.high), log=domain.log)
            if domain.integer
            else trial.suggest_float(name, domain.low, domain.high, log=domain.log)
            for name, domain in family.space(len(train), goal).items()
        }
        filled = {**family.default_parameters(len(train), goal), **chosen}
        fit = family.fit(prepared, filled, Rounds(1000, family.patience, metric, began + seconds))
        models[trial.number] = fit.model
        return float(fit.score)

    direction = "maximize" if metric.greater_is_better else "minimize"
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, timeout=seconds - (time.monotonic() - began))
    spent = time.monotonic() - began
    rows = table.test.drop(columns=TARGET)
    return Attempt(_value(table, models[study.best_trial.number].predict_matrix(extractor.transform(rows))), spent)


def _rival(name: str, python: str) -> Contestant:
    def attempt(table: Table, seconds: float, seed: int) -> Attempt:
        with tempfile.TemporaryDirectory() as where:
            folder = Path(where)
            pd.concat([table.train, table.valid], ignore_index=True).to_parquet(folder / "train.parquet")
            table.test.to_parquet(folder / "test.parquet")
            (folder / "job.json").write_text(json.dumps({"kind": str(table.kind), "metric": table.metric}))
            command = [python, str(_RIVAL), name, str(folder), str(seconds), str(seed)]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stderr[-2000:], file=sys.stderr)
                return Attempt(float("nan"), float("nan"))
            spent = json.loads((folder / "done.json").read_text())["seconds"]
            return Attempt(_value(table, np.load(folder / "predictions.npy")), spent)

    return attempt


def _samples(table: Table) -> tuple[FeatureExtractor, Samples, Samples]:
    columns = [str(name) for name in table.train.columns if name != TARGET]
    extractor = FeatureExtractor.fit(table.train, FeaturesConfig(), columns=columns, event_time=None)
    parts = []
    for rows in (table.train, table.valid):
        ids = np.arange(len(rows)) + (0 if rows is table.train else len(table.train))
        frame = rows.drop(columns=TARGET).assign(**{ROW_ID: ids})
        parts.append(Samples(extractor.transform(frame), rows[TARGET].to_numpy(), ids))
    return extractor, *parts  # type: ignore[return-value]


def _classes(table: Table) -> int:
    return 0 if table.kind is Kind.REGRESSION else int(table.train[TARGET].max()) + 1


def _value(table: Table, predictions: np.ndarray) -> float:
    metric: Metric = METRICS[table.metric]
    return metric(table.test[TARGET].to_numpy(), predictions)


if __name__ == "__main__":
    main()
