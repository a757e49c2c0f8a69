"""Drift in the history: can a model tell the older half of the training rows from the newer one?

A classifier two-sample test (Lopez-Paz and Oquab 2017). Drift column by column is the audit's; drift in production is
judged in the room `monitoring`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TRAIN
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.inference.quick_intervals import jackknife_interval
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.features.matrix import build_features
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import Goal, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples, build_samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.modeling.training import count_threads, fit_model

_ROUNDS = 40
#: Blocks of each half. Every other one is learnt from: rows side by side in time look alike without any drift.
_BLOCKS = 4
_LEAST_ROWS = 200
#: Rank correlation with time from which a column is a clock: it cannot but move.
_CLOCK = 0.85


def tell_halves_apart(rows: pd.DataFrame, target: Target, project: ProjectConfig) -> Interval | None:
    """The area under the curve of a model that tells older from newer rows: 0.5 without drift, 1 where all differ.

    It sees the features, without those that run with the clock, and the target.

    Args:
        rows: Training rows.
        target: The target.
        project: Names the event time.

    Returns:
        The value with its interval; None where no event time is named, or rows are too few.
    """
    when = project.dataset.event_time
    if when is None or len(rows) < _LEAST_ROWS:
        return None
    ordered = rows.loc[rows[when].notna()].sort_values(when, kind="stable", ignore_index=True)
    assignment = pd.DataFrame({ROW_ID: ordered[ROW_ID], SPLIT: TRAIN})
    features = build_features(ordered, assignment, project)
    samples = build_samples(ordered, features, assignment, TRAIN, target=target)
    halves = replace(samples, matrix=_with_target(_without_clocks(samples.matrix), samples.y), weight=None)
    return _judge(halves, project)


def _judge(ordered: Samples, project: ProjectConfig) -> Interval:
    count = len(ordered)
    newer = (np.arange(count) >= count / 2).astype(np.float64)
    odd = (np.arange(count) * 2 * _BLOCKS // count) % 2 == 1
    labelled = replace(ordered, y=newer)
    goal = Goal(Kind.BINARY, classes=2, seed=project.modeling.seed, threads=count_threads(project.modeling.threads))
    predictions = np.empty(count)
    for judged in (odd, ~odd):
        train, valid = labelled.take(~judged), labelled.take(judged)
        model = fit_model(get_family("lightgbm"), train, None, {"num_leaves": 8}, goal=goal, rounds=Rounds(_ROUNDS))
        predictions[judged] = model.model.predict_matrix(valid.matrix)
    metric = METRICS["roc_auc"]
    # Each model is judged on its own rows: the levels of two models need not agree.
    found = [jackknife_interval(metric, newer[side], predictions[side]) for side in (odd, ~odd)]
    return Interval(*(float(np.mean([getattr(item, end) for item in found])) for end in ("value", "low", "high")))


def _without_clocks(matrix: FeatureMatrix) -> FeatureMatrix:
    place = np.arange(len(matrix.values))
    kept = [
        name
        for number, name in enumerate(matrix.names)
        if number in matrix.categorical or not _is_clock(matrix.values[:, number], place)  # noqa: PD011 - same
    ]
    return matrix.select(kept)


def _is_clock(values: np.ndarray, place: np.ndarray) -> bool:
    known = np.isfinite(values)
    if known.sum() < _LEAST_ROWS or np.ptp(values[known]) == 0:
        return False
    return abs(float(stats.spearmanr(values[known], place[known]).statistic)) >= _CLOCK


def _with_target(matrix: FeatureMatrix, y: np.ndarray) -> FeatureMatrix:
    values = np.column_stack([matrix.values, y.astype(np.float32)])  # noqa: PD011 - a field of FeatureMatrix
    return FeatureMatrix(np.ascontiguousarray(values), (*matrix.names, "_target"), matrix.categorical)
