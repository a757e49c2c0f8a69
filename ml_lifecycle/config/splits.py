"""How rows are divided into train, validation and test, and the training rows into folds."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isclose
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.base import Section


class FoldsConfig(Section):
    """How the training rows are divided again where something is judged by cross-validation."""

    method: Literal["auto", "random", "group", "stratified_group", "rolling", "purged"] = Field(
        default="auto",
        description="`random` (stratified), `group`, `stratified_group`, `rolling` (each fold is judged on the time "
        "after its training rows), `purged` (blocks of time, the rows around each left out); `auto` follows the split.",
    )
    n: int = Field(default=5, ge=2, description="Number of folds.")
    gap_days: float = Field(
        default=0.0, ge=0, description="Rolling and purged: days left out between the two sides (label delay, embargo)."
    )


class SplitConfig(Section):
    """How rows are divided into train, validation and test."""

    method: Literal["auto", "random", "time", "group", "stratified_group"] = Field(
        default="auto",
        description="`random` (stratified by class), `time` (oldest rows train), `group` (whole groups stay together), "
        "`stratified_group` (and the classes keep their shares as nearly as can be); `auto` takes group for ranking or "
        "where a group is named, time where an event time is named, else random.",
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
    validation_from: datetime | None = Field(
        default=None,
        description="Time split: validation begins here, whatever rows come later, so that no row changes side; in UTC "
        "where no offset is given; with `test_from`.",
    )
    test_from: datetime | None = Field(default=None, description="Time split: the test begins here.")
    seed: int = Field(default=0, ge=0, description="Seed of the hash that places a row or a group.")
    folds: FoldsConfig = Field(default_factory=FoldsConfig, description="Cross-validation inside the training rows.")

    @field_validator("fractions")
    @classmethod
    def _fractions_sum_to_one(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if min(value) <= 0 or not isclose(sum(value), 1):
            msg = f"expected three positive shares that sum to 1, such as [0.7, 0.15, 0.15], got {list(value)}"
            raise ValueError(msg)
        return value

    @field_validator("validation_from", "test_from")
    @classmethod
    def _borders_are_in_utc(cls, value: datetime | None) -> datetime | None:
        return value if value is None or value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)

    @model_validator(mode="after")
    def _borders_go_together(self) -> SplitConfig:
        if (self.validation_from is None) != (self.test_from is None):
            msg = "expected `validation_from` and `test_from` together, got one of them"
            raise ValueError(msg)
        if self.validation_from is not None and self.test_from is not None and self.validation_from >= self.test_from:
            msg = f"expected `validation_from` before `test_from`, got {self.validation_from} and {self.test_from}"
            raise ValueError(msg)
        if self.gap_days and self.method == "random":
            msg = "expected `gap_days` with a split by time only, got it with `method: random`, which has no borders"
            raise ValueError(msg)
        return self
