"""How far two histograms over the same cells are apart, and how far sampling noise alone would put them.

Only counts come in here. Where cells come from lives in `cells`; what is concluded from a distance lives in `drift`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, chdtri, entr

#: Rows that smoothing adds to each cell of the smaller table (Laplace). Simulated at chances of 1e-2 to 1e-4 with 100
#: to 1,000 rows, one row keeps the index at or under its chi-square tail; with one half (Jeffreys) nearly empty cells
#: exceed it two to five times as often, since the logarithm makes much of them.
_PSEUDO_ROWS = 1.0
#: Expected rows below which cells are merged with their neighbour (Cochran 1954, "Some methods for strengthening the
#: common chi-square tests").
_MIN_EXPECTED = 5.0


def smooth(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn two count vectors into shares without zeros.

    Both sides get the same *relative* weight per cell (a row of the smaller table). Where no drift is, both
    expectations are shrunk alike, so that smoothing adds no difference of its own; the usual "add one row to both
    tables" does, when one table has a hundred times the rows of the other: an empty cell then has two unlike shares.

    Args:
        reference: Counts, shape (k,), not all zero.
        current: Counts over the same cells, shape (k,), not all zero.
    """
    n, m = float(reference.sum()), float(current.sum())
    weight = _PSEUDO_ROWS / min(n, m)
    whole = 1.0 + weight * len(reference)
    return (reference / n + weight) / whole, (current / m + weight) / whole


def population_stability(reference: np.ndarray, current: np.ndarray) -> float:
    """Population stability index: the sum of (p - q) ln(p / q) over smoothed shares; counts of shape (k,).

    >>> population_stability(np.array([50, 50]), np.array([500, 500]))
    0.0
    """
    p, q = smooth(reference, current)
    return float(np.sum((p - q) * np.log(p / q)))


def jensen_shannon(reference: np.ndarray, current: np.ndarray) -> float:
    """Jensen-Shannon distance to base 2, from 0 (equal) to 1 (nothing shared); counts of shape (k,).

    >>> jensen_shannon(np.array([10, 0]), np.array([0, 10]))
    1.0
    """
    p, q = reference / reference.sum(), current / current.sum()
    divergence = np.sum(entr((p + q) / 2) - (entr(p) + entr(q)) / 2) / np.log(2)
    return float(np.sqrt(np.clip(divergence, 0.0, 1.0)))


def kolmogorov_smirnov(reference: np.ndarray, current: np.ndarray) -> float:
    """Largest gap of the two distribution functions at the cells' borders; a lower bound of the exact statistic.

    Args:
        reference: Counts in the order of the values, shape (k,).
        current: Counts over the same cells, shape (k,).
    """
    n, m = reference.sum(), current.sum()
    if n == 0 or m == 0:
        return float("nan")
    return float(np.max(np.abs(np.cumsum(reference) / n - np.cumsum(current) / m), initial=0.0))


def merge_small(reference: np.ndarray, rows: int) -> np.ndarray:
    """Find where groups of neighbouring cells begin that each expect enough of `rows` rows.

    Decided from the reference alone, so that the groups do not depend on what is judged.

    Args:
        reference: Counts, shape (k,).
        rows: Rows of the window that will be compared.

    Returns:
        Start positions for `np.add.reduceat`, shape (g,), ascending from 0; empty for no cells.
    """
    total = int(reference.sum())
    if len(reference) == 0 or total == 0:
        return np.zeros(min(1, len(reference)), dtype=np.intp)
    needed = _MIN_EXPECTED * total / max(1, min(rows, total))
    if reference.min() >= needed:
        return np.arange(len(reference))
    starts, held = [0], 0
    for position, count in enumerate(reference.tolist()):
        if held >= needed:
            starts.append(position)
            held = 0
        held += count
    if held < needed and len(starts) > 1:
        starts.pop()
    return np.asarray(starts, dtype=np.intp)


def noise_limit(reference_rows: int, rows: int, cells: int, chance: float) -> float:
    """The population stability index that sampling noise alone exceeds with the given chance.

    Without drift the index is asymptotically (1/n + 1/m) times chi-square with k - 1 degrees of freedom (Yurdakul
    2018, "Statistical properties of population stability index", Western Michigan University, theorem 3.1).

    Args:
        reference_rows: n.
        rows: m.
        cells: k, cells that are occupied on either side.
        chance: Chance of exceeding it, after correction for the number of columns.
    """
    return (1.0 / reference_rows + 1.0 / rows) * float(chdtri(max(1, cells - 1), chance))


def p_value(value: float, reference_rows: int, rows: int, cells: int) -> float:
    """The chance that noise alone gives at least this index; same source as `noise_limit`."""
    if cells <= 1:
        return 1.0
    return float(chdtrc(cells - 1, value / (1.0 / reference_rows + 1.0 / rows)))
