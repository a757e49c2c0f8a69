"""How sure a choice of features is: how often each is kept when the choice is repeated on fewer rows.

How a choice is made lives in `selection`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ml_lifecycle.config.brief import Kind


def measure_stability(
    choose: Callable[[np.ndarray], Sequence[str]],
    names: Sequence[str],
    folds: np.ndarray,
) -> np.ndarray:
    """The share of repetitions in which each feature is kept (Meinshausen and Bühlmann, 2010).

    Args:
        choose: Names the features kept on some rows, given as a boolean mask of shape (n,).
        names: All features, f in all.
        folds: The fold of each row from 0, shape (n,); the choice is repeated without each of them.

    Returns:
        Shares from 0 to 1, shape (f,).
    """
    repeated = [frozenset(choose(folds != fold)) for fold in np.unique(folds)]
    return np.array([sum(name in kept for kept in repeated) / len(repeated) for name in names])


def assign_folds(y: np.ndarray, kind: Kind, count: int, *, seed: int, groups: np.ndarray | None) -> np.ndarray:
    """Give each row a fold: whole groups where given, else each class in even parts, else by chance; shape (n,).

    >>> assign_folds(np.array([0, 0, 1, 1]), Kind.BINARY, 2, seed=0, groups=None).tolist()[:2] in ([0, 1], [1, 0])
    True
    """
    rng = np.random.default_rng(seed)
    if groups is not None:
        _, codes = np.unique(groups, return_inverse=True)
        return np.asarray((rng.permutation(int(codes.max()) + 1) % count)[codes])
    order = rng.permutation(len(y))
    if kind in (Kind.BINARY, Kind.MULTICLASS):
        order = order[np.argsort(y[order], kind="stable")]
    folds = np.empty(len(y), dtype=np.int64)
    folds[order] = np.arange(len(y)) % count
    return folds
