"""What the rows of a run were like, column by column, kept for the next run: `evolution` says what has changed.

What the distributions of a model's inputs were, for drift, is in `monitoring/profile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, factorize, text_of
from ml_lifecycle.dataset.schema_inference import InferenceLimits


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """What one column was like.

    Args:
        dtype: How it was stored.
        missing: Share of missing cells.
        low: Least number, if it holds numbers.
        high: Greatest number.
        categories: Rows by value, of text with few values.
    """

    dtype: str
    missing: float
    low: float | None = None
    high: float | None = None
    categories: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rows of a run were like, for the next run to compare with.

    Args:
        rows: How many there were.
        columns: By name.
    """

    rows: int
    columns: Mapping[str, ColumnSummary]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Profile:
        """What `to_dict` gave."""
        return cls(document["rows"], {name: ColumnSummary(**item) for name, item in document["columns"].items()})


def profile_rows(frame: pd.DataFrame, limits: InferenceLimits | None = None) -> Profile:
    """Say what rows are like: types, missing cells, ranges, categories.

    Args:
        frame: Rows.
        limits: Says how many values text may have to be categories.
    """
    limits = limits or InferenceLimits()
    ours = {ROW_ID, SPLIT}
    return Profile(
        len(frame), {str(name): _summarize(frame[name], limits) for name in frame.columns if name not in ours}
    )


def _summarize(values: pd.Series, limits: InferenceLimits) -> ColumnSummary:
    missing = float(values.isna().mean()) if len(values) else 0.0
    dtype = str(values.dtype)
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        return ColumnSummary(dtype, missing)
    if pd.api.types.is_numeric_dtype(values.dtype):
        finite = values[values.abs() < float("inf")]
        return ColumnSummary(dtype, missing) if finite.empty else _numbers(dtype, missing, finite)
    codes, distinct = factorize(values)
    if len(distinct) > limits.max_categories:
        return ColumnSummary(dtype, missing)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct)).tolist()
    named = zip(map(text_of, distinct), counts, strict=True)
    return ColumnSummary(dtype, missing, categories=dict(named))


def _numbers(dtype: str, missing: float, finite: pd.Series) -> ColumnSummary:
    return ColumnSummary(dtype, missing, float(finite.min()), float(finite.max()))
