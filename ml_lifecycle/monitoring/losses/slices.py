"""The primary metric in slices of production, against the same slices of the test split.

The slices of a window that are worse than the window's whole are the evaluation's subject (`evaluation/slicing`); here
a slice is held against itself. How groups of people compare lives in `evaluation/fairness`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.monitoring.losses.cells import ColumnCells
from ml_lifecycle.monitoring.quick_intervals import quick_intervals

#: A number is cut into so many parts; one deviation is so much of the half width of an interval of this level.
_PARTS, _CONFIDENCE, _DEVIATIONS = 4, 0.95, 1.959964
COLUMNS = ("slice", "column", "rows", "value", "low", "high", "reference", "tolerated", "reference_rows", "lost")
_TYPES = {
    "slice": "object",
    "column": "object",
    "rows": "int64",
    **dict.fromkeys(COLUMNS[3:8], "float64"),
    "reference_rows": "int64",
    "lost": "bool",
}


@dataclass(frozen=True, slots=True)
class SliceLevel:
    """A slice on the test split.

    Args:
        cells: The cells of its column.
        cell: Which of them it is.
        rows: Rows of the test split in it.
        value: The primary metric there.
        error: Its standard error.
    """

    cells: ColumnCells
    cell: int
    rows: int
    value: float
    error: float

    @property
    def name(self) -> str:
        """The slice in words."""
        return self.cells.names[self.cell]

    @classmethod
    def from_dict(cls, item: dict[str, Any]) -> Self:
        """Read what `asdict` gave."""
        return cls(**{**item, "cells": ColumnCells.from_dict(item["cells"])})


def measure_slices(
    frame: pd.DataFrame,
    y: np.ndarray,
    predictions: np.ndarray,
    metric: Metric,
    *,
    min_rows: int,
    most: int,
    numeric: bool,
    query: np.ndarray | None = None,
) -> tuple[SliceLevel, ...]:
    """Measure the slices of the test split, the largest ones.

    Args:
        frame: The columns to slice by, n rows.
        y: Encoded outcomes, shape (n,).
        predictions: Shape (n,) or (n, k).
        metric: The primary metric.
        min_rows: A slice has at least so many rows.
        most: So many slices at most.
        numeric: Whether numbers are sliced too, by quarters; categories always are.
        query: Query of each row; ranking only.
    """
    found: list[tuple[int, ColumnCells, int, np.ndarray]] = []
    for name in frame.columns:
        cells = ColumnCells.fit(frame[name], _PARTS)
        if cells is None or (cells.edges is not None and not numeric):
            continue
        codes = cells.codes(frame[name])
        counts = np.bincount(codes, minlength=cells.size)
        found += [(int(rows), cells, cell, codes == cell) for cell, rows in enumerate(counts) if rows >= min_rows]
    found.sort(key=lambda item: (-item[0], item[1].name, item[2]))
    if not found:
        return ()
    scored, levels = metric.score(y, predictions, query), []
    for rows, cells, cell, inside in found[:most]:
        interval = quick_intervals([metric], scored.take(inside), confidence=_CONFIDENCE)[metric.name]
        error = (interval.high - interval.low) / 2 / _DEVIATIONS
        if np.isfinite(interval.value) and np.isfinite(error):
            levels.append(SliceLevel(cells, cell, rows, interval.value, error))
    return tuple(levels)


def watch_slices(
    levels: Sequence[SliceLevel],
    frame: pd.DataFrame,
    y: np.ndarray,
    predictions: np.ndarray,
    metric: Metric,
    *,
    max_drop: float,
    min_rows: int,
    rate: float,
    query: np.ndarray | None = None,
) -> pd.DataFrame:
    """The slices of a window against the same on the test split, the worst first.

    A slice is lost where it is worse than tolerated beyond what chance does in both, for all slices together
    (Bonferroni): the difference of two independent values by the distances to the ends of their own intervals (Zou and
    Donner 2008).

    Args:
        levels: Slices of the test split.
        frame: The window's columns, n labelled rows; slices of columns that it lacks are left out.
        y: Encoded outcomes, shape (n,).
        predictions: Shape (n,) or (n, k).
        metric: The primary metric.
        max_drop: Loss, as a share of the slice's own value on the test split, that is tolerated.
        min_rows: A slice of fewer rows is not judged.
        rate: Probability that any slice is called lost although none is.
        query: Query of each row; ranking only.

    Returns:
        The columns of `COLUMNS`.
    """
    from scipy import special

    members = [(level, rows) for level, rows in _members(levels, frame) if int(rows.sum()) >= min_rows]
    tail = rate / max(len(members), 1)
    deviations, sign, table = -float(special.ndtri(tail)), metric.sign, []
    scored = metric.score(y, predictions, query)
    for level, inside in members:
        found = quick_intervals([metric], scored.take(inside), confidence=1 - 2 * tail)[metric.name]
        if not np.isfinite(found.value):
            continue
        tolerated = level.value - sign * max_drop * abs(level.value)
        upper = (found.high if sign > 0 else found.low) - found.value
        beyond = sign * (tolerated - found.value) > float(np.hypot(upper, deviations * level.error))
        ends = (found.value, found.low, found.high)
        table.append(
            (level.name, level.cells.name, int(inside.sum()), *ends, level.value, tolerated, level.rows, beyond)
        )
    table.sort(key=lambda row: (not row[-1], -sign * (row[7] - row[3])))
    columns = list(zip(*table, strict=True)) if table else [()] * len(COLUMNS)
    return pd.DataFrame({name: np.array(column, _TYPES[name]) for name, column in zip(COLUMNS, columns, strict=True)})


def _members(levels: Sequence[SliceLevel], frame: pd.DataFrame) -> list[tuple[SliceLevel, np.ndarray]]:
    codes: dict[ColumnCells, np.ndarray] = {}
    found = []
    for level in levels:
        if level.cells.name not in frame.columns:
            continue
        if level.cells not in codes:
            codes[level.cells] = level.cells.codes(frame[level.cells.name])
        found.append((level, codes[level.cells] == level.cell))
    return found
