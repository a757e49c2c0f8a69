"""Fitting and scoring all baselines of a problem; which there are lives in `menu`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from math import nan
from typing import TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.baselines.menu import offer_baselines
from ml_lifecycle.modeling.baselines.record import BaselineModel, Baselines, predict_with
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.estimators.base import check_learnable
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.score import Score, is_better
from ml_lifecycle.modeling.target import Target

#: From truth, predictions and query to both ends of the score's interval. It is handed in, as the score is.
Interval: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray | None], tuple[float, float]]

_NO_DELAY = timedelta(0)


def fit_baselines(
    train: Samples,
    valid: Samples,
    *,
    kind: Kind,
    target: Target,
    score: Score,
    seed: int = 0,
    threads: int = 1,
    label_delay: timedelta | np.timedelta64 = _NO_DELAY,
    entity: pd.Series | None = None,
    interval: Interval | None = None,
) -> Baselines:
    """Fit all baselines that fit the problem, and score them.

    Args:
        train: Training rows.
        valid: Rows to score on.
        kind: The kind of problem.
        target: The target, for its number of classes.
        score: The project's metric.
        seed: Seed of chance, caps and solvers.
        threads: Threads of fitting.
        label_delay: How long after a row's time its label is known; persistence may not know it before.
        entity: What a row is about, by `_row_id`: persistence also goes by it, and rankings by its popularity.
        interval: Computes the interval of a score.

    Raises:
        ModelError: Nothing can be learnt from the training rows, no baseline can be scored, or a row has no entity.
    """
    goal = Goal(kind, classes=len(target.classes), seed=seed, threads=threads)
    check_learnable(train, goal)
    models: dict[str, BaselineModel] = {}
    rows = []
    for name, offer in offer_baselines(train, valid, goal, label_delay=label_delay, entity=entity).items():
        began = time.perf_counter()
        models[name] = offer.make()
        predictions = predict_with(models[name], valid, entity)
        value = float(score(valid.y, predictions, valid.query))
        seconds = time.perf_counter() - began
        low, high = interval(valid.y, predictions, valid.query) if interval else (nan, nan)
        rows.append((name, value, low, high, seconds, offer.description))
    table = pd.DataFrame(rows, columns=["baseline", "score", "low", "high", "seconds", "description"])
    return _choose(table, models, score)


def _choose(table: pd.DataFrame, models: Mapping[str, BaselineModel], score: Score) -> Baselines:
    ordered = table.sort_values("score", ascending=not score.greater_is_better, na_position="last", kind="stable")
    ordered = ordered.reset_index(drop=True)
    if not is_better(score, float(ordered["score"].to_numpy()[0]), nan):
        raise ModelError(
            "no baseline can be scored on the validation rows",
            expected=f"a value of {score.name}",
            got="NaN for every baseline",
            advice="see that the validation split has enough rows and more than one class",
        )
    ordered["best"] = ordered.index == 0
    ordered["rank"] = ordered.index
    return Baselines(ordered, score.name, models[str(ordered["baseline"].iloc[0])])
