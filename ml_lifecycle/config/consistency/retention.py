"""What is kept, and for how long, must last for all who read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml_lifecycle.config.consistency.conflict import Conflict

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig

_WHERE = "monitoring.housekeeping"


def find_retention_conflicts(project: ProjectConfig) -> Iterator[Conflict]:
    """Records that would be deleted before they are read: runs and predictions."""
    kept, period = project.monitoring.housekeeping, project.monitoring.operations.period_days
    if kept.runs_days is not None and kept.runs_days < period:
        expected = f"at least the {period} days of monitoring.operations.period_days, which are judged by runs"
        yield Conflict(f"{_WHERE}.runs_days", expected, str(kept.runs_days), "raise it, or shorten the period")
    if kept.predictions_days is None:
        return
    archived = project.serving.archive_after_days or 0
    needed = max(period, archived + 1)
    if kept.predictions_days < needed:
        expected = f"at least {needed} days: the levels of operations look at {period}, the database keeps {archived}"
        yield Conflict(f"{_WHERE}.predictions_days", expected, str(kept.predictions_days), "raise it")
