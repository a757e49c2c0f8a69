"""Features by how long they last when the weakest are taken away again and again."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.base import Scores, add_probes, distance_from_probes, pick_probes, sample_rows
from ml_lifecycle.features.scorers.boosting import gains_of
from ml_lifecycle.features.scorers.information import lift_by_information
from ml_lifecycle.features.values import FeatureMatrix

_ROWS = 20_000
_SHARE = 0.25  # of the features that are left, taken away at once


def score_by_elimination(
    matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None
) -> Scores:
    """Score by the round in which a feature is eliminated (Guyon et al., 2002), by the gain of a quick LightGBM.

    A quarter of the features goes in each round. The score is the number of the round, and between features of one
    round their share of its gain. Chance is twenty shuffled columns that are drawn anew in each round; the distance is
    that of the round in which the feature leaves, when those that hid it by saying the same may be gone. A feature that
    falls short is also tried alone.
    """
    rng = np.random.default_rng(seed)
    rows = sample_rows(y, kind, _ROWS, rng, groups)
    sampled, target = matrix.take(rows), y[rows]
    queries = None if groups is None else groups[rows]
    left = np.arange(len(matrix.names))
    found, distance = np.zeros((2, len(matrix.names)))
    number = 0
    while len(left):
        part = sampled.select([matrix.names[index] for index in left])
        probes = pick_probes(part, rng)
        gains = gains_of(add_probes(part, probes, rng), target, kind, seed, queries)
        own = gains[: len(left)]
        found[left] = number + own / max(float(own.sum()), np.finfo(np.float64).tiny)
        distance[left] = distance_from_probes(gains, part, probes)
        gone = max(1, int(len(left) * _SHARE))
        left = np.sort(left[np.argsort(own, kind="stable")[gone:]])
        number += 1
    return lift_by_information(Scores(found, distance), matrix, y, kind, seed=seed, groups=groups)
