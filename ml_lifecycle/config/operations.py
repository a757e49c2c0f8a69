"""The operations part of the monitoring section: service levels, and what is thrown away after how long."""

from __future__ import annotations

from pydantic import Field

from ml_lifecycle.config.base import Section


class OperationsConfig(Section):
    """Service levels of the project itself."""

    training_success: float = Field(default=0.95, gt=0, le=1, description="Share of trainings that must end well.")


class HousekeepingConfig(Section):
    """How long what a project writes is kept."""

    runs_days: int | None = Field(
        default=None, ge=1, description="Days after which Dagster's runs are deleted; none are by default."
    )
