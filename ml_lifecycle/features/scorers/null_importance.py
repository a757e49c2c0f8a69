"""Features by their gain, against the gain of the same feature when the target is shuffled."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.base import Scores, distance_from, sample_rows
from ml_lifecycle.features.scorers.boosting import gains_of
from ml_lifecycle.features.scorers.information import lift_by_information
from ml_lifecycle.features.values import FeatureMatrix

_ROWS = 20_000
_SHUFFLES = 20


def score_by_null_importance(
    matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None
) -> Scores:
    """Score by gain, against twenty gains of the same feature under shuffled targets (Altmann et al., 2010).

    It answers for each feature by itself how much gain its own shape (many categories, many values) draws without any
    effect. A feature that falls short is also tried alone. Relevances are shuffled within their query.
    """
    rng = np.random.default_rng(seed)
    rows = sample_rows(y, kind, _ROWS, rng, groups)
    sampled, target = matrix.take(rows), y[rows]
    queries = None if groups is None else groups[rows]
    found = gains_of(sampled, target, kind, seed, queries)
    noise = np.array(
        [gains_of(sampled, _shuffle(target, queries, rng), kind, seed + turn, queries) for turn in range(_SHUFFLES)]
    )
    distance = [distance_from(found[[index]], noise[:, index])[0] for index in range(len(found))]
    scores = Scores(found, np.array(distance))
    return lift_by_information(scores, matrix, y, kind, seed=seed, groups=groups)


def _shuffle(y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Shuffle all targets, or each query's among its rows; rows of a query are in one piece."""
    if groups is None:
        return rng.permutation(y)
    return y[np.lexsort((rng.random(len(y)), groups))]
