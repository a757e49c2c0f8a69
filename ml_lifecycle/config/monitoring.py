"""The monitoring section: windows, drift, delayed outcomes, and when to retrain."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.secrets import refuse_in_url
from ml_lifecycle.config.sources import SourceConfig


class OutcomesConfig(Section):
    """Where the truth about predictions arrives later."""

    source: SourceConfig = Field(description="Files with the outcomes.")
    id: str = Field(description="The column that names the row, same values as `dataset.id`.")
    outcome: str | None = Field(default=None, description="The column with the outcome; `brief.target` by default.")
    time: str = Field(description="The column that says when the outcome became known.")


class DriftConfig(Section):
    """When a difference from the training data counts as drift."""

    bins: int = Field(default=10, ge=2, le=100, description="Quantile bins of a numeric column.")
    false_alarm_rate: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Chance that a stable window is called drifted, over all columns together.",
    )
    min_effect: float = Field(
        default=0.1, ge=0, description="Population stability index below which a difference is too small to matter."
    )
    min_rows: int = Field(default=100, ge=10, description="Windows with fewer rows are not judged.")
    html: Literal["never", "on_drift", "always"] = Field(
        default="on_drift", description="When Evidently's HTML report is drawn (it takes seconds)."
    )
    html_rows: int = Field(default=2_000, ge=100, description="Rows that the HTML report is drawn from.")


class PerformanceConfig(Section):
    """When production performance counts as lost."""

    min_labels: int = Field(default=100, ge=10, description="Windows with fewer outcomes are estimated instead.")
    max_drop: float = Field(
        default=0.05, gt=0, description="Loss of the primary metric, as a share of its test value, that is acceptable."
    )


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


class AlertsConfig(Section):
    """Who is told."""

    webhook: str | None = Field(
        default=None,
        description="URL that alerts are posted to as JSON; secrets as `${NAME}`; `env:NAME` takes all of it from the "
        "environment.",
    )

    @field_validator("webhook")
    @classmethod
    def _no_secret_in_the_yaml(cls, value: str | None) -> str | None:
        if value is not None:
            refuse_in_url(value)
        return value


class MonitoringConfig(Section):
    """What is watched in production."""

    cadence: Literal["daily", "hourly"] = Field(default="daily", description="Length of a monitoring partition.")
    start: datetime = Field(
        default=datetime(2026, 1, 1),  # noqa: DTZ001 - times in tables carry no zone; they are read as UTC
        description="The first monitoring partition.",
    )
    window: int = Field(
        default=1, ge=1, description="Partitions that are judged together: the present one and those before."
    )
    outcomes: OutcomesConfig | None = Field(default=None, description="Where outcomes arrive.")
    drift: DriftConfig = Field(default_factory=DriftConfig, description="Drift gate.")
    performance: PerformanceConfig = Field(default_factory=PerformanceConfig, description="Performance gate.")
    retrain: RetrainConfig = Field(default_factory=RetrainConfig, description="Retraining.")
    alerts: AlertsConfig = Field(default_factory=AlertsConfig, description="Alerts.")
