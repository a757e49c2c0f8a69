"""The drift part of the monitoring section: when a difference from the training data counts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


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
