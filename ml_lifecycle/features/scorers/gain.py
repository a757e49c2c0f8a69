"""Features by the gain of their splits, against columns of shuffled values."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.base import (
    CLEAR_DISTANCE,
    Scores,
    add_probes,
    distance_from_probes,
    pick_probes,
    sample_rows,
)
from ml_lifecycle.features.scorers.boosting import gains_of
from ml_lifecycle.features.scorers.information import score_by_information
from ml_lifecycle.features.values import FeatureMatrix

_ROWS = 50_000


def score_by_gain(matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None) -> Scores:
    """Score by the total gain of the splits in a quick LightGBM, against columns of shuffled values.

    The probes are the shadow features of Kursa and Rudnicki (2010, the Boruta method), at most 20 instead of one a
    feature. Gain is shared among features that say the same, so one that falls short is also tried alone, by its mutual
    information; the larger distance counts.
    """
    rng = np.random.default_rng(seed)
    probes = pick_probes(matrix, rng)
    rows = sample_rows(y, kind, _ROWS, rng, groups)
    probed = add_probes(matrix.take(rows), probes, rng)
    gains = gains_of(probed, y[rows], kind, seed, None if groups is None else groups[rows])
    distance = distance_from_probes(gains, matrix, probes)
    weak = np.flatnonzero(distance <= CLEAR_DISTANCE)
    alone = score_by_information(matrix.select([matrix.names[index] for index in weak]), y, kind, seed, groups)
    distance[weak] = np.maximum(distance[weak], alone.distance)
    return Scores(gains[: len(matrix.names)], distance)
