"""The monitoring section: windows and delayed outcomes. Its parts lie in modules of their own."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, model_validator

from ml_lifecycle.config.alerts import AlertsConfig
from ml_lifecycle.config.base import Section
from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.config.improvement import ImprovementConfig
from ml_lifecycle.config.operations import HousekeepingConfig, OperationsConfig
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.config.quality import QualityConfig
from ml_lifecycle.config.retraining import RetrainConfig
from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.config.window_length import Cadence, WindowLength, read_window_length


class OutcomesConfig(Section):
    """Where the truth about predictions arrives later."""

    source: SourceConfig = Field(description="Files with the outcomes.")
    id: str = Field(description="The column that names the row, same values as `dataset.id`.")
    outcome: str | None = Field(default=None, description="The column with the outcome; `brief.target` by default.")
    time: str = Field(description="The column that says when the outcome became known.")


class MonitoringConfig(Section):
    """What is watched in production."""

    cadence: Cadence = Field(default="daily", description="Length of a monitoring partition.")
    start: datetime = Field(
        default=datetime(2026, 1, 1),  # noqa: DTZ001 - times in tables carry no zone; they are read as UTC
        description="The first monitoring partition.",
    )
    window: int | str = Field(
        default=1,
        description="What is judged together: so many partitions, the present one and those before, such as `7`; or "
        "`7 days`, `24 hours`, or `1000 rows`, the last ones up to the partition's end.",
    )
    late_windows: int = Field(
        default=400,
        ge=0,
        description="Most windows that are judged again at once when their outcomes come late; 0 judges none again.",
    )
    catch_up_windows: int = Field(
        default=100,
        ge=0,
        description="Most windows that a tick of the monitor schedule catches up on, beside the one that has just "
        "closed.",
    )
    outcomes: OutcomesConfig | None = Field(default=None, description="Where outcomes arrive.")
    drift: DriftConfig = Field(default_factory=DriftConfig, description="Drift gate.")
    performance: PerformanceConfig = Field(default_factory=PerformanceConfig, description="Performance gate.")
    retrain: RetrainConfig = Field(default_factory=RetrainConfig, description="Retraining.")
    improvement: ImprovementConfig = Field(
        default_factory=ImprovementConfig, description="The report on what to try next."
    )
    alerts: AlertsConfig = Field(default_factory=AlertsConfig, description="Alerts.")
    quality: QualityConfig = Field(default_factory=QualityConfig, description="Data quality in production.")
    operations: OperationsConfig = Field(default_factory=OperationsConfig, description="Service levels.")
    housekeeping: HousekeepingConfig = Field(default_factory=HousekeepingConfig, description="What is kept how long.")

    @property
    def length(self) -> WindowLength:
        """How much is judged together."""
        return read_window_length(self.window, self.cadence)

    @model_validator(mode="after")
    def _window_is_a_length(self) -> MonitoringConfig:
        read_window_length(self.window, self.cadence)
        return self
