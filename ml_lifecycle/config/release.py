"""The release section: how a candidate becomes the version in production."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


class ReleaseConfig(Section):
    """From candidate to champion."""

    promotion: Literal["automatic", "manual"] = Field(
        default="automatic",
        description="`automatic` deploys a candidate whose gates hold; `manual` leaves it as challenger until the "
        "rollout job is started by a person.",
    )
    intended_use: str = Field(default="", description="Model card: what the model is for.")
    limitations: str = Field(default="", description="Model card: what it must not be used for.")
