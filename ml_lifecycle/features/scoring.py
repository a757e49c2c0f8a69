"""How much each feature says about the target, and how much noise of the same shape says: the scores behind selection.

What is kept and why is decided in `selection`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.values import FeatureMatrix

#: So far above the shuffled columns, a score is no chance: with twenty of them it happens once in ten thousand times.
CLEAR_DISTANCE = 5.0

_GAIN_ROWS = 50_000
_INFORMATION_ROWS = 20_000
_TREES = 100
_LEAST_ROUNDS = 8  # however many classes share the trees
_PROBES = 20
_SHUFFLES = 10
_BINS = 16
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Scores:
    """The score of each feature, and how far it lies from what chance gives.

    Args:
        found: The scores, shape (f,).
        distance: Distance from the mean score of shuffled columns in their standard deviations, shape (f,).
    """

    found: np.ndarray
    distance: np.ndarray


#: Scores features: matrix, encoded targets, kind, seed, query codes (ranking).
Scorer: TypeAlias = Callable[[FeatureMatrix, np.ndarray, Kind, int, "np.ndarray | None"], Scores]


def score_by_gain(matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None) -> Scores:
    """Score by the total gain of the splits in a quick LightGBM, against columns of shuffled values.

    The probes are the shadow features of Kursa and Rudnicki (2010, the Boruta method), at most 20 instead of one a
    feature; number columns are compared with number probes and category columns with category probes, since a column of
    many categories gains more by chance. Gain is shared among features that say the same, so one that falls short is
    also tried alone, by its mutual information; the larger distance counts.
    """
    rng = np.random.default_rng(seed)
    probes = _pick_probes(matrix, rng)
    gains = _gain(matrix, y, kind, probes, rng=rng, seed=seed, groups=groups)
    width = len(matrix.names)
    is_code = np.isin(np.arange(width), matrix.categorical)
    distance = np.zeros(width)
    for flag in (True, False):
        noise = gains[width:][is_code[probes] == flag]
        if len(noise):
            distance[is_code == flag] = _distance(gains[:width][is_code == flag], noise)
    weak = np.flatnonzero(distance <= CLEAR_DISTANCE)
    alone = score_by_information(matrix.select([matrix.names[index] for index in weak]), y, kind, seed, groups)
    distance[weak] = np.maximum(distance[weak], alone.distance)
    return Scores(gains[:width], distance)


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
    rows = _sample(y, kind, _INFORMATION_ROWS, rng, None)
    target = _bin(y[rows]) if kind in (Kind.REGRESSION, Kind.RANKING) else y[rows]
    shuffles = [rng.permutation(len(rows)) for _ in range(_SHUFFLES)]
    found, distance = np.empty((2, len(matrix.names)))
    for index in range(len(matrix.names)):
        column = matrix.values[rows, index]
        codes = _dense(column) if index in matrix.categorical else _bin(column)
        found[index] = mutual_information(codes, target)
        noise = np.array([mutual_information(codes[order], target) for order in shuffles])
        distance[index] = _distance(found[index : index + 1], noise)[0]
    return Scores(found, distance)


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information of two columns of codes from 0, in nats; the plug-in estimate (Cover and Thomas, ch. 2).

    It is scikit-learn's `mutual_info_score` without its checks, which cost thirty times as much.
    """
    joint = np.bincount(a * (int(b.max()) + 1) + b, minlength=(int(a.max()) + 1) * (int(b.max()) + 1))
    share = joint.reshape(int(a.max()) + 1, -1) / len(a)
    expected = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    some = share > 0
    return max(0.0, float((share[some] * np.log(share[some] / expected[some])).sum()))


SCORERS: Mapping[str, Scorer] = {"gain": score_by_gain, "mutual_info": score_by_information}


def _sample(y: np.ndarray, kind: Kind, most: int, rng: np.random.Generator, groups: np.ndarray | None) -> np.ndarray:
    """Pick about `most` rows: whole groups where given, each in one piece; rare classes rather than frequent ones."""
    if groups is not None:
        return _sample_groups(groups, most, rng)
    if len(y) <= most:
        return np.arange(len(y))
    if kind not in (Kind.BINARY, Kind.MULTICLASS):
        return np.sort(rng.choice(len(y), most, replace=False))
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    # Each class is sure of an even part; what rare ones leave of it goes to the others in proportion.
    sure = np.minimum(counts, most // len(counts))
    left = (counts - sure) / max(1, int((counts - sure).sum())) * (most - int(sure.sum()))
    order = rng.permutation(len(y))
    rank = np.empty(len(y), dtype=np.int64)
    for code, count in enumerate(counts):
        rank[order[codes[order] == code]] = np.arange(count)
    return np.flatnonzero(rank < (sure + left.astype(np.int64))[codes])


def _sample_groups(groups: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    codes, counts = np.unique(groups, return_counts=True)
    order = rng.permutation(len(codes))
    # The first group is always taken, however large.
    taken = order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), most, side="right")))]
    picked = np.flatnonzero(np.isin(groups, codes[taken]))
    return picked[np.argsort(groups[picked], kind="stable")]


def _gain(
    matrix: FeatureMatrix,
    y: np.ndarray,
    kind: Kind,
    probes: np.ndarray,
    *,
    rng: np.random.Generator,
    seed: int,
    groups: np.ndarray | None,
) -> np.ndarray:
    """Total gain of the features, then of the shuffled probes; shape (f + probes,)."""
    import lightgbm

    rows = _sample(y, kind, _GAIN_ROWS, rng, groups)
    values, target = matrix.values[rows], y[rows]
    shuffled = np.column_stack([rng.permutation(values[:, probe]) for probe in probes])
    codes = [*matrix.categorical, *(len(matrix.names) + np.flatnonzero(np.isin(probes, matrix.categorical))).tolist()]
    parameters = _parameters(kind, target, seed, ranked=groups is not None)
    dataset = lightgbm.Dataset(
        np.hstack([values, shuffled]),
        label=target,
        group=None if groups is None else np.unique(groups[rows], return_counts=True)[1],
        categorical_feature=codes,
        params=parameters,
    )
    rounds = max(_LEAST_ROUNDS, _TREES // int(parameters.get("num_class", 1)))
    booster = lightgbm.train(parameters, dataset, num_boost_round=rounds)
    return np.asarray(booster.feature_importance("gain"), dtype=np.float64)


def _distance(found: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Distance from the mean of the noise in its standard deviations; a rounding error above constant noise is none."""
    spread = max(float(noise.std()), _ROUNDING * max(1.0, float(np.abs(noise).max())))
    return np.asarray((found - noise.mean()) / spread)


def _pick_probes(matrix: FeatureMatrix, rng: np.random.Generator) -> np.ndarray:
    codes = np.array(matrix.categorical, dtype=np.intp)
    numbers = np.setdiff1d(np.arange(len(matrix.names)), codes)
    kinds = [columns for columns in (numbers, codes) if len(columns)]
    each = _PROBES // len(kinds)
    # A narrow table repeats its columns: one shuffling alone would be a poor measure of chance.
    return np.concatenate([rng.choice(columns, each, replace=len(columns) < each) for columns in kinds])


def _parameters(kind: Kind, y: np.ndarray, seed: int, *, ranked: bool) -> dict[str, Any]:
    objective: dict[str, Any] = {"objective": "regression"}
    if kind is Kind.BINARY:
        objective = {"objective": "binary"}
    elif kind is Kind.MULTICLASS:
        objective = {"objective": "multiclass", "num_class": int(y.max()) + 1}
    elif kind is Kind.RANKING and ranked and _are_grades(y):
        objective = {"objective": "lambdarank"}
    return objective | {
        "learning_rate": 0.1,
        "num_leaves": 15,
        "max_bin": 63,
        "min_data_in_leaf": max(5, min(50, len(y) // 20)),
        "min_sum_hessian_in_leaf": 1.0,
        "max_delta_step": 1.0,  # rare classes would else make leaves, and gains, without bound
        # Each tree sees half of the columns, so that a feature is scored although a stronger one says the same.
        "feature_fraction": 0.5,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,  # seconds at most, and threads fight on a busy machine
        "verbosity": -1,
    }


def _are_grades(y: np.ndarray) -> bool:
    most = 30  # LightGBM's lambdarank knows the gains of grades 0 to 30
    return bool((y >= 0).all() and (y <= most).all() and (y == np.floor(y)).all())


def _dense(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1]


def _bin(values: np.ndarray) -> np.ndarray:
    """Bins of equal counts of rows and of distinct values, so that neither a skewed nor a mostly-zero column collapses.

    Missing values have a bin of their own.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    inner = np.linspace(0, 1, _BINS // 2 + 1)[1:-1]
    edges = np.unique(np.concatenate([np.quantile(known, inner), np.quantile(np.unique(known), inner)]))
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right")).astype(np.int64)
