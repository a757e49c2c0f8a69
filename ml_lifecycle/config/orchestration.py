"""The orchestration section: how Dagster runs the project."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


class OrchestrationConfig(Section):
    """Executor and schedules."""

    executor: Literal["in_process", "multiprocess"] = Field(
        default="in_process",
        description="`in_process` runs the steps one after the other in the run's process; `multiprocess` pays a new "
        "process per step and runs independent steps side by side.",
    )
    monitor_cron: str | None = Field(
        default=None,
        description="When the monitor job runs for the window that closed; by default a quarter of an hour after it "
        "has, daily or hourly as `monitoring.cadence` says.",
    )
    retrain_cron: str | None = Field(default=None, description="When to retrain regardless of drift; never by default.")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags on every asset and job of the project.")
