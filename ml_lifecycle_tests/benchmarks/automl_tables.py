"""The tables that searches are compared on: open data where their folder is named, and two generated ones.

Each is split once, by time where it has one, else by chance; every contestant gets the same rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind

TARGET = "target"
_FRACTIONS = (0.7, 0.85)


@dataclass(frozen=True, slots=True)
class Table:
    """One problem: rows in three parts, each with the column `target`.

    Args:
        name: What it is called.
        kind: The kind of problem.
        metric: What is compared, by our name of it.
        train: Rows to learn from.
        valid: Rows to choose by.
        test: Rows that are predicted in the end.
    """

    name: str
    kind: Kind
    metric: str
    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame


def make_table(name: str) -> Table:
    """One table by its name."""
    return MAKERS[name]()


def _folder() -> Path:
    return Path(os.environ.get("ML_LIFECYCLE_TEST_DATA", "."))


def _split(name: str, kind: Kind, metric: str, rows: pd.DataFrame, *, in_order: bool) -> Table:
    order = np.arange(len(rows)) if in_order else np.random.default_rng(0).permutation(len(rows))
    first, second = (int(len(rows) * share) for share in _FRACTIONS)
    train, valid, test = (rows.iloc[part].reset_index(drop=True) for part in np.split(order, [first, second]))
    return Table(name, kind, metric, train, valid, test)


def _adult() -> Table:
    rows = pd.read_csv(_folder() / "adult.csv.gz", na_values="?", skipinitialspace=True)
    rows[TARGET] = rows.pop("income").str.contains(">50K").astype(int)
    return _split("adult", Kind.BINARY, "roc_auc", rows, in_order=False)


def _bank() -> Table:
    rows = pd.read_csv(_folder() / "bank_additional_full.csv.gz", sep=";").drop(columns="duration")
    rows[TARGET] = (rows.pop("y") == "yes").astype(int)
    return _split("bank", Kind.BINARY, "roc_auc", rows, in_order=False)


def _bike() -> Table:
    rows = pd.read_csv(_folder() / "bike_sharing_hour.csv").drop(columns=["instant", "casual", "registered", "dteday"])
    rows[TARGET] = rows.pop("cnt").astype(float)
    return _split("bike", Kind.REGRESSION, "rmse", rows, in_order=True)


def _kddcup99() -> Table:
    rows = pd.read_parquet(_folder() / "kddcup99_10pct.parquet")
    labels = rows.pop("label")
    labels = labels.map(lambda value: value.decode() if isinstance(value, bytes) else str(value))
    kept = labels.map(labels.value_counts()) >= 100
    rows = rows.loc[kept].reset_index(drop=True)
    rows[TARGET] = pd.factorize(labels[kept], sort=True)[0]
    return _split("kddcup99", Kind.MULTICLASS, "log_loss", rows, in_order=False)


def _flights() -> Table:
    rows = pd.read_parquet(_folder() / "nycflights13_flights.parquet").dropna(subset=["arr_delay", "dep_time"])
    late = (rows["arr_delay"] > 15).astype(int)
    rows = rows.drop(columns=["year", "dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"])
    rows[TARGET] = late
    return _split("flights", Kind.BINARY, "roc_auc", rows, in_order=False)


def _generated(rows: int) -> Table:
    """Thirty mixed columns; the outcome depends on interactions, steps, categories of unequal size, and chance."""
    rng = np.random.default_rng(rows)
    numbers = rng.normal(size=(rows, 20))
    numbers[:, 5:10] = np.exp(numbers[:, 5:10])
    codes = {f"c{i}": rng.zipf(1.6, rows) % (4 + 9 * i) for i in range(8)}
    effects = {name: rng.normal(size=int(code.max()) + 1) for name, code in codes.items()}
    x = numbers
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + (x[:, 3] > 0.5) * x[:, 4] + 0.3 * np.log(x[:, 5])
    score += 0.5 * np.abs(x[:, 10] - x[:, 11]) + sum(0.6 * effects[name][codes[name]] for name in ("c0", "c3", "c6"))
    frame = pd.DataFrame(numbers.astype(np.float32), columns=[f"x{i}" for i in range(20)])
    frame = frame.mask(rng.random(frame.shape) < 0.03)
    for name, code in codes.items():
        frame[name] = [f"v{value}" for value in code]
    frame["flag"], frame["noise"] = rng.integers(0, 2, rows), rng.random(rows)
    chance = 1 / (1 + np.exp(-(score - np.median(score)) * 1.2))
    frame[TARGET] = (rng.random(rows) < chance).astype(int)
    return _split(f"generated_{rows // 1000}k", Kind.BINARY, "roc_auc", frame, in_order=False)


MAKERS: dict[str, Callable[[], Table]] = {
    "adult": _adult,
    "bank": _bank,
    "bike": _bike,
    "kddcup99": _kddcup99,
    "flights": _flights,
    "generated_50k": lambda: _generated(50_000),
    "generated_500k": lambda: _generated(500_000),
}
