"""The performance part of the monitoring section: when production performance counts as lost."""

from __future__ import annotations

from pydantic import Field

from ml_lifecycle.config.base import Section


class PerformanceConfig(Section):
    """When production performance counts as lost."""

    min_labels: int = Field(default=100, ge=10, description="Windows with fewer outcomes are estimated instead.")
    max_drop: float = Field(
        default=0.05, gt=0, description="Loss of the primary metric, as a share of its test value, that is acceptable."
    )
