"""How two states of a table differ: their columns, their rows by name, and what their columns hold.

What one state is described by is in `versions`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.column_statistics import ColumnStatistics, describe_columns
from ml_lifecycle.dataset.rows import ROW_ID, hash_values, identify

_EXAMPLES: Final = 10

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A change of the schema.

    Args:
        column: The column.
        change: added, removed or type.
        old: Its type before; empty where it was not there.
        new: Its type now; empty where it is not there.
    """

    column: str
    change: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RowChanges:
    """Which rows changed, by their name.

    Args:
        old: Rows before.
        new: Rows now.
        added: Rows that are new.
        removed: Rows that are gone.
        changed: Rows of one name whose cells differ in a column that both states have.
        changed_cells: Cells that differ, by column.
        examples: Some names of rows that were added, removed and changed.
    """

    old: int
    new: int
    added: int
    removed: int
    changed: int
    changed_cells: Mapping[str, int]
    examples: Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class StatisticChange:
    """A figure of a column that differs.

    Args:
        column: The column.
        statistic: The figure, such as `mean` or `missing_share`.
        old: Its value before; None where it did not apply.
        new: Its value now; None where it does not apply.
    """

    column: str
    statistic: str
    old: float | str | None
    new: float | str | None

    @property
    def difference(self) -> float | None:
        """How much it grew, where both are numbers."""
        if isinstance(self.old, int | float) and isinstance(self.new, int | float):
            return self.new - self.old
        return None


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """How two states of a table differ.

    Args:
        schema: Columns that were added or removed, or changed their type.
        rows: Rows that were added, removed or changed.
        statistics: Figures of columns that differ.
    """

    schema: tuple[ColumnChange, ...]
    rows: RowChanges
    statistics: tuple[StatisticChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both states are the same."""
        rows = self.rows
        return not (self.schema or self.statistics or rows.added or rows.removed or rows.changed)

    @property
    def summary(self) -> str:
        """One sentence a person understands."""
        rows = self.rows
        return (
            f"{rows.old:,} rows became {rows.new:,}: {rows.added:,} added, {rows.removed:,} removed, "
            f"{rows.changed:,} changed; {len(self.schema)} changes of the schema, "
            f"{len({item.column for item in self.statistics})} columns hold something else."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row for each difference of the schema, the rows or the statistics: column, figure, old and new."""
        rows = self.rows
        counts = {"added": rows.added, "removed": rows.removed, "changed": rows.changed}
        lines: list[tuple[str, str, str, object, object]] = [
            *(("schema", item.column, item.change, item.old, item.new) for item in self.schema),
            ("rows", "", "rows", rows.old, rows.new),
            *(("rows", "", name, None, count) for name, count in counts.items()),
            *(("rows", column, "changed cells", None, count) for column, count in rows.changed_cells.items()),
            *(("statistics", item.column, item.statistic, item.old, item.new) for item in self.statistics),
        ]
        return pd.DataFrame(lines, columns=["of", "column", "what", "old", "new"], dtype=object)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        statistics = [{**asdict(item), "difference": item.difference} for item in self.statistics]
        return {**asdict(self), "summary": self.summary, "statistics": statistics}


def compare_versions(old: pd.DataFrame, new: pd.DataFrame) -> VersionDiff:
    """Compare two states of a table; the order of rows and columns does not matter.

    Rows are known by `_row_id`. Where one state has none, rows are named by their content, so that a changed row is one
    that was removed and one that was added.

    Args:
        old: The state before.
        new: The state after.
    """
    if ROW_ID not in old.columns or ROW_ID not in new.columns:
        old, new = (identify(frame.drop(columns=[ROW_ID], errors="ignore")) for frame in (old, new))
    return VersionDiff(_compare_schema(old, new), _compare_rows(old, new), _compare_statistics(old, new))


def _compare_schema(old: pd.DataFrame, new: pd.DataFrame) -> tuple[ColumnChange, ...]:
    before = {str(name): str(dtype) for name, dtype in old.dtypes.items()}
    after = {str(name): str(dtype) for name, dtype in new.dtypes.items()}
    changes = [
        *(ColumnChange(name, "removed", kind, "") for name, kind in before.items() if name not in after),
        *(ColumnChange(name, "added", "", kind) for name, kind in after.items() if name not in before),
        *(
            ColumnChange(name, "type", kind, after[name])
            for name, kind in before.items()
            if name in after and after[name] != kind
        ),
    ]
    return tuple(changes)


def _compare_rows(old: pd.DataFrame, new: pd.DataFrame) -> RowChanges:
    before, after = old[ROW_ID].to_numpy(), new[ROW_ID].to_numpy()
    shared, old_places, new_places = np.intersect1d(before, after, assume_unique=True, return_indices=True)
    added, removed = after[~np.isin(after, shared)], before[~np.isin(before, shared)]
    changed = np.zeros(len(shared), dtype=bool)
    cells: dict[str, int] = {}
    for name in (column for column in old.columns if column in new.columns and column != ROW_ID):
        differs = hash_values(old[name].iloc[old_places]) != hash_values(new[name].iloc[new_places])
        if differs.any():
            cells[str(name)] = int(differs.sum())
            changed |= differs
    examples = {"added": added, "removed": removed, "changed": shared[changed]}
    return RowChanges(
        old=len(old),
        new=len(new),
        added=len(added),
        removed=len(removed),
        changed=int(changed.sum()),
        changed_cells=cells,
        examples={name: _some(ids) for name, ids in examples.items()},
    )


def _some(ids: Ids) -> list[int]:
    return [int(name) for name in ids[:_EXAMPLES]]


def _compare_statistics(old: pd.DataFrame, new: pd.DataFrame) -> tuple[StatisticChange, ...]:
    shared = [name for name in old.columns if name in new.columns]
    before, after = describe_columns(old[shared]), describe_columns(new[shared])
    return tuple(change for name in before for change in _compare_column(name, before[name], after[name]))


def _compare_column(name: str, old: ColumnStatistics, new: ColumnStatistics) -> list[StatisticChange]:
    before: dict[str, float | str | None] = {**old.figures_by_name(), "earliest": old.earliest, "latest": old.latest}
    after: dict[str, float | str | None] = {**new.figures_by_name(), "earliest": new.earliest, "latest": new.latest}
    return [
        StatisticChange(name, statistic, before.get(statistic), after.get(statistic))
        for statistic in dict.fromkeys([*before, *after])
        if not _equal(before.get(statistic), after.get(statistic))
    ]


def _equal(old: float | str | None, new: float | str | None) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=1e-9, abs_tol=1e-12)  # sums of the same numbers in another order
    return old == new
