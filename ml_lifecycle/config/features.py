"""The features section: how columns become numbers and which of them are kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section

DatetimePart = Literal[
    "year", "quarter", "month", "week", "day", "weekday", "hour", "minute", "is_weekend", "timestamp"
]


class SelectionConfig(Section):
    """Which features the model sees."""

    method: Literal["none", "gain", "mutual_info", "permutation", "l1", "rfe", "null_importance"] = Field(
        default="gain",
        description="How features are scored: LightGBM gain, mutual information, loss by permutation, L1 weights, "
        "recursive elimination, gain against shuffled targets, or not at all.",
    )
    k: int | None = Field(default=None, ge=1, description="Keep at most this many; all that carry signal by default.")
    correlation_limit: float = Field(
        default=0.999, gt=0, le=1, description="Of two numeric features correlated above this, the weaker is dropped."
    )
    stability_folds: int = Field(
        default=0,
        ge=0,
        description="Select again without each of so many folds and tell how often each feature is kept.",
    )


class ColumnFeatureConfig(Section):
    """How one column becomes features; what is left out is decided by the column's type."""

    encode: Literal["number", "codes", "one_hot", "target", "frequency", "hash", "datetime", "text", "drop"] | None = (
        Field(
            default=None,
            description="`codes` (LightGBM's categories, with a code for unknown), `one_hot`, `target` (mean target, "
            "out of fold in training), `frequency`, `hash`, `number`, `datetime`, `text` (length, words, TF-IDF and "
            "SVD), `drop`.",
        )
    )
    impute: Literal["none", "mean", "median", "zero", "most_frequent"] = Field(
        default="none",
        description="What stands in for a missing number; with `none` it stays missing, as LightGBM likes.",
    )
    scale: Literal["none", "standard", "robust", "minmax"] = Field(
        default="none", description="Numbers: brought to one scale."
    )
    log: bool = Field(default=False, description="Numbers: sign(x) * log(1 + |x|) instead of x.")
    bins: int | None = Field(default=None, ge=2, description="Numbers: the number of the quantile bin instead of x.")
    clip: tuple[float, ...] | None = Field(
        default=None,
        min_length=2,
        max_length=2,
        description="Numbers: kept between these quantiles of the training rows.",
    )
    missing_flag: bool = Field(default=False, description="A further feature: 1 where the cell is missing.")
    parts: tuple[DatetimePart, ...] = Field(
        default=(), description="Dates: what is taken; `datetime_parts` by default."
    )
    cyclic: bool = Field(default=False, description="Dates: sine and cosine of each part that comes round again.")
    buckets: int = Field(default=32, ge=2, description="Hash: how many features.")
    components: int = Field(default=8, ge=1, description="Text: components of the SVD.")
    smoothing: float = Field(default=20.0, ge=0, description="Target: rows that the overall mean counts for.")


class RatioConfig(Section):
    """One column divided by another."""

    numerator: str = Field(description="A column of numbers.")
    denominator: str = Field(description="A column of numbers; where it is 0 the ratio is missing.")
    name: str | None = Field(
        default=None, description="The feature's name; `<numerator>_per_<denominator>` by default."
    )


class HistoryConfig(Section):
    """What an entity has done before: looks only at rows of the same entity with an earlier event time."""

    column: str = Field(description="A column of numbers.")
    lags: tuple[int, ...] = Field(default=(), description="The value so many rows of the entity ago: `[1, 2, 7]`.")
    windows: tuple[str, ...] = Field(
        default=(), description="Spans before the row, such as `7d`; `all` for all before."
    )
    statistics: tuple[Literal["mean", "sum", "min", "max", "std", "count"], ...] = Field(
        default=("mean",), description="What is taken over each window."
    )
    by: str | None = Field(default=None, description="The entity; `dataset.entity` by default.")

    @model_validator(mode="after")
    def _something_asked(self) -> HistoryConfig:
        if not self.lags and not self.windows:
            msg = "expected `lags`, `windows` or both, got neither"
            raise ValueError(msg)
        return self


class StoreConfig(Section):
    """The feature store (Feast): features by entity and time, for training sets and for look-up when serving."""

    enabled: bool = Field(default=False, description="Whether features are stored; needs the extra `feast`.")
    name: str | None = Field(default=None, description="Name of the feature view; the project's by default.")
    columns: tuple[str, ...] = Field(
        default=(), description="Columns that are stored; all features' columns by default."
    )
    ttl_days: float | None = Field(default=None, gt=0, description="Values older than this are not given out.")
    online: str = Field(
        default="sqlite",
        description="The online store: `sqlite`, or a URL `redis://...` or `postgresql://...`, password as `${NAME}`.",
    )


class FeaturesConfig(Section):
    """From columns to numbers."""

    exclude: tuple[str, ...] = Field(default=(), description="Columns that are kept in the data but are not features.")
    datetime_parts: tuple[DatetimePart, ...] = Field(
        default=("month", "weekday", "hour"), description="What is taken from a column of dates."
    )
    event_time_parts: bool = Field(
        default=False, description="Whether parts of the event time are features too (seasons, rush hours)."
    )
    max_categories: int = Field(
        default=200, ge=2, description="Categories kept per column, the most frequent ones; the others share one code."
    )
    columns: dict[str, ColumnFeatureConfig] = Field(
        default_factory=dict, description="How single columns become features, by column."
    )
    crosses: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Columns whose values together are one category: `[[city, weekday]]`."
    )
    ratios: tuple[RatioConfig, ...] = Field(default=(), description="Columns divided by one another.")
    history: tuple[HistoryConfig, ...] = Field(
        default=(), description="Lags and windows over earlier rows of an entity."
    )
    functions: tuple[str, ...] = Field(
        default=(),
        description="Python functions `module:function` that take the frame and give further columns, row by row.",
    )
    selection: SelectionConfig = Field(default_factory=SelectionConfig, description="Which features are kept.")
    store: StoreConfig = Field(default_factory=StoreConfig, description="The feature store.")
