"""How rows are cleaned before they are held against the schema. Each step is row by row, so that serving does the same.

Duplicates alone look at several rows; they are a matter of the table and are not looked for when serving.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section

EVERY_COLUMN: Final = "*"
"""Stands for every column among the missing-value codes."""


class DuplicatesConfig(Section):
    """Which of several equal rows is kept."""

    method: Literal["none", "exact", "key"] = Field(
        default="none",
        description="`exact` keeps one of rows that are equal in every column, `key` the latest of those with one key; "
        "`none` by default, since some tables repeat rightly.",
    )
    key: tuple[str, ...] = Field(default=(), description="The columns of the key.")
    order_by: str | None = Field(
        default=None, description="What `latest` goes by: this column, else the event time, else the order of the rows."
    )

    @model_validator(mode="after")
    def _key_where_it_is_asked_for(self) -> DuplicatesConfig:
        if (self.method == "key") != bool(self.key):
            msg = f"expected columns under `key` with method `key` and none else, got {list(self.key)}"
            raise ValueError(msg)
        return self


class OutlierConfig(Section):
    """Which numbers of a column are too far out, and what becomes of them."""

    low: float | None = Field(default=None, description="The least number that is believed.")
    high: float | None = Field(default=None, description="The greatest number that is believed.")
    action: Literal["quarantine", "clip", "missing"] = Field(
        default="quarantine",
        description="`quarantine` sets the row aside, `clip` takes the bound, `missing` empties the cell.",
    )

    @model_validator(mode="after")
    def _some_bound(self) -> OutlierConfig:
        if self.low is None and self.high is None:
            msg = "expected `low`, `high` or both, got neither"
            raise ValueError(msg)
        if self.low is not None and self.high is not None and self.low > self.high:
            msg = f"expected `low` not above `high`, got {self.low} and {self.high}"
            raise ValueError(msg)
        return self


class UnitConfig(Section):
    """A number in another unit, or as text with signs around it: `value * factor + offset`."""

    factor: float = Field(default=1.0, description="What a number is multiplied by.")
    offset: float = Field(default=0.0, description="What is then added.")
    strip: tuple[str, ...] = Field(
        default=(),
        description='Signs that are taken out of text before it is read as a number, such as `"$"` or `","`.',
    )


class CleaningConfig(Section):
    """What is mended before rows are judged; nothing by default."""

    duplicates: DuplicatesConfig = Field(default_factory=DuplicatesConfig, description="Equal rows.")
    missing_values: dict[str, tuple[str | int | float, ...]] = Field(
        default_factory=dict,
        description='Codes that mean "missing", by column, `"*"` for every column: `?`, 999, `unknown`.',
    )
    types: dict[str, Literal["integer", "number", "text", "boolean", "time"]] = Field(
        default_factory=dict,
        description="What the cells of a column are read as before the schema sees them: `text` keeps what a CSV says, "
        "zeros in front too; `boolean` reads true and false, yes and no, y and n, on and off, 1 and 0, ja and nein, "
        "oui and non, whatever their case.",
    )
    day_first: tuple[str, ...] = Field(
        default=(),
        description="Columns under `types: time` that write the day before the month; each cell says it for itself "
        "only where the day is above 12.",
    )
    units: dict[str, UnitConfig] = Field(
        default_factory=dict, description="Numbers brought to another unit, by column."
    )
    outliers: dict[str, OutlierConfig] = Field(default_factory=dict, description="Numbers too far out, by column.")

    @model_validator(mode="after")
    def _types_fit(self) -> CleaningConfig:
        for key, columns, fitting in (
            ("day_first", set(self.day_first), {"time"}),
            ("units", self.units.keys() & self.types, {"integer", "number"}),
            ("outliers", self.outliers.keys() & self.types, {"integer", "number"}),
        ):
            for column in sorted(columns):
                if self.types.get(column) not in fitting:
                    msg = f"expected the type {' or '.join(sorted(fitting))} for {column!r}, which is under `{key}`"
                    raise ValueError(f"{msg}, got {self.types.get(column) or 'none'}")
        return self
