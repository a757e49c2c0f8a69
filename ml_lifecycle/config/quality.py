"""The quality part of the monitoring section: schema violations, volume, freshness and latency in production."""

from __future__ import annotations

from pydantic import Field

from ml_lifecycle.config.base import Section


class QualityConfig(Section):
    """What the data of production must keep to."""

    max_failed_share: float = Field(
        default=0.05, ge=0, le=1, description="Largest share of rows that got an error instead of an answer."
    )
    volume_false_alarm_rate: float = Field(
        default=0.01, gt=0, lt=1, description="Chance that a window of usual volume is called unusual."
    )
    volume_history: int = Field(default=56, ge=2, description="Earlier windows that tell what volume is usual.")
    volume_min_history: int = Field(
        default=5,
        ge=2,
        description="So many windows of the same weekday, or hour, are enough to compare with them alone; fewer in all "
        "are not enough to judge.",
    )
    max_age_minutes: float | None = Field(
        default=None,
        gt=0,
        description="Age of the newest row at the end of a window from which predictions count as stale; by default "
        "the length of a partition, so that only a window without any row does.",
    )
    max_latency_p95_ms: float | None = Field(
        default=None,
        gt=0,
        description="Limit of the 95th percentile of latency; `brief.constraints.latency_p95_ms` by default.",
    )
    max_latency_p99_ms: float | None = Field(default=None, gt=0, description="Limit of the 99th percentile of latency.")
