"""The dataset section: where rows come from, which columns have a role, how rows are validated and divided."""

from __future__ import annotations

from datetime import datetime
from math import isclose
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.base import Section


class SourceConfig(Section):
    """A file, or a pattern of files that are read one below the other."""

    path: str = Field(
        min_length=1,
        description="A file or a glob pattern; relative to the project root, `{home}` stands for the state folder.",
    )
    format: Literal["auto", "csv", "parquet"] = Field(
        default="auto", description="`auto` decides by the file's name: .parquet/.pq or else CSV (.gz too)."
    )
    separator: str | None = Field(default=None, description="CSV: the separator; found out by itself when not given.")
    encoding: str = Field(default="utf-8", description="CSV: the text encoding.")
    missing_values: tuple[str, ...] = Field(
        default=(), description='Codes that mean "missing" besides the empty cell, such as `"?"`.'
    )


class SplitConfig(Section):
    """How rows are divided into train, validation and test."""

    method: Literal["auto", "random", "time", "group"] = Field(
        default="auto",
        description="`random` (stratified by class), `time` (oldest rows train), `group` (whole groups stay together); "
        "`auto` takes group for ranking or where a group is named, time where an event time is named, else random.",
    )
    fractions: tuple[float, ...] = Field(
        default=(0.7, 0.15, 0.15),
        min_length=3,
        max_length=3,
        description="Shares of train, validation and test; they sum to 1.",
    )
    gap_days: float = Field(
        default=0.0, ge=0, description="Time split: days left out before validation and before test (label delay)."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the hash that places a row or a group.")

    @field_validator("fractions")
    @classmethod
    def _fractions_sum_to_one(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if min(value) <= 0 or not isclose(sum(value), 1):
            msg = f"expected three positive shares that sum to 1, such as [0.7, 0.15, 0.15], got {list(value)}"
            raise ValueError(msg)
        return value


class DatasetConfig(Section):
    """Rows: where they come from and which of their columns have a role."""

    sources: tuple[SourceConfig, ...] = Field(min_length=1, description="Where the rows are read from.")
    schema_file: str = Field(
        default="schema.yaml", description="The pandera schema, relative to the folder of defs.yaml."
    )
    id: str | None = Field(default=None, description="A column that names a row uniquely, if there is one.")
    event_time: str | None = Field(default=None, description="When the row happened, known at prediction time.")
    outcome_time: str | None = Field(
        default=None,
        description="When the target became known. Rows whose outcome is not known yet are not learnt from; "
        "never a feature.",
    )
    entity: str | None = Field(default=None, description="Whom the row is about (a customer); never a feature.")
    group: str | None = Field(
        default=None,
        description="Rows with the same value stay in one split; the query id in ranking; never a feature.",
    )
    drop: tuple[str, ...] = Field(
        default=(), description="Columns that are not used, such as those that leak the target."
    )
    until: datetime | None = Field(
        default=None, description="Only rows whose event time lies before this are used for the first model."
    )
    include_production: bool = Field(
        default=True, description="Retraining also learns from production rows whose outcome has become known."
    )
    quarantine_share: float = Field(
        default=0.05, ge=0, le=1, description="The run stops when more than this share of rows breaks the schema."
    )
    max_age_days: float | None = Field(
        default=None, gt=0, description="Warn when the newest row is older than this at the time of the run."
    )
    split: SplitConfig = Field(default_factory=SplitConfig, description="Train, validation and test.")

    @model_validator(mode="after")
    def _time_keys_go_together(self) -> DatasetConfig:
        for key in ("outcome_time", "until"):
            if getattr(self, key) is not None and self.event_time is None:
                msg = f"expected `event_time` beside `{key}`, got none: name the column that says when a row happened"
                raise ValueError(msg)
        return self
