"""Drift inside the history: do columns look another way in the last third than in the first?

Drift in production is judged in the room `monitoring`, against what a model was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from ml_lifecycle.discovery.audit.columns import SampledColumn
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, list_names
from ml_lifecycle.discovery.audit.name_signs import name_words
from ml_lifecycle.discovery.audit.table import NO_WINDOW, Table

_PARTS = 3  # first against last third: apart, and with rows enough
_BINS = 10
_MOST_CATEGORIES = 30  # rarer categories are one, else chance alone looks like drift
_LEAST_ROWS = 200  # on each side; with fewer, the index is noise
_CLOCK = 0.85  # rank correlation with time from which a column is a clock: it cannot but move
_SHOWN = 5
_CALENDAR = frozenset(
    {*("year", "yr", "month", "mnth", "mon", "season", "quarter", "qtr", "week", "weekday", "day", "dow")}
    | {*("date", "period", "semester", "instant", "time", "timestamp")}
)
"""Words in names of columns that cannot but move with time."""


def find_drift(columns: Sequence[SampledColumn], table: Table) -> Iterator[Finding]:
    """One finding about all columns whose values have moved, the farthest first."""
    window = table.history.window[table.positions]
    known = window != NO_WINDOW
    parts = len(table.history.starts)
    first, last = known & (window < parts / _PARTS), window >= parts - parts / _PARTS
    if parts < _PARTS or min(first.sum(), last.sum()) < _LEAST_ROWS:
        return
    moved: dict[str, float] = {}
    for column in columns:
        if column.name in {table.history.by, table.roles.target} or name_words(column.name) & _CALENDAR:
            continue
        if _is_clock(column, window, known):
            continue
        index = measure_drift(column, first, last)
        if index >= table.limits.drift:
            moved[column.name] = index
    if not moved:
        return
    ranked = sorted(moved, key=lambda name: -moved[name])
    judged = len(columns)
    yield Finding(
        "drift",
        tuple(ranked),
        FindingSeverity.WARNING if table.history.by else FindingSeverity.NOTE,
        f"{len(ranked)} of {judged} columns differ between the first and the last third {table.history.words}: "
        f"{list_names((f'{name} ({moved[name]:.2f})' for name in ranked), _SHOWN)}, by population stability index.",
        "divide by time, and expect less than a random split promises"
        if table.history.by
        else "the order of the rows means something: do not divide by it, or find the time behind it",
        {"index": {name: round(moved[name], 4) for name in ranked}},
        called="drift",
    )


def measure_drift(column: SampledColumn, first: npt.NDArray[np.bool_], last: npt.NDArray[np.bool_]) -> float:
    """Population stability index between two parts of the rows, over deciles or categories, missing being one more.

    Empty cells count as half a row. The index that chance alone exceeds once in a hundred thousand is taken off.
    """
    cells = _cells(column, first | last)
    size = int(cells.max()) + 1
    one, other = (np.bincount(cells[part], minlength=size) for part in (first, last))
    used = (one + other) > 0
    p, q = (np.maximum(counts[used], 0.5) / counts.sum() for counts in (one, other))
    index = float(np.sum((p - q) * np.log(p / q)))
    noise = (1 / float(one.sum()) + 1 / float(other.sum())) * float(stats.chi2.isf(1e-5, max(int(used.sum()) - 1, 1)))
    return max(0.0, index - noise)


def _cells(column: SampledColumn, looked_at: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The bin or category of each row; the last one is for missing cells."""
    if column.numbers is not None:
        known = np.isfinite(column.numbers)
        if not (known & looked_at).any():
            return np.zeros(len(known), dtype=np.intp)
        borders = np.unique(np.quantile(column.numbers[known & looked_at], np.linspace(0, 1, _BINS + 1)[1:-1]))
        cells = np.searchsorted(borders, column.numbers, side="left")
        return np.where(known, cells, len(borders) + 1).astype(np.intp)
    assert column.codes is not None, "a column has numbers or codes"  # noqa: S101 - invariant
    counts = np.bincount(column.codes[column.codes >= 0], minlength=max(column.categories, 1))
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(counts), dtype=np.intp)
    rank[order] = np.arange(len(counts)).clip(max=_MOST_CATEGORIES)
    return np.where(column.codes >= 0, rank[column.codes], _MOST_CATEGORIES + 1)


def _is_clock(column: SampledColumn, window: npt.NDArray[np.int8], known: npt.NDArray[np.bool_]) -> bool:
    if column.numbers is None:
        return False
    both = known & np.isfinite(column.numbers)
    if both.sum() < _LEAST_ROWS or np.ptp(column.numbers[both]) == 0:
        return False
    return abs(float(stats.spearmanr(column.numbers[both], window[both]).statistic)) >= _CLOCK
