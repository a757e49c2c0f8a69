"""Features by how much worse a model gets on rows it has not seen when their values are shuffled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.base import Scores, add_probes, pick_probes, sample_rows
from ml_lifecycle.features.scorers.boosting import fit_quickly
from ml_lifecycle.features.scorers.information import lift_by_information
from ml_lifecycle.features.values import FeatureMatrix

_ROWS = 30_000
_HELD_OUT = 3  # one row in so many
_REPEATS = 3
_TINY = 1e-12
_LEAST_SPREAD = 1e-9


def score_by_permutation(
    matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None
) -> Scores:
    """Score by the mean increase of the loss on held-out rows when a column is shuffled (Breiman, 2001).

    The loss is the log loss for classes and the squared error otherwise. Chance is twenty columns that were shuffled
    before the model was fitted; what the held-out rows leave uncertain is added to their spread, so that a feature the
    model used once by chance does not stand out from probes that it never used. A feature that falls short is also
    tried alone. Held out are whole groups.
    """
    rng = np.random.default_rng(seed)
    probes = pick_probes(matrix, rng)
    rows = sample_rows(y, kind, _ROWS, rng, groups)
    probed = add_probes(matrix.take(rows), probes, rng)
    unit = np.arange(len(rows)) if groups is None else np.unique(groups[rows], return_inverse=True)[1]
    kept_out = (rng.permutation(int(unit.max()) + 1) % _HELD_OUT == 0)[unit]
    learnt = ~kept_out if not kept_out.all() else kept_out  # a single row or group cannot be parted
    target = y[rows]
    fitted = Kind.REGRESSION if kind is Kind.RANKING else kind
    booster = fit_quickly(probed.take(learnt), target[learnt], fitted, seed, None)
    used = np.flatnonzero(booster.feature_importance("split"))
    loss = _losses(fitted, target[kept_out])
    held = probed.take(kept_out)
    found, error = _increases(lambda values: loss(booster.predict(values, num_threads=1)), held, used, rng)
    width = len(matrix.names)
    noise = found[width:]
    spread = np.sqrt(noise.var() + error[:width] ** 2)
    distance = (found[:width] - noise.mean()) / np.maximum(spread, _LEAST_SPREAD)
    return lift_by_information(Scores(found[:width], distance), matrix, y, kind, seed=seed, groups=groups)


def _increases(
    loss: Callable[[np.ndarray], np.ndarray], held: FeatureMatrix, used: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mean increase of the loss per column and its standard error; 0 for columns that the model does not use."""
    values = held.values.copy()
    before = loss(values)
    found, error = np.zeros((2, values.shape[1]))
    for index in used:
        column = values[:, index].copy()
        gained = np.zeros(len(values))
        for _ in range(_REPEATS):
            values[:, index] = rng.permutation(column)
            gained += (loss(values) - before) / _REPEATS
        values[:, index] = column
        found[index], error[index] = gained.mean(), gained.std() / np.sqrt(len(gained))
    return found, error


def _losses(kind: Kind, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The loss of each row, given what a booster predicts."""
    if kind is Kind.BINARY:
        return lambda made: -np.log(np.maximum(np.where(y == 1, made, 1 - made), _TINY))
    if kind is Kind.MULTICLASS:
        codes = y.astype(np.intp)
        place = np.arange(len(codes))
        # A rare class may be among the held-out rows alone: the model gives it no chance.
        return lambda made: (
            -np.log(
                np.maximum(np.where(codes < made.shape[1], made[place, np.minimum(codes, made.shape[1] - 1)], 0), _TINY)
            )
        )
    scale = max(float(np.var(y)), _TINY)
    return lambda made: (made - y) ** 2 / scale
