"""Features by when they enter a linear model whose weights are held down by an L1 penalty."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.scorers.base import Scores, add_probes, distance_from_probes, pick_probes, sample_rows
from ml_lifecycle.features.values import FeatureMatrix

_ROWS = 50_000
_PENALTIES = 60
_LEVELS = 12  # categories of a column that get a column of their own
_TAIL = 5.0  # standard deviations at which a number is cut
_ITERATIONS = 300  # a weight enters long before it is exact
_RANK = 1e-9
_LEAST = 0.1  # the smallest penalty, in standard errors of a correlation


def score_by_l1(matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None) -> Scores:
    """Score by the largest L1 penalty at which the feature has a weight (Tibshirani, 1996), against shuffled columns.

    Numbers are cut at five standard deviations, missing ones put at the mean with a column that says so; categories
    become one column each for the most frequent ones; all columns are scaled. Classes are fitted one against the rest
    by least squares on their standardised indicator, the linear probability model, so that one Gram matrix serves the
    whole path and every class; a feature counts for the class that it says most about. The score has the scale of a
    partial correlation. What is not linear is not seen: a U-shaped effect scores nothing here.
    """
    rng = np.random.default_rng(seed)
    probes = pick_probes(matrix, rng)
    rows = sample_rows(y, kind, _ROWS, rng, groups)
    probed = add_probes(matrix.take(rows), probes, rng)
    design, owner = _design(probed)
    entered = np.zeros(len(probed.names))
    targets = _targets(y[rows], kind)
    gram = design.T @ design / len(design)
    for target in targets.T:
        np.maximum.at(entered, owner, _entries(gram, design.T @ target / len(design), len(design)))
    return Scores(entered[: len(matrix.names)], distance_from_probes(entered, matrix, probes))


def _entries(gram: np.ndarray, correlation: np.ndarray, rows: int) -> np.ndarray:
    """The largest penalty at which each column has a weight, 0 where it never has; shape (c,)."""
    from sklearn.linear_model import lasso_path

    most, least = float(np.abs(correlation).max(initial=0)), _LEAST / np.sqrt(rows)
    if most <= least:
        return np.asarray(np.abs(correlation))
    penalties = np.geomspace(most, least, _PENALTIES)
    # As many rows as columns that have the same Gram matrix and correlations stand for all rows: the path is the same.
    size, axes = np.linalg.eigh(gram)
    solid = size > _RANK * size.max()
    root = np.sqrt(size[solid])
    rows_like = root[:, None] * axes[:, solid].T
    target = (axes[:, solid].T @ correlation) / root
    _, weights, _ = lasso_path(rows_like, target, alphas=penalties / len(rows_like), max_iter=_ITERATIONS)
    first = np.argmax(weights != 0, axis=1)
    return np.where((weights != 0).any(axis=1), penalties[first], 0.0)


def _targets(y: np.ndarray, kind: Kind) -> np.ndarray:
    """What is fitted, one scaled column per regression, shape (n, t)."""
    if kind in (Kind.REGRESSION, Kind.RANKING):
        return _scale(y[:, None].astype(np.float64))
    indicators = y[:, None] == np.unique(y)[None, :]
    return _scale(indicators[:, 1:] if indicators.shape[1] == 2 else indicators)  # noqa: PLR2004 - two classes mirror


def _design(matrix: FeatureMatrix) -> tuple[np.ndarray, np.ndarray]:
    """Scaled columns of shape (n, c), and the feature that each belongs to."""
    blocks: list[np.ndarray] = []
    owners: list[int] = []
    for index in range(len(matrix.names)):
        column = matrix.values[:, index].astype(np.float64)
        block = _levels(column) if index in matrix.categorical else _number(column)
        blocks.append(block)
        owners += [index] * block.shape[1]
    return _scale(np.hstack(blocks)), np.array(owners)


def _levels(column: np.ndarray) -> np.ndarray:
    levels, counts = np.unique(column, return_counts=True)
    frequent = levels[np.argsort(-counts, kind="stable")][:_LEVELS]
    return np.asarray(column[:, None] == frequent[None, :], dtype=np.float64)


def _number(column: np.ndarray) -> np.ndarray:
    missing = np.isnan(column)
    known = column[~missing]
    if not len(known):
        return np.zeros((len(column), 1))
    centre, spread = known.mean(), known.std()
    filled = np.clip(np.where(missing, centre, column), centre - _TAIL * spread, centre + _TAIL * spread)
    return np.column_stack([filled, missing]) if missing.any() else filled[:, None]


def _scale(columns: np.ndarray) -> np.ndarray:
    centred = columns - columns.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(centred / np.where(spread > 0, spread, 1))
