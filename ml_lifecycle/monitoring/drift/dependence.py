"""How the reference's columns depend on each other: correlations, and what PCA cannot rebuild.

Computed from the rows that the profile keeps (`ReferenceProfile.sample`), once per process; packages of every age
have them. The comparison with a window lives in `multivariate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ml_lifecycle.monitoring.drift.encoding import Scores
from ml_lifecycle.monitoring.profile import ReferenceProfile

#: Rows of the reference below which nothing is said of the columns' dependence.
_FEWEST_ROWS = 200
#: Least variance of one row's contribution to a correlation: pairs that always agree would have none.
_LEAST_VARIANCE = 0.1
#: Beyond this correlation Fisher's transform is taken as at it.
_MOST_CORRELATION = 0.999


@dataclass(frozen=True, eq=False)
class Dependence:
    """What windows are compared with.

    Args:
        scores: How rows become numbers, f columns.
        matrix: The reference's rows, shape (n, f).
        correlations: Fisher's z of each pair, shape (p,).
        variances: Variance of z per row, shape (p,).
        pairs: Positions of the pairs' columns, each of shape (p,).
        basis: Principal components, shape (f, k).
        errors: Distance of rows to what the components rebuild, of rows they were not fitted on, shape (n / 2,).
    """

    scores: Scores
    matrix: np.ndarray
    correlations: np.ndarray
    variances: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray]
    basis: np.ndarray
    errors: np.ndarray


@lru_cache(maxsize=8)
def dependence_of(profile: ReferenceProfile, variance: float) -> Dependence | None:
    """The dependence of a reference's columns; None where it keeps too few rows or columns.

    Args:
        profile: The reference.
        variance: Share of the variance that the principal components keep.
    """
    if len(profile.sample) < _FEWEST_ROWS:
        return None
    scores = Scores.fit(profile.columns, profile.sample)
    if len(set(scores.names)) < 2:  # noqa: PLR2004 - one column depends on none
        return None
    matrix = scores.transform(profile.sample)
    names = np.array(scores.names)
    first, second = np.triu_indices(len(names), k=1)
    apart = names[first] != names[second]
    pairs = (first[apart], second[apart])
    basis = _basis(matrix[::2], variance)
    correlations = correlate(matrix, pairs)
    return Dependence(
        scores, matrix, correlations, _variances(matrix, pairs), pairs, basis, rebuild_errors(matrix[1::2], basis)
    )


def correlate(matrix: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Fisher's z of the correlations of pairs of columns, shape (p,)."""
    centred = matrix - matrix.mean(axis=0)
    norms = np.maximum(np.sqrt((centred**2).sum(axis=0)), 1e-12)
    found = ((centred.T @ centred) / np.outer(norms, norms))[pairs]
    return np.asarray(np.arctanh(np.clip(found, -_MOST_CORRELATION, _MOST_CORRELATION)))


def rebuild_errors(matrix: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Distance of each row to its projection on the components, shape (n,)."""
    left = (matrix**2).sum(axis=1) - ((matrix @ basis) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(left, 0.0)))


def _basis(matrix: np.ndarray, variance: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(np.cov(matrix, rowvar=False))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = 1 + int(np.searchsorted(np.cumsum(values) / values.sum(), variance))
    return np.asarray(vectors[:, : max(1, min(kept, len(values) - 1))])


def _variances(matrix: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Variance of Fisher's z per row, without the assumption of normality.

    The influence of a row on the correlation r of standardised x and y is x y - r (x^2 + y^2) / 2 (Devlin,
    Gnanadesikan and Kettenring 1975); its variance is a sum of fourth moments, over (1 - r^2)^2 for Fisher's z.
    """
    x = (matrix - matrix.mean(axis=0)) / np.maximum(matrix.std(axis=0), 1e-12)
    squares, n = x**2, len(x)
    r, both = ((x.T @ x) / n)[pairs], ((squares.T @ squares) / n)[pairs]
    cubes = (squares * x).T @ x / n
    three = cubes[pairs] + cubes.T[pairs]
    fourth = (squares**2).mean(axis=0)
    moments = both - r * three + r**2 / 4 * (fourth[pairs[0]] + fourth[pairs[1]] + 2 * both)
    bounded = np.clip(r, -_MOST_CORRELATION, _MOST_CORRELATION)
    return np.asarray(np.maximum(moments / (1 - bounded**2) ** 2, _LEAST_VARIANCE))
