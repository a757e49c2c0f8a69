"""The dataset section: which columns have a role, how rows are collected, and what is done about rare classes.

Sources, cleaning, labels, splits and risks have a module each.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.cleaning import CleaningConfig
from ml_lifecycle.config.labeling import LabelingConfig
from ml_lifecycle.config.risks import RisksConfig
from ml_lifecycle.config.sources import JoinConfig, SourceConfig
from ml_lifecycle.config.splits import SplitConfig

__all__ = ["AugmentationConfig", "DatasetConfig", "SourceConfig", "SplitConfig"]


class AugmentationConfig(Section):
    """What is done about rare classes, in the training rows of a fold only; validation and test are never touched."""

    method: Literal["none", "class_weight", "over", "under", "smote"] = Field(
        default="none",
        description="`class_weight` weighs rare classes more, `over` and `under` draw rows again or leave rows out, "
        "`smote` makes rows between neighbours (SMOTENC where there are categories).",
    )
    ratio: float = Field(
        default=1.0, gt=0, le=1, description="Rows of the rarest class for each of the most frequent one afterwards."
    )
    neighbours: int = Field(default=5, ge=1, description="SMOTE: neighbours that a new row may lie between.")


class DatasetConfig(Section):
    """Rows: where they come from and which of their columns have a role."""

    sources: tuple[SourceConfig, ...] = Field(
        min_length=1, description="Where the rows are read from, one below the other."
    )
    joins: tuple[JoinConfig, ...] = Field(default=(), description="Further sources whose columns are added, in order.")
    incremental: Literal["none", "file", "event_time"] = Field(
        default="none",
        description="`file` reads only files that are new or changed since the last collection, `event_time` only rows "
        "that are newer; the rest is taken from the lake.",
    )
    cleaning: CleaningConfig = Field(
        default_factory=CleaningConfig, description="What is mended before rows are judged."
    )
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
    labeling: LabelingConfig | None = Field(default=None, description="Rules that guess labels that are not known.")
    split: SplitConfig = Field(default_factory=SplitConfig, description="Train, validation and test.")
    augmentation: AugmentationConfig = Field(
        default_factory=AugmentationConfig, description="Rare classes, in the training rows."
    )
    risks: RisksConfig = Field(default_factory=RisksConfig, description="Leakage and other findings.")

    @model_validator(mode="after")
    def _time_keys_go_together(self) -> DatasetConfig:
        for key in ("outcome_time", "until"):
            if getattr(self, key) is not None and self.event_time is None:
                msg = f"expected `event_time` beside `{key}`, got none: name the column that says when a row happened"
                raise ValueError(msg)
        if self.incremental == "event_time" and self.event_time is None:
            msg = "expected `event_time` beside `incremental: event_time`, got none: name the column, or choose `file`"
            raise ValueError(msg)
        return self
