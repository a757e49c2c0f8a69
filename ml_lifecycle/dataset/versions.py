"""What exactly a table was: its content, its columns, how it was divided. A model names the one it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ml_lifecycle.dataset.rows import fingerprint

if TYPE_CHECKING:
    import pandas as pd

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
    """

    table_version: int | None
    fingerprint: str
    rows: int
    columns: Mapping[str, str]
    ratios: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def describe(frame: pd.DataFrame, splits: Splits | None = None, *, table_version: int | None = None) -> DatasetVersion:
    """Say what exactly a table is, and how it was divided if it was."""
    return DatasetVersion(
        table_version=table_version,
        fingerprint=fingerprint(frame),
        rows=len(frame),
        columns={str(column): str(dtype) for column, dtype in frame.dtypes.items()},
        ratios={} if splits is None else splits.ratios,
    )
