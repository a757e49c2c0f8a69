"""Small learnable problems for the tests of modeling, and plain scores: real ones live in `evaluation/metrics`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.samples import Samples

KINDS = tuple(Kind)


@dataclass(frozen=True)
class PlainScore:
    """A score made of a function."""

    name: str
    greater_is_better: bool
    function: Callable[[np.ndarray, np.ndarray], float]

    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        """Score predictions; queries do not matter here."""
        del query
        return self.function(y, predictions)


def _log_loss(y: np.ndarray, p: np.ndarray) -> float:
    of_truth = p[np.arange(len(y)), y.astype(int)] if p.ndim > 1 else np.where(y == 1, p, 1 - p)
    return float(-np.log(np.clip(of_truth, 1e-9, 1)).mean())


def _rmse(y: np.ndarray, p: np.ndarray) -> float:
    return float(np.sqrt(((y - p) ** 2).mean()))


def _correlation(y: np.ndarray, p: np.ndarray) -> float:
    return float(np.corrcoef(y, p)[0, 1]) if p.std() > 0 else 0.0


LOG_LOSS = PlainScore("log_loss", greater_is_better=False, function=_log_loss)
RMSE = PlainScore("rmse", greater_is_better=False, function=_rmse)
CORRELATION = PlainScore("correlation", greater_is_better=True, function=_correlation)
SCORES = {Kind.BINARY: LOG_LOSS, Kind.MULTICLASS: LOG_LOSS, Kind.REGRESSION: RMSE, Kind.RANKING: CORRELATION}


def make_goal(kind: Kind, seed: int = 0) -> Goal:
    """The goal of a problem of `make_samples`."""
    return Goal(kind, {Kind.BINARY: 2, Kind.MULTICLASS: 3}.get(kind, 0), seed=seed, threads=1)


def make_samples(kind: Kind, rows: int = 300, seed: int = 0, *, timed: bool = False) -> Samples:
    """Rows whose target follows from two numbers and a category; one feature is noise, some cells are missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 4)).astype(np.float32)
    values[:, 2] = rng.integers(0, 4, size=rows)
    signal = values[:, 0] + 0.5 * values[:, 1] + (values[:, 2] == 1) + rng.normal(scale=0.3, size=rows)
    y = {
        Kind.BINARY: (signal > 0).astype(np.int64),
        Kind.MULTICLASS: np.digitize(signal, [-0.5, 0.8]).astype(np.int64),
        Kind.REGRESSION: signal.astype(np.float64),
        Kind.RANKING: np.digitize(signal, [-0.5, 0.8]).astype(np.float64),
    }[kind]
    values[::17, 1] = np.nan
    values[::19, 2] = np.nan
    matrix = FeatureMatrix(values, ("age", "in come", "city:x", "noise"), (2,))
    return Samples(
        matrix,
        y,
        np.arange(rows, dtype=np.int64),
        query=np.arange(rows) // 10 if kind is Kind.RANKING else None,
        time=np.datetime64("2026-01-01") + np.arange(rows).astype("timedelta64[h]") if timed else None,
    )
