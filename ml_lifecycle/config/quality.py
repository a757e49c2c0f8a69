"""The quality part of the monitoring section: schema violations, volume, freshness and latency in production."""

from __future__ import annotations

from pydantic import Field

from ml_lifecycle.config.base import Section


class QualityConfig(Section):
    """What the data of production must keep to."""

    max_failed_share: float = Field(
        default=0.05, ge=0, le=1, description="Largest share of rows that got an error instead of an answer."
    )
