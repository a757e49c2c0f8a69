"""`Layout`: the cells of all watched columns in one vector, grouped for windows of a certain size.

One column's cells live in `column_profile`. Everything here follows from the reference alone and is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ml_lifecycle.monitoring.column_profile import NUMERIC, CellCounts, ColumnProfile
from ml_lifecycle.monitoring.divergence import MIN_EXPECTED, Segments, edge_weights, merge_small

#: The cells for values outside the known ones and for missing values, after each column's own.
_EXTRA = 2
#: Rows at either end of the reference, as a share, that the Wasserstein distance clips: what lies there are outliers.
_CLIPPED = 0.005


@dataclass(frozen=True, eq=False)
class Layout:
    """Reference counts and groups of j columns with c cells in all.

    Args:
        cells: Each column's intervals or labels, then "other" and "missing".
        reference: Counts of the reference, shape (c,).
        own: Which cells are intervals or labels, shape (c,).
        empty: Which intervals the reference left empty, shape (c,).
        groups: Starts of the groups that PSI and Jensen-Shannon compare, and their columns.
        large_groups: The same for chi-square: no cell that expects few rows.
        weights: Weight of the gap after each cell in the Wasserstein distance, in standard deviations, shape (c,).
        deviation: Standard deviation that the sum of the weighted gaps has per root of rows, shape (j,).
        numeric: Which columns are numeric, shape (j,).
        extremes: Rows expected beyond the reference's range, NaN where that is not known, shape (j,).
    """

    cells: Segments
    reference: np.ndarray
    own: np.ndarray
    empty: np.ndarray
    groups: tuple[np.ndarray, Segments]
    large_groups: tuple[np.ndarray, Segments]
    weights: np.ndarray
    deviation: np.ndarray
    numeric: np.ndarray
    extremes: np.ndarray

    @classmethod
    def of(cls, columns: Sequence[ColumnProfile], rows: int) -> Self:
        """Lay out columns for windows of about so many rows."""
        counts = [np.append(column.counts, [column.other, column.missing]).astype(np.float64) for column in columns]
        cells = Segments.of([len(one) for one in counts])
        reference = np.concatenate(counts)
        own = np.ones(len(reference), dtype=bool)
        last = cells.starts + cells.lengths - 1
        own[last] = own[last - 1] = False
        numeric = np.array([column.kind == NUMERIC for column in columns])
        weights = [_weights(column) for column in columns]
        return cls(
            cells,
            reference,
            own,
            own & cells.spread(numeric) & (reference == 0),
            _flatten([_groups(column, rows) for column in columns], cells),
            _flatten([_large_groups(column, rows) for column in columns], cells),
            np.concatenate(weights),
            np.array([_deviation(column, weight) for column, weight in zip(columns, weights, strict=True)]),
            numeric,
            np.array([np.nan if column.extremes is None else column.extremes for column in columns]),
        )

    @property
    def other(self) -> np.ndarray:
        """Positions of the "other" cells, shape (j,)."""
        return np.asarray(self.cells.starts + self.cells.lengths - _EXTRA)

    @property
    def missing(self) -> np.ndarray:
        """Positions of the cells of missing values, shape (j,)."""
        return np.asarray(self.other + 1)

    def place(self, found: Sequence[CellCounts]) -> np.ndarray:
        """A window's counts of all columns as one vector, shape (c,)."""
        return np.concatenate([np.append(one.cells, [one.other, one.missing]) for one in found]).astype(np.float64)


def _groups(column: ColumnProfile, rows: int) -> list[int]:
    own = len(column.counts)
    return [*merge_small(np.asarray(column.counts), rows, column.groups).tolist(), own, own + 1]


def _large_groups(column: ColumnProfile, rows: int) -> list[int]:
    """As `_groups`, but what expects few rows joins the group before it: Pearson's statistic makes too much of it."""
    own, total = len(column.counts), max(1, column.rows)
    enough = [count * min(rows, total) >= MIN_EXPECTED * total for count in (column.other, column.missing)]
    kept = [own + place for place, is_enough in enumerate(enough) if is_enough]
    return sorted({0, *merge_small(np.asarray(column.counts), rows, column.groups).tolist(), *kept})


def _flatten(starts: list[list[int]], cells: Segments) -> tuple[np.ndarray, Segments]:
    placed = [np.asarray(own, dtype=np.intp) + first for own, first in zip(starts, cells.starts, strict=True)]
    return np.concatenate(placed), Segments.of([len(own) for own in starts])


def _weights(column: ColumnProfile) -> np.ndarray:
    found = np.zeros(len(column.counts) + _EXTRA)
    total = sum(column.counts)
    if column.kind == NUMERIC and column.edges and column.std and np.isfinite(column.std) and total:
        below = np.cumsum(column.counts)[:-1] / total
        found[: len(column.edges)] = edge_weights(np.asarray(column.edges), below, _CLIPPED) / column.std
    return found


def _deviation(column: ColumnProfile, weights: np.ndarray) -> float:
    """Of the sum of w B(F), where B is the Brownian bridge that the gap tends to."""
    weighted = np.flatnonzero(weights)
    if not len(weighted):
        return float("nan")
    below = (np.cumsum(column.counts) / sum(column.counts))[weighted]
    covariance = np.minimum.outer(below, below) - np.outer(below, below)
    chosen = weights[weighted]
    return float(np.sqrt(chosen @ covariance @ chosen))
