"""The chance for each statistic at which all of them together raise false alarms as often as the YAML allows.

Windows without drift are drawn from the reference's own counts, and so are references, since the stored one is itself
a sample. How small the smallest chance of a column gets in such draws says how small it must be to count (Westfall and
Young 1993, "Resampling-based multiple testing", minP). This takes into account that a column's statistics look at the
same rows, and what is wrong with the approximations in `noise`. Columns are drawn independently of each other, which
is on the safe side where they are not. Rows are drawn independently too: rows of the same entity or of neighbouring
times resemble each other, and windows of such rows differ by more than this noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ml_lifecycle.monitoring.column_profile import ColumnProfile
from ml_lifecycle.monitoring.drift.layout import Layout
from ml_lifecycle.monitoring.drift.noise import chances
from ml_lifecycle.monitoring.drift.statistics import measure

#: Draws of all columns together, and the bounds of draws of each.
_DRAWS, _FEWEST, _MOST = 20_000, 250, 1_500
#: The rank of the draw that is looked at, at least: rarer ones are read off a straight line through zero.
_RANK = 60
_SEED = 20_261_121


def size_class(rows: int) -> int:
    """The power of two at or below a number of rows: windows of one class share a layout and a calibration."""
    return 1 << (max(1, rows).bit_length() - 1)


@lru_cache(maxsize=64)
def layout_for(columns: tuple[ColumnProfile, ...], size: int) -> Layout:
    """The layout of columns for windows of a size class."""
    return Layout.of(columns, size)


@lru_cache(maxsize=64)
def calibrated_chance(columns: tuple[ColumnProfile, ...], size: int, rate: float) -> float:
    """The chance per statistic and column that keeps the rate of false alarms over all of them.

    Args:
        columns: Profiles of all watched columns.
        size: Rows of the window, see `size_class`.
        rate: Wanted rate of windows with any false alarm.
    """
    smallest = np.sort(_draw_smallest(layout_for(columns, size), columns, size), axis=None)
    expected = rate * smallest.size / len(columns)
    rank = max(_RANK, int(expected))
    if rank > smallest.size:
        return rate / len(columns)
    return float(min(rate, smallest[rank - 1] * min(1.0, expected / rank)))


def _draw_smallest(layout: Layout, columns: Sequence[ColumnProfile], size: int) -> np.ndarray:
    """The smallest chance of each column in draws without drift, shape (draws, columns)."""
    generator = np.random.default_rng(_SEED)
    draws = int(np.clip(_DRAWS // len(columns), _FEWEST, _MOST))
    sides = [_draw(layout, generator, size=rows, draws=draws) for rows in (None, size)]
    with np.errstate(all="ignore"):
        measured = measure(layout, sides[1], sides[0])
        found = chances(measured.found, measured.sizes)
    stacked = np.stack([np.nan_to_num(chance, nan=1.0) for chance in found.values()])
    return np.asarray(stacked.min(axis=0))


def _draw(layout: Layout, generator: np.random.Generator, *, size: int | None, draws: int) -> np.ndarray:
    """Multinomial counts of the reference's shares, shape (draws, cells); as many rows as the reference by default."""
    drawn = []
    for start, length in zip(layout.cells.starts, layout.cells.lengths, strict=True):
        counts = layout.reference[start : start + length]
        total = int(counts.sum())
        if total == 0:
            drawn.append(np.zeros((draws, length)))
            continue
        drawn.append(generator.multinomial(size or total, counts / total, size=draws).astype(np.float64))
    return np.concatenate(drawn, axis=1)
