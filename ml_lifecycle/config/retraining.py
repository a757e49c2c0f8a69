"""The retrain part of the monitoring section: when findings start a retraining."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section


class RetrainBudget(Section):
    """How many trainings a stretch of time may cost."""

    runs: int = Field(ge=1, description="So many retrainings at most.")
    days: int = Field(default=30, ge=1, description="In so many days up to now.")


class RetrainPriority(Section):
    """The place of a retraining in Dagster's queue; higher starts first. The highest of its reasons counts."""

    performance: int = Field(default=10, description="Performance is lost.")
    concept_drift: int = Field(default=10, description="The losses say that the relation to the target has changed.")
    drift: int = Field(default=0, description="The inputs or the output have moved.")
    schedule: int = Field(default=-10, description="The calendar says so.")
    new_rows: int = Field(default=-10, description="Enough new rows have come.")


class RetrainConfig(Section):
    """When findings start a retraining."""

    enabled: bool = Field(default=True, description="Whether the sensor may start a retraining.")
    triggers: tuple[Literal["drift", "performance", "concept_drift"], ...] = Field(
        default=("drift", "performance", "concept_drift"), description="Which findings count."
    )
    on_drift_alone: Literal["retrain", "warn"] = Field(
        default="retrain",
        description="What follows where drift is found in enough windows and no loss of performance in any of them.",
    )
    windows_needed: int = Field(default=2, ge=1, description="k: so many of the last n windows must have a finding.")
    windows_considered: int = Field(default=3, ge=1, description="n: the last windows that are looked at.")
    cooldown_windows: int = Field(
        default=3,
        ge=0,
        description="Windows after a retraining in which none is started: 3 means at most every fourth window.",
    )
    min_new_labels: int = Field(
        default=50,
        ge=0,
        description="Outcomes that must have come since the last training; without, it learns nothing.",
    )
    new_rows: int | None = Field(
        default=None, ge=1, description="So many new outcomes are a reason to retrain on their own; never by default."
    )
    alpha: float | None = Field(
        default=0.2,
        gt=0,
        le=0.5,
        description="Chance of promoting a challenger that is not better, in a retraining: 0.2 asks for a gain that is "
        "80 % sure. A retraining answers a finding against the champion and has few new rows to prove itself on, so "
        "that waiting for 95 % costs more than it saves. null: evaluation.comparison.alpha, like any other candidate.",
    )
    budget: RetrainBudget | None = Field(default=None, description="Most retrainings in a stretch of time.")
    priority: RetrainPriority = Field(default_factory=RetrainPriority, description="Place in the queue, by reason.")
    max_attempts: int = Field(
        default=2, ge=1, description="Failed retrainings per finding before it is left to people."
    )

    @model_validator(mode="after")
    def _needed_fit_considered(self) -> RetrainConfig:
        if self.windows_needed > self.windows_considered:
            msg = (
                f"expected windows_needed of at most windows_considered ({self.windows_considered}), "
                f"got {self.windows_needed}"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _new_rows_are_enough_to_learn_from(self) -> RetrainConfig:
        if self.new_rows is not None and self.new_rows < self.min_new_labels:
            msg = (
                f"expected new_rows of at least min_new_labels ({self.min_new_labels}), got {self.new_rows}: fewer "
                "would be a reason that is always refused"
            )
            raise ValueError(msg)
        return self
