"""What exactly a table was: its content, its columns, how it was divided. A model names the one it was made from.

How two of them differ is in `version_diff`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from ml_lifecycle.dataset.column_statistics import ColumnStatistics, describe_columns
from ml_lifecycle.dataset.rows import fingerprint

if TYPE_CHECKING:
    from ml_lifecycle.dataset.splits import Splits


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One state of a table.

    Args:
        table_version: The version of the Delta Lake table, where the table is stored in one.
        fingerprint: Hash of the content (64 hexadecimal digits), the same wherever the table is kept.
        rows: How many rows.
        columns: Dtype by column.
        ratios: Share of the rows by split; empty before the rows are divided.
        statistics: What each column holds; empty where it was not asked for.
    """

    table_version: int | None
    fingerprint: str
    rows: int
    columns: Mapping[str, str]
    ratios: Mapping[str, float] = field(default_factory=dict)
    statistics: Mapping[str, ColumnStatistics] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        statistics = {name: column.to_dict() for name, column in self.statistics.items()}
        return {**asdict(self), "statistics": statistics}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> DatasetVersion:
        """Read what `to_dict` gave."""
        noted = document.get("statistics", {})
        statistics = {name: ColumnStatistics.from_dict(column) for name, column in noted.items()}
        return cls(**{**document, "statistics": statistics})

    def to_frame(self) -> pd.DataFrame:
        """One row for each column, for a person to look at."""
        rows = [{"column": name, **_shown(column)} for name, column in self.statistics.items()]
        return pd.DataFrame(rows, columns=["column", "dtype", "missing_share", "distinct", "min", "q50", "max", "top"])


def describe(
    frame: pd.DataFrame, splits: Splits | None = None, *, table_version: int | None = None, statistics: bool = True
) -> DatasetVersion:
    """Say what exactly a table is, and how it was divided if it was.

    Args:
        frame: The table.
        splits: How it was divided.
        table_version: Its version in the lake.
        statistics: Whether to describe its columns too, which reads each of them some times.
    """
    return DatasetVersion(
        table_version=table_version,
        fingerprint=fingerprint(frame),
        rows=len(frame),
        columns={str(column): str(dtype) for column, dtype in frame.dtypes.items()},
        ratios={} if splits is None else splits.ratios,
        statistics=describe_columns(frame) if statistics else {},
    )


def _shown(column: ColumnStatistics) -> dict[str, Any]:
    """A column on one line: numbers and times by their ends, text by its most frequent values."""
    top = ", ".join(f"{value} {share:.1%}" for value, share in list(column.top.items())[:3])
    low = column.earliest or column.figures.get("min")
    high = column.latest or column.figures.get("max")
    return {**column.to_dict(), "min": low, "q50": column.figures.get("q50"), "max": high, "top": top}
