"""The operations part of the monitoring section: service levels, and what is thrown away after how long."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.cron import find_cron_fault


class OperationsConfig(Section):
    """Service levels of the project itself. The limits of latency are those of `brief.constraints`."""

    period_days: int = Field(default=30, ge=1, description="Days before a window's end that its levels look at.")
    min_events: int = Field(
        default=5, ge=1, description="Shares and percentiles of fewer events than this are not judged."
    )
    training_success: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="Share of trainings that must end with an answer: a model, or a gate that refuses one. Crashes do "
        "not; cancelled runs are not counted.",
    )
    deployment_success: float = Field(
        default=0.99,
        gt=0,
        le=1,
        description="Share of deployments that must hold: the step does not break, and the version is not rolled back.",
    )
    uptime: float = Field(
        default=0.99,
        gt=0,
        le=1,
        description="Share of the time since the server's first start that it must answer; planned stops do not count.",
    )
    detection_hours: float = Field(
        default=24.0, gt=0, description="Longest time from the end of the first window with drift to its judgement."
    )
    deployment_hours: float = Field(
        default=4.0, gt=0, description="Longest time from the trigger of a retraining to its version in production."
    )
    cost: float | None = Field(
        default=None,
        ge=0,
        description="Most that the trainings of a period may cost, in the money of `modeling.price_per_core_hour`.",
    )


class HousekeepingConfig(Section):
    """How long what a project writes is kept. Nothing that a registered version or a latest result needs ever goes."""

    versions_days: int | None = Field(
        default=None,
        ge=1,
        description="Days after which versions of tables and files in the lake are deleted that no latest result and "
        "no registered version needs; by default as `runs_days`, and all are kept without either.",
    )
    lineage: Literal["registered", "deployed"] = Field(
        default="registered",
        description="The data of which versions of the model are kept for good: of all that were registered, or only "
        "of those that were in production or still wait.",
    )
    runs_days: int | None = Field(
        default=None, ge=1, description="Days after which Dagster's runs are deleted; none are by default."
    )
    runs_kept: int = Field(default=20, ge=1, description="Newest runs of each job that are kept whatever their age.")
    windows_days: int = Field(
        default=400,
        ge=1,
        description="Days for which the run that judged a window last is kept, where `runs_days` is set; the tables in "
        "the lake stay.",
    )
    mlflow_days: int | None = Field(
        default=None,
        ge=1,
        description="Days after which runs in MLflow are deleted, with what lies beside them, that no registered "
        "version and no kept run of Dagster names; none are by default.",
    )
    predictions_days: int | None = Field(
        default=None,
        ge=1,
        description="Days after which predictions and their outcomes are deleted for good, in the database and in the "
        "archive: monitoring and learning no longer see them. None are by default.",
    )
    grace_hours: float = Field(
        default=24.0, ge=0, description="Hours for which a file is left alone that nothing names: it may be under way."
    )
    cron: str = Field(default="30 4 * * 0", description="When the housekeeping schedule runs, once it is started.")

    @property
    def deletes(self) -> bool:
        """Whether anything is ever deleted."""
        days = (self.lake_days, self.runs_days, self.mlflow_days, self.predictions_days)
        return any(item is not None for item in days)

    @property
    def lake_days(self) -> int | None:
        """Days after which old versions in the lake go: nobody can name them without the run that wrote them."""
        return self.runs_days if self.versions_days is None else self.versions_days

    @model_validator(mode="after")
    def _keeps_what_names_what(self) -> Self:
        """A run says which versions of tables are whose: it must not go before them."""
        if self.runs_days is not None and (self.versions_days or 0) > self.runs_days:
            msg = f"runs name the versions in the lake: set versions_days ({self.versions_days}) to at most runs_days"
            raise ValueError(msg)
        if self.runs_days is not None and self.windows_days < self.runs_days:
            msg = f"windows_days ({self.windows_days}) is shorter than runs_days ({self.runs_days}): raise it"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _cron_is_one(self) -> Self:
        fault = find_cron_fault(self.cron)
        if fault:
            msg = f"expected minute, hour, day of the month, month and day of the week, got {fault} in {self.cron!r}"
            raise ValueError(msg)
        return self
