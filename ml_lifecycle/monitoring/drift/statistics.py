"""The drift statistics of all columns of a window at once, from counts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ml_lifecycle.monitoring import divergence
from ml_lifecycle.monitoring.drift.layout import Layout
from ml_lifecycle.monitoring.drift.noise import Sizes

#: Every statistic of a column, in the order in which a report names them.
STATISTICS: Final = ("psi", "js", "chi2", "ks", "wasserstein", "missing", "other", "out_of_range")
#: Those of numbers only.
_NUMERIC: Final = ("ks", "wasserstein", "out_of_range")


@dataclass(frozen=True, slots=True)
class Measures:
    """Statistics of j columns.

    Args:
        found: By name, shape (..., j); NaN where a column has none.
        sizes: What their noise depends on.
    """

    found: dict[str, np.ndarray]
    sizes: Sizes


def measure(layout: Layout, current: np.ndarray, reference: np.ndarray | None = None) -> Measures:
    """Compare counts with the reference's.

    Args:
        layout: The columns' cells.
        current: Counts of the window, shape (..., c).
        reference: Counts instead of the reference's own, shape (..., c).
    """
    known = layout.reference if reference is None else reference
    placed = _move_unseen(layout, current)
    rows, reference_rows = layout.cells.sum(current), layout.cells.sum(known)
    values, freedoms = _compare_groups(layout, known, placed)
    gap, present = _gap(layout, known, current)
    values |= {
        "ks": layout.cells.max(np.abs(gap)),
        "wasserstein": layout.cells.sum(np.abs(gap) * layout.weights),
        "missing": placed[..., layout.missing] / np.maximum(rows, 1),
        "other": placed[..., layout.other] / np.maximum(rows, 1),
        "out_of_range": _beyond(layout, current) / np.maximum(rows, 1),
    }
    for name in _NUMERIC:
        values[name] = np.where(layout.numeric & np.isfinite(present), values[name], np.nan)
    values["wasserstein"] = np.where(layout.deviation > 0, values["wasserstein"], np.nan)
    sizes = Sizes(
        1 / np.maximum(reference_rows, 1) + 1 / np.maximum(rows, 1),
        present,
        freedoms[0],
        freedoms[1],
        layout.deviation,
        reference_rows,
        rows,
        known[..., layout.missing],
        known[..., layout.other],
        np.broadcast_to(layout.extremes, rows.shape),
    )
    return Measures(values, sizes)


def _move_unseen(layout: Layout, current: np.ndarray) -> np.ndarray:
    """Values between or beyond those of the reference are counted as "other"."""
    unseen = np.where(layout.empty, current, 0)
    placed = current - unseen
    placed[..., layout.other] += layout.cells.sum(unseen)
    return np.asarray(placed)


def _compare_groups(
    layout: Layout, known: np.ndarray, placed: np.ndarray
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """The statistics that know no order, and the degrees of freedom of PSI and of chi-square."""
    values: dict[str, np.ndarray] = {}
    freedoms = []
    for (starts, segments), compared in ((layout.groups, ("psi", "js")), (layout.large_groups, ("chi2",))):
        p, q = (np.add.reduceat(side, starts, axis=-1) for side in (known, placed))
        freedoms.append(segments.sum((p + q > 0).astype(np.float64)) - 1)
        values |= {name: _DISTANCES[name](p, q, segments) for name in compared}
    return values, freedoms


_DISTANCES = {
    "psi": divergence.population_stability,
    "js": divergence.jensen_shannon,
    "chi2": divergence.chi_square,
}


def _gap(layout: Layout, known: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gap of the distribution functions of present values, and 1/n + 1/m of them (infinite for none)."""
    sides = [np.where(layout.own, side, 0) for side in (known, current)]
    with np.errstate(divide="ignore"):
        present = sum(1 / layout.cells.sum(side) for side in sides)
    return divergence.distribution_gap(sides[0], sides[1], layout.cells), np.asarray(present)


def _beyond(layout: Layout, current: np.ndarray) -> np.ndarray:
    """Rows below the first edge and above the last, where the edges span the reference."""
    first, last = layout.cells.starts, layout.other - 1
    above = np.where(layout.empty[last] & (last > first), current[..., last], 0)
    found = np.where(layout.empty[first], current[..., first], 0) + above
    return np.asarray(np.where(np.isnan(layout.extremes), np.nan, found))
