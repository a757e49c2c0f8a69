"""How sure a choice of features is: how often each is kept when the choice is repeated on fewer rows.

How a choice is made lives in `selection`, how folds are made in `dataset/folds`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def measure_stability(
    choose: Callable[[np.ndarray], Sequence[str]], names: Sequence[str], parts: Sequence[np.ndarray]
) -> np.ndarray:
    """The share of repetitions in which each feature is kept (Meinshausen and Bühlmann, 2010).

    Args:
        choose: Names the features kept on some rows, given as a boolean mask of shape (n,).
        names: All features, f in all.
        parts: The rows of each repetition, masks of shape (n,).

    Returns:
        Shares from 0 to 1, shape (f,).
    """
    repeated = [frozenset(choose(part)) for part in parts]
    return np.array([sum(name in kept for kept in repeated) / len(repeated) for name in names])
