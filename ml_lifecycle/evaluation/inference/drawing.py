"""Which rows are scored where scoring all of them would take too long. How metrics are resampled: `resampling`."""

from __future__ import annotations

import numpy as np


def bound_rows(numbers_per_row: int, numbers: int, least: int, most: int) -> int:
    """How many rows may be scored so that not more than so many numbers are predicted.

    >>> bound_rows(1, 40_000, 1_000, 5_000), bound_rows(23, 40_000, 1_000, 5_000)
    (5000, 1739)
    """
    return min(most, max(least, numbers // numbers_per_row))


def draw_rows(n: int, most: int, rng: np.random.Generator, query: np.ndarray | None = None) -> np.ndarray:
    """Positions of at most so many rows in their order; with queries whole ones, at least one."""
    import pandas as pd

    if n <= most:
        return np.arange(n)
    if query is None:
        return np.sort(rng.choice(n, most, replace=False))
    codes, values = pd.factorize(query)
    order = rng.permutation(len(values))
    taken = order[: max(1, int(np.searchsorted(np.cumsum(np.bincount(codes)[order]), most, side="right")))]
    return np.flatnonzero(np.isin(codes, taken))
