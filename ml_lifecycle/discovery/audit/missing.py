"""Missing cells: how many, in which columns together, and whether that changes. Codes that hide them: `codes`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent, list_names
from ml_lifecycle.discovery.audit.table import NO_WINDOW, History, Table
from ml_lifecycle.verdict import Fact

_LEAST_EXPECTED = 5.0  # of a chi-square test's cells (Cochran 1954)


@dataclass(frozen=True, slots=True)
class MissingCells:
    """The missing cells of one column.

    Args:
        name: The column.
        share: Share of missing cells.
        packed: The rows, as bits.
        windows: (w,) missing cells in each part of the history.
    """

    name: str
    share: float
    packed: npt.NDArray[np.uint8]
    windows: npt.NDArray[np.int64]


def note_missing(column: Column, history: History) -> MissingCells | None:
    """What `find_missing` needs to know about a column; None where no cell is missing."""
    if not column.absent.any():
        return None
    parts = history.window[column.absent]
    windows = np.bincount(parts[parts != NO_WINDOW], minlength=len(history.starts))
    return MissingCells(column.name, column.missing_share, np.packbits(column.absent), windows)


def find_missing(cells: Sequence[MissingCells], table: Table) -> Iterator[Finding]:
    """Columns with many missing cells, columns that lack them together, and shares that change over the history."""
    partial = [item for item in cells if item.share < 1]
    groups = _group(partial, table.limits.missing_together)
    sizes = np.bincount(table.history.window[table.history.window != NO_WINDOW], minlength=len(table.history.starts))
    for group in groups:
        yield from _judge_group(group, table)
        change = _change(group[0], sizes)
        if change is not None and _is_change(change, table, tests=len(groups)):
            yield _changed(group, sizes, table)


def _judge_group(group: list[MissingCells], table: Table) -> Iterator[Finding]:
    limits = table.limits
    share = max(item.share for item in group)
    names = tuple(item.name for item in group)
    figures: dict[str, Fact] = {item.name: round(item.share, 6) for item in group}
    severity = FindingSeverity.WARNING if share >= limits.missing_warning else FindingSeverity.NOTE
    if len(group) > 1:
        shares = as_percent(share) if len(set(figures.values())) == 1 else f"up to {as_percent(share)}"
        yield Finding(
            "missing_together",
            names,
            severity,
            f"{list_names(names)} are missing in the same rows ({shares}).",
            "one cause, such as a source that had no row: one column that says so is enough",
            {"share": figures},
        )
    elif share >= limits.missing_note:
        advice = (
            "consider whether the column is worth keeping"
            if severity is FindingSeverity.WARNING
            else ("ask why; if being missing says something, keep a column that says so")
        )
        yield Finding(
            "missing", names, severity, f"{as_percent(share)} of {names[0]} is missing.", advice, {"share": share}
        )


def _group(cells: list[MissingCells], limit: float) -> list[list[MissingCells]]:
    """Columns whose missing cells are nearly the same rows, each group under its first column."""
    groups: list[list[MissingCells]] = []
    for item in cells:
        near = next((group for group in groups if any(_jaccard(item, other) >= limit for other in group)), None)
        if near is None:
            groups.append([item])
        else:
            near.append(item)
    return groups


def _jaccard(one: MissingCells, other: MissingCells) -> float:
    ratio = min(one.share, other.share) / max(one.share, other.share)
    if ratio < 0.5:  # noqa: PLR2004 - sets of so unlike sizes cannot be alike; spares the count
        return ratio
    both = int(np.bitwise_count(one.packed & other.packed).sum())
    return both / max(int(np.bitwise_count(one.packed | other.packed).sum()), 1)


@dataclass(frozen=True, slots=True)
class _Change:
    spread: float
    p_value: float


def _change(item: MissingCells, sizes: npt.NDArray[np.int64]) -> _Change | None:
    """Chi-square test that all parts of the history have one share of missing cells."""
    known = sizes > 0
    missing, rows = item.windows[known], sizes[known]
    expected = rows * missing.sum() / max(rows.sum(), 1)
    if len(rows) < 2 or min(expected.min(), (rows - expected).min()) < _LEAST_EXPECTED:  # noqa: PLR2004 - parts
        return None
    shares = missing / rows
    p_value = float(stats.chi2_contingency(np.vstack([missing, rows - missing]), correction=False).pvalue)
    return _Change(float(shares.max() - shares.min()), p_value)


def _is_change(change: _Change, table: Table, tests: int) -> bool:
    return change.spread >= table.limits.missing_change and change.p_value < table.limits.chance / max(tests, 1)


def _changed(group: list[MissingCells], sizes: npt.NDArray[np.int64], table: Table) -> Finding:
    names = tuple(item.name for item in group)
    shares = group[0].windows / np.maximum(sizes, 1)
    low, high = int(np.argmin(shares)), int(np.argmax(shares))
    starts = table.history.starts
    return Finding(
        "missing_over_time",
        names,
        FindingSeverity.WARNING if table.history.by else FindingSeverity.NOTE,
        f"The share of missing cells of {list_names(names)} changes {table.history.words}: {as_percent(shares[low])} "
        f"in the part from {starts[low]}, {as_percent(shares[high])} in the part from {starts[high]}.",
        "find out what changed in the source; a model learns the older habit",
        {"shares": {start: round(float(share), 6) for start, share in zip(starts, shares, strict=True)}},
    )
