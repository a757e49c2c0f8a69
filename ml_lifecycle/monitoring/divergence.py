"""How far two tables of counts over the same cells are apart, for many columns at a time.

Only counts come in here: one vector with the cells of all columns one after another, or a stack of such vectors. Where
cells come from lives in `cells`; how far noise alone puts two tables lives in `drift.noise`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import entr

#: Rows that smoothing adds to each cell of the smaller table (Laplace). Simulated at chances of 1e-2 to 1e-4 with 100
#: to 1,000 rows, one row keeps the index at or under its chi-square tail; with one half (Jeffreys) nearly empty cells
#: exceed it two to five times as often, since the logarithm makes much of them.
_PSEUDO_ROWS = 1.0
#: Expected rows below which cells are merged with their neighbour (Cochran 1954, "Some methods for strengthening the
#: common chi-square tests").
MIN_EXPECTED = 5.0


@dataclass(frozen=True)
class Segments:
    """Where each column's cells lie in a vector.

    Args:
        lengths: Cells of each column, shape (j,), none zero.

    >>> cells = Segments.of([2, 3])
    >>> cells.sum(np.array([1, 1, 5, 0, 2])).tolist(), cells.spread(np.array([7, 8])).tolist()
    ([2, 7], [7, 7, 8, 8, 8])
    """

    lengths: np.ndarray

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Self:
        """Columns with so many cells."""
        return cls(np.asarray(lengths, dtype=np.intp))

    @cached_property
    def starts(self) -> np.ndarray:
        """The first cell of each column."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.intp)

    @cached_property
    def _columns(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sums of each column: shape (..., cells) to (..., j)."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=-1))

    def max(self, values: np.ndarray) -> np.ndarray:
        """Maxima of each column: shape (..., cells) to (..., j)."""
        return np.asarray(np.maximum.reduceat(values, self.starts, axis=-1))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Give each cell its column's value: shape (..., j) to (..., cells)."""
        return np.asarray(values[..., self._columns])

    def cumulate(self, values: np.ndarray) -> np.ndarray:
        """Running sums that begin anew with each column."""
        running = np.cumsum(values, axis=-1)
        before = running[..., self.starts] - values[..., self.starts]
        return np.asarray(running - self.spread(before))


def shares(counts: np.ndarray, segments: Segments) -> np.ndarray:
    """Counts as shares of their column; of a column without rows, zeros."""
    return np.asarray(counts / segments.spread(np.maximum(segments.sum(counts), 1)))


def population_stability(reference: np.ndarray, current: np.ndarray, segments: Segments) -> np.ndarray:
    """Population stability index: the sum of (p - q) ln(p / q) over smoothed shares.

    Both sides get the same *relative* weight per cell (a row of the smaller table). Where no drift is, both
    expectations are shrunk alike, so that smoothing adds no difference of its own; the usual "add one row to both
    tables" does, when one table has a hundred times the rows of the other: an empty cell then has two unlike shares.

    Args:
        reference: Counts, shape (..., cells).
        current: Counts over the same cells, shape (..., cells).
        segments: The columns' cells.

    Returns:
        Shape (..., j).

    >>> population_stability(np.array([50, 50]), np.array([500, 500]), Segments.of([2])).tolist()
    [0.0]
    """
    fewer = np.minimum(segments.sum(reference), segments.sum(current))
    weight = _PSEUDO_ROWS / np.maximum(fewer, 1)
    added = segments.spread(weight)
    p, q = shares(reference, segments) + added, shares(current, segments) + added
    return np.asarray(segments.sum((p - q) * np.log(p / q)) / (1.0 + weight * segments.lengths))


def jensen_shannon(reference: np.ndarray, current: np.ndarray, segments: Segments) -> np.ndarray:
    """Jensen-Shannon distance to base 2, from 0 (equal) to 1 (nothing shared); shapes as above.

    >>> jensen_shannon(np.array([10, 0]), np.array([0, 10]), Segments.of([2])).tolist()
    [1.0]
    """
    p, q = shares(reference, segments), shares(current, segments)
    divergence = segments.sum(entr((p + q) / 2) - (entr(p) + entr(q)) / 2) / np.log(2)
    return np.asarray(np.sqrt(np.clip(divergence, 0.0, 1.0)))


def chi_square(reference: np.ndarray, current: np.ndarray, segments: Segments) -> np.ndarray:
    """Pearson's statistic of homogeneity of two tables of counts; shapes as above.

    >>> chi_square(np.array([10, 0]), np.array([0, 10]), Segments.of([2])).tolist()
    [20.0]
    """
    n, m = segments.sum(reference), segments.sum(current)
    ratio = segments.spread(np.sqrt(np.maximum(n, 1) / np.maximum(m, 1)))
    both = reference + current
    return segments.sum((current * ratio - reference / ratio) ** 2 / np.maximum(both, 1))


def distribution_gap(reference: np.ndarray, current: np.ndarray, segments: Segments) -> np.ndarray:
    """Difference of the two distribution functions at the upper border of each cell, shape (..., cells)."""
    return np.asarray(segments.cumulate(shares(reference, segments)) - segments.cumulate(shares(current, segments)))


def edge_weights(edges: np.ndarray, below: np.ndarray, least: float) -> np.ndarray:
    """Weights w of the trapezoid rule, so that the sum of w |F - G| over the edges is a Wasserstein distance.

    It is the distance W1 of the values clipped to the reference's inner range: the integral of |F - G| (Vallender
    1974) between the edges at which the reference's F is within [least, 1 - least]. F and G are known at the edges;
    between two of them the integrand is taken as linear, which is wrong by at most the interval's length times the
    larger share of rows in it. With few distinct values, each with a cell of its own, nothing is approximated.

    Args:
        edges: Ascending, shape (k,).
        below: F of the reference at the edges.
        least: Share of rows at either end that is clipped.
    """
    weights = np.zeros(len(edges))
    inner = np.flatnonzero((below >= least) & (below <= 1 - least))
    if len(inner) > 1:
        gaps = np.diff(edges[inner])
        weights[inner] = (np.append(gaps, 0.0) + np.insert(gaps, 0, 0.0)) / 2
    return weights


def merge_small(reference: np.ndarray, rows: int, starts: Sequence[int] = ()) -> np.ndarray:
    """Find where groups of neighbouring cells begin that each expect enough of `rows` rows.

    Decided from the reference alone, so that the groups do not depend on what is judged.

    Args:
        reference: Counts, shape (k,).
        rows: Rows of the window that will be compared.
        starts: Cells at which a group may begin, ascending from 0; all of them by default.

    Returns:
        Start positions for `np.add.reduceat`, shape (g,), ascending from 0; empty for no cells.
    """
    total = int(reference.sum())
    allowed = list(starts) or list(range(len(reference)))
    if len(reference) == 0 or total == 0:
        return np.zeros(min(1, len(reference)), dtype=np.intp)
    needed = MIN_EXPECTED * total / max(1, min(rows, total))
    found, held = [0], 0
    for position, count in zip(allowed, np.add.reduceat(reference, allowed).tolist(), strict=True):
        if held >= needed:
            found.append(position)
            held = 0
        held += count
    if held < needed and len(found) > 1:
        found.pop()
    return np.asarray(found, dtype=np.intp)
