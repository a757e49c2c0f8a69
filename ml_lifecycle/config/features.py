"""The features section: how columns become numbers and which of them are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.secrets import refuse_in_url

#: The encodings that look at an option.
_OPTIONS = {
    "parts": {"datetime"},
    "cyclic": {"datetime"},
    "buckets": {"hash"},
    "components": {"text"},
    "vocabulary": {"text"},
    "smoothing": {"target"},
    "folds": {"target"},
}
_ONLINE_SCHEMES = ("redis", "rediss", "postgresql", "postgres")

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
    stability: bool = Field(
        default=False,
        description="Select again on the training rows of each of dataset.split.folds, and tell how often each feature "
        "is kept.",
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
        description="What stands in for a missing number; with `none` it stays missing, as LightGBM likes. Then come, "
        "in this order, `clip`, `log`, and `scale` or `bins`.",
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
    cyclic: bool = Field(
        default=False, description="Dates: besides the parts, sine and cosine of each that comes round again."
    )
    buckets: int = Field(default=32, ge=2, description="Hash: how many features.")
    components: int = Field(default=8, ge=1, description="Text: components of the SVD.")
    vocabulary: int = Field(default=5000, ge=2, description="Text: how many terms are known, the most usual ones.")
    smoothing: float = Field(default=20.0, ge=0, description="Target: rows that the overall mean counts for.")
    folds: int = Field(
        default=5,
        ge=2,
        description="Target: a training row is encoded by the other folds of so many, never by its own.",
    )

    @property
    def prepares_numbers(self) -> bool:
        """Whether anything is done to a number before it is a feature."""
        plain = self.impute == self.scale == "none" and not self.log
        return not plain or self.bins is not None or self.clip is not None

    @model_validator(mode="after")
    def _options_fit(self) -> ColumnFeatureConfig:
        if self.encode not in {None, "number"} and self.prepares_numbers:
            msg = f"expected impute, scale, log, bins and clip with `encode: number` only, got `encode: {self.encode}`"
            raise ValueError(msg)
        idle = [
            name
            for name, encodings in _OPTIONS.items()
            if name in self.model_fields_set and self.encode not in encodings
        ]
        if idle and self.encode is not None:
            msg = f"expected options of `encode: {self.encode}` only, got {' and '.join(f'`{name}`' for name in idle)}"
            raise ValueError(msg)
        if self.bins is not None and self.scale != "none":
            msg = "expected `bins` or `scale`, got both: a bin has a number, which nothing is gained by scaling"
            raise ValueError(msg)
        if self.clip is not None and not 0 <= self.clip[0] < self.clip[1] <= 1:
            msg = f"expected two rising quantiles between 0 and 1 for `clip`, got {list(self.clip)}"
            raise ValueError(msg)
        return self


class RatioConfig(Section):
    """One column divided by another."""

    numerator: str = Field(description="A column of numbers.")
    denominator: str = Field(description="A column of numbers; where it is 0 the ratio is missing.")
    name: str | None = Field(
        default=None, description="The feature's name; `<numerator>_per_<denominator>` by default."
    )


class HistoryConfig(Section):
    """What an entity has done before: looks only at rows of the same entity with an earlier event time."""

    column: str = Field(
        description="A column of numbers. The target and columns under `dataset.drop` need `dataset.outcome_time`: "
        "only what was known by the time of the row is used."
    )
    lags: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(), description="The value so many rows of the entity ago: `[1, 2, 7]`."
    )
    windows: tuple[Annotated[str, Field(pattern=r"^([1-9]\d*(s|m|h|d|w)|all)$")], ...] = Field(
        default=(), description="Spans before the row, such as `7d` (s, m, h, d or w); `all` for all before."
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
    version: int | None = Field(
        default=None, ge=1, description="Its version; by default the newest of this form, else the one after it."
    )
    columns: tuple[str, ...] = Field(
        default=(), description="Columns that are stored; all features' columns by default."
    )
    ttl_days: float | None = Field(default=None, gt=0, description="Values older than this are not given out.")
    created: str | None = Field(
        default=None,
        description="The column that says when a row was known here, where that is later than its event: before it the "
        "row's values are not given out.",
    )
    check_rows: int = Field(
        default=500, ge=1, description="Rows of a training set that are compared with a plain search of the source."
    )
    online: str = Field(
        default="sqlite",
        description="The online store: `sqlite`, or a URL `redis://...` or `postgresql://...`, password as `${NAME}`.",
    )

    @field_validator("online")
    @classmethod
    def _no_password_in_the_yaml(cls, value: str) -> str:
        refuse_in_url(value)
        return value

    @field_validator("online")
    @classmethod
    def _a_store_that_is_known(cls, value: str) -> str:
        scheme, separator, _ = value.partition("://")
        if value != "sqlite" and not (separator and scheme in _ONLINE_SCHEMES):
            msg = "expected `sqlite` or a URL redis://..., rediss://... or postgresql://..."
            raise ValueError(msg)
        return value


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
        description="Python functions `module:function` that give further columns, row by row; what they read is said "
        "by `@reads(...)` of `ml_lifecycle.features.derived.functions`.",
    )
    selection: SelectionConfig = Field(default_factory=SelectionConfig, description="Which features are kept.")
    store: StoreConfig = Field(default_factory=StoreConfig, description="The feature store.")
