"""Features by what each says about the target when looked at alone."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.base import CLEAR_DISTANCE, Scores, distance_from, sample_rows
from ml_lifecycle.features.values import FeatureMatrix

_ROWS = 20_000
_SHUFFLES = 10
_BINS = 16


def score_by_information(
    matrix: FeatureMatrix,
    y: np.ndarray,
    kind: Kind,
    seed: int,
    groups: np.ndarray | None,  # noqa: ARG001 - the scorers are called alike
) -> Scores:
    """Score by mutual information, in nats, between the binned feature and the (binned) target.

    Chance is what ten shufflings of the same column reach.
    """
    rng = np.random.default_rng(seed)
    rows = sample_rows(y, kind, _ROWS, rng, None)
    target = bin_evenly(y[rows]) if kind in (Kind.REGRESSION, Kind.RANKING) else y[rows]
    shuffles = [rng.permutation(len(rows)) for _ in range(_SHUFFLES)]
    found, distance = np.empty((2, len(matrix.names)))
    for index in range(len(matrix.names)):
        column = matrix.values[rows, index]
        codes = np.unique(column, return_inverse=True)[1] if index in matrix.categorical else bin_evenly(column)
        found[index] = mutual_information(codes, target)
        noise = np.array([mutual_information(codes[order], target) for order in shuffles])
        distance[index] = distance_from(found[index : index + 1], noise)[0]
    return Scores(found, distance)


def lift_by_information(
    scores: Scores, matrix: FeatureMatrix, y: np.ndarray, kind: Kind, *, seed: int, groups: np.ndarray | None
) -> Scores:
    """Give a feature that falls short in company the distance it has alone, where that is no chance.

    A model shares its weight among features that say the same, so that each of them may seem to say nothing.
    """
    weak = np.flatnonzero(scores.distance <= CLEAR_DISTANCE)
    alone = score_by_information(matrix.select([matrix.names[index] for index in weak]), y, kind, seed, groups).distance
    distance = scores.distance.copy()
    distance[weak] = np.where(alone > CLEAR_DISTANCE, alone, distance[weak])
    return Scores(scores.found, distance)


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information of two columns of codes from 0, in nats; the plug-in estimate (Cover and Thomas, ch. 2).

    It is scikit-learn's `mutual_info_score` without its checks, which cost thirty times as much.
    """
    joint = np.bincount(a * (int(b.max()) + 1) + b, minlength=(int(a.max()) + 1) * (int(b.max()) + 1))
    share = joint.reshape(int(a.max()) + 1, -1) / len(a)
    expected = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    some = share > 0
    return max(0.0, float((share[some] * np.log(share[some] / expected[some])).sum()))


def bin_evenly(values: np.ndarray) -> np.ndarray:
    """Bins of equal counts of rows and of distinct values, so that neither a skewed nor a mostly-zero column collapses.

    Missing values have a bin of their own.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    inner = np.linspace(0, 1, _BINS // 2 + 1)[1:-1]
    edges = np.unique(np.concatenate([np.quantile(known, inner), np.quantile(np.unique(known), inner)]))
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right")).astype(np.int64)
