"""Which rows of a class lie near each other, where numbers, categories and missing values stand side by side.

SMOTE needs it; how new rows are made of neighbours is `augmentation`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.samples import Samples

#: Rows among which neighbours are sought: a larger class is divided at random, since the time grows by the square.
MOST_ROWS = 10_000
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The nearest neighbours of some rows among the rows of their class.

    Args:
        table: (n, k) positions of the neighbours of each row, the nearest first; the row itself where it is alone, -1
            for rows of other classes.
    """

    table: np.ndarray

    @classmethod
    def find(cls, samples: Samples, classes: Sequence[int], *, count: int, seed: int) -> Neighbourhood:
        """Find `count` neighbours of each row of some classes.

        The distance is SMOTENC's (Chawla et al. 2002, section 6.1): numbers are standardised over the class, a
        missing one counts as their median, and a category that differs (missing is one of them) adds the median
        of the numbers' standard deviations, which is then 1.
        """
        table = np.full((len(samples), count), _NOBODY, dtype=np.int64)
        rng = np.random.default_rng(seed)
        for label in classes:
            rows = np.flatnonzero(samples.y == label)
            for part in np.array_split(rng.permutation(rows), -(-len(rows) // MOST_ROWS)):
                pool = np.sort(part)
                table[pool] = _nearest(_space(samples.matrix, pool), pool, count)
        return cls(table)

    def usual_category(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The most frequent code among a row and its neighbours, of equally frequent ones the row's own or the least.

        Args:
            codes: (n,) codes of all rows, NaN where missing.
            rows: (m,) positions.

        Returns:
            (m,) codes, NaN where missing is the most frequent.
        """
        nearby = np.nan_to_num(codes[self.table[rows]], nan=_NOBODY).astype(np.int64)
        own = np.nan_to_num(codes[rows], nan=_NOBODY).astype(np.int64)
        votes = (nearby[:, :, None] == nearby[:, None, :]).sum(axis=2) * 2 + (nearby == own[:, None])
        best = votes.max(axis=1, keepdims=True)
        usual = np.where(votes == best, nearby, np.iinfo(np.int64).max).min(axis=1)
        return np.where(usual == _NOBODY, np.nan, usual).astype(np.float32)


class KnownNeighbours(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Neighbours that are known already, in the form in which imbalanced-learn asks for them.

    It is shown rows of the identity matrix: the column that is 1 says which row is meant.

    Args:
        table: (n, k) as in `Neighbourhood`.
    """

    def __init__(self, table: np.ndarray) -> None:
        self.table = table

    def fit(self, rows: object) -> KnownNeighbours:
        """Learn which rows are of the class; `rows` is sparse, (m, n)."""
        self.rows_ = np.asarray(rows.indices)  # type: ignore[attr-defined]
        return self

    def kneighbors(self, rows: object, *, return_distance: bool = False) -> np.ndarray:
        """Places of the neighbours within the class, after the row itself as scikit-learn gives them, (m, 1 + k)."""
        del return_distance
        found = self.table[np.asarray(rows.indices)]  # type: ignore[attr-defined]
        places = np.searchsorted(self.rows_, found)
        return np.column_stack([np.arange(len(places)), places])

    def kneighbors_graph(self, rows: object) -> np.ndarray:
        """Never asked for by SMOTE, which yet looks whether it is there."""
        raise NotImplementedError


def _space(matrix: FeatureMatrix, pool: np.ndarray) -> np.ndarray:
    """Coordinates in which the distance is Euclidean, (m, numbers + categories)."""
    values = matrix.values[pool].astype(np.float64)
    numbers = np.delete(values, matrix.categorical, axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without a single value
        medians, scales = np.nan_to_num(np.nanmedian(numbers, axis=0)), np.nan_to_num(np.nanstd(numbers, axis=0))
    numbers = np.where(np.isnan(numbers), medians, numbers) / np.where(scales > 0, scales, 1.0)
    return np.column_stack([numbers, *(_switches(values[:, column]) for column in matrix.categorical)])


def _switches(codes: np.ndarray) -> np.ndarray:
    """One column per category: two rows that differ are 1 apart."""
    _, place = np.unique(codes, return_inverse=True)  # NaN is a category of its own
    return np.asarray(np.eye(int(place.max(initial=0)) + 1)[place] / np.sqrt(2))


def _nearest(space: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """(m, count) rows; a class with too few repeats its neighbours, and a single row is its own."""
    from sklearn.neighbors import NearestNeighbors

    most = min(count + 1, len(rows))
    found = NearestNeighbors(n_neighbors=most).fit(space).kneighbors(space, return_distance=False)
    own = np.arange(len(rows))[:, None]
    # A row need not be the first of its own neighbours: another may be equal to it.
    rest = np.argsort(found == own, axis=1, kind="stable")[:, : max(most - 1, 1)]
    others = np.take_along_axis(found, rest, axis=1)
    return np.asarray(rows[others[:, np.arange(count) % others.shape[1]]])
