"""Small problems of the baselines' tests, and a short way to fit all baselines on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.baselines import Baselines, fit_baselines
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle_tests.modeling.problems import SCORES, make_samples

_TASKS = {Kind.REGRESSION: Task.REGRESSION, Kind.RANKING: Task.RANKING}


def fit(kind: Kind, train: Samples | None = None, *, timed: bool = False, **options: Any) -> Baselines:
    """Fit the baselines of a small problem."""
    return fit_baselines(
        train or make_samples(kind, timed=timed),
        make_samples(kind, 100, seed=1, timed=timed),
        kind=kind,
        target=make_target(kind),
        score=SCORES[kind],
        **options,
    )


def make_target(kind: Kind) -> Target:
    """The target of a small problem."""
    positive = 1 if kind is Kind.BINARY else None
    task = _TASKS.get(kind, Task.CLASSIFICATION)
    return Target.fit(pd.Series(make_samples(kind).y), task, name="y", positive_class=positive)


def on_days(days: Sequence[float], y: Sequence[float], first_row: int = 0) -> Samples:
    """Rows with these targets at midnight of these days, and a feature that is noise; NaN is a missing time."""
    given = np.asarray(days, dtype=np.float64)
    time = np.datetime64("2026-01-01", "ns") + (np.nan_to_num(given) * 24).astype("timedelta64[h]")
    time[np.isnan(given)] = np.datetime64("NaT")
    return Samples(
        FeatureMatrix(np.random.default_rng(first_row).normal(size=(len(given), 1)).astype(np.float32), ("noise",)),
        np.asarray(y),
        np.arange(first_row, first_row + len(given), dtype=np.int64),
        time=time,
    )
