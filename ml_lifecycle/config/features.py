"""The features section: how columns become numbers and which of them are kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


class SelectionConfig(Section):
    """Which features the model sees."""

    method: Literal["none", "gain", "mutual_info"] = Field(
        default="gain", description="How features are scored: LightGBM gain, mutual information, or not at all."
    )
    k: int | None = Field(default=None, ge=1, description="Keep at most this many; all that carry signal by default.")
    correlation_limit: float = Field(
        default=0.999, gt=0, le=1, description="Of two numeric features correlated above this, the weaker is dropped."
    )


class FeaturesConfig(Section):
    """From columns to numbers."""

    exclude: tuple[str, ...] = Field(default=(), description="Columns that are kept in the data but are not features.")
    datetime_parts: tuple[Literal["year", "month", "day", "weekday", "hour"], ...] = Field(
        default=("month", "weekday", "hour"), description="What is taken from a column of dates."
    )
    event_time_parts: bool = Field(
        default=False, description="Whether parts of the event time are features too (seasons, rush hours)."
    )
    max_categories: int = Field(
        default=200, ge=2, description="Categories kept per column, the most frequent ones; the others share one code."
    )
    selection: SelectionConfig = Field(default_factory=SelectionConfig, description="Which features are kept.")
