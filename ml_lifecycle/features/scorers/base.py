"""What every scorer shares: the form of its answer, the rows it looks at, and how far a score lies from chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.values import FeatureMatrix

#: So far above the shuffled columns, a score is no chance: with twenty of them it happens once in ten thousand times.
CLEAR_DISTANCE = 5.0

_PROBES = 20
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Scores:
    """The score of each feature, and how far it lies from what chance gives.

    Args:
        found: The scores, shape (f,).
        distance: Distance from the mean score of chance in its standard deviations, shape (f,).
    """

    found: np.ndarray
    distance: np.ndarray


#: Scores features: matrix, encoded targets, kind, seed, query codes (ranking).
Scorer: TypeAlias = Callable[[FeatureMatrix, np.ndarray, Kind, int, "np.ndarray | None"], Scores]


def distance_from(found: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Distance from the mean of the noise in its standard deviations; a rounding error above constant noise is none."""
    spread = max(float(noise.std()), _ROUNDING * max(1.0, float(np.abs(noise).max())))
    return np.asarray((found - noise.mean()) / spread)


def distance_from_probes(scores: np.ndarray, matrix: FeatureMatrix, probes: np.ndarray) -> np.ndarray:
    """Distance of each feature from the probes of its own sort, number or category.

    A column of many categories scores more by chance than a column of numbers.

    Args:
        scores: Scores of the features, then of the probes, shape (f + p,).
        matrix: The features.
        probes: The column each probe is a shuffling of, shape (p,).
    """
    width = len(matrix.names)
    is_code = np.isin(np.arange(width), matrix.categorical)
    distance = np.zeros(width)
    for flag in (True, False):
        noise = scores[width:][is_code[probes] == flag]
        if len(noise):
            distance[is_code == flag] = distance_from(scores[:width][is_code == flag], noise)
    return distance


def pick_probes(matrix: FeatureMatrix, rng: np.random.Generator) -> np.ndarray:
    """Columns whose shufflings stand for chance, as many numbers as categories; shape (20,)."""
    codes = np.array(matrix.categorical, dtype=np.intp)
    numbers = np.setdiff1d(np.arange(len(matrix.names)), codes)
    kinds = [columns for columns in (numbers, codes) if len(columns)]
    each = _PROBES // len(kinds)
    # A narrow table repeats its columns: one shuffling alone would be a poor measure of chance.
    return np.concatenate([rng.choice(columns, each, replace=len(columns) < each) for columns in kinds])


def add_probes(matrix: FeatureMatrix, probes: np.ndarray, rng: np.random.Generator) -> FeatureMatrix:
    """The features with their probes after them, each shuffled by itself."""
    values = matrix.values
    shuffled = np.column_stack([rng.permutation(values[:, probe]) for probe in probes])
    width = len(matrix.names)
    codes = (*matrix.categorical, *(width + np.flatnonzero(np.isin(probes, matrix.categorical))).tolist())
    names = (*matrix.names, *(f"probe {number}" for number in range(len(probes))))
    return FeatureMatrix(np.ascontiguousarray(np.hstack([values, shuffled])), names, codes)


def sample_rows(
    y: np.ndarray, kind: Kind, most: int, rng: np.random.Generator, groups: np.ndarray | None
) -> np.ndarray:
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
