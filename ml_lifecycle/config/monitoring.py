"""The monitoring section: windows and delayed outcomes. Its parts lie in modules of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ml_lifecycle.config.alerts import AlertsConfig
from ml_lifecycle.config.base import Section
from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.config.operations import HousekeepingConfig, OperationsConfig
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.config.quality import QualityConfig
from ml_lifecycle.config.retraining import RetrainConfig
from ml_lifecycle.config.sources import SourceConfig


class OutcomesConfig(Section):
    """Where the truth about predictions arrives later."""

    source: SourceConfig = Field(description="Files with the outcomes.")
    id: str = Field(description="The column that names the row, same values as `dataset.id`.")
    outcome: str | None = Field(default=None, description="The column with the outcome; `brief.target` by default.")
    time: str = Field(description="The column that says when the outcome became known.")


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
    quality: QualityConfig = Field(default_factory=QualityConfig, description="Data quality in production.")
    operations: OperationsConfig = Field(default_factory=OperationsConfig, description="Service levels.")
    housekeeping: HousekeepingConfig = Field(default_factory=HousekeepingConfig, description="What is kept how long.")
