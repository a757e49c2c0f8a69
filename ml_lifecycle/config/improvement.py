"""The improvement part of the monitoring section: how far the report after each cycle looks back, and what is close."""

from __future__ import annotations

from pydantic import Field

from ml_lifecycle.config.base import Section


class ImprovementConfig(Section):
    """What the improvement report shows."""

    windows: int = Field(default=14, ge=1, description="So many of the last windows are looked at.")
    near: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="A gate that has let pass is close where it has used this share of its limit.",
    )
    shown: int = Field(default=5, ge=1, description="Most entries of each list.")
