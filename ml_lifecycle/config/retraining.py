"""The retrain part of the monitoring section: when findings start a retraining."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section


class RetrainConfig(Section):
    """When findings start a retraining."""

    enabled: bool = Field(default=True, description="Whether the sensor may start a retraining.")
    triggers: tuple[Literal["drift", "performance"], ...] = Field(
        default=("drift", "performance"), description="Which findings count."
    )
    windows_needed: int = Field(default=2, ge=1, description="k: so many of the last n windows must have a finding.")
    windows_considered: int = Field(default=3, ge=1, description="n: the last windows that are looked at.")
    cooldown_windows: int = Field(default=7, ge=0, description="Windows after a retraining in which none is started.")
    min_new_labels: int = Field(
        default=300,
        ge=0,
        description="Outcomes that must have come since the last training; without, it learns nothing.",
    )
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
