"""The release section: how a candidate becomes the version in production."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section

#: Phases of a release that a person may have to approve.
Phase = Literal["production"]


class StagingConfig(Section):
    """The dress rehearsal: the packaged server on loopback, asked as production will ask it."""

    requests: int = Field(default=300, ge=1, description="Requests of one row, after those that warm up.")
    concurrency: int = Field(default=8, ge=1, le=256, description="How many of them are under way at once.")
    max_error_share: float = Field(default=0.0, ge=0, lt=1, description="Share of good rows that may fail.")


class ApprovalConfig(Section):
    """Who must say yes before a version goes into production."""

    required: dict[Phase, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Roles whose approval a phase needs, each of them once: `{production: [risk_officer]}`; a phase "
        "that is not named approves itself.",
    )
    roles: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Who may speak for a role: names or mail addresses."
    )
    expires_hours: float = Field(default=168.0, gt=0, description="How long an approval holds.")

    @model_validator(mode="after")
    def _roles_are_held(self) -> Self:
        for phase, wanted in self.required.items():
            for role in wanted:
                if not self.roles.get(role):
                    msg = f"{phase} needs the role {role!r}, which nobody holds: name its people in approval.roles"
                    raise ValueError(msg)
        return self


class RolloutConfig(Section):
    """How much of the traffic a new version answers, and on which evidence it gets more."""

    strategy: Literal["all_at_once", "shadow", "canary", "ab"] = Field(
        default="all_at_once",
        description="`all_at_once` replaces the champion; `shadow` answers beside it and is never returned; `canary` "
        "answers a growing share; `ab` answers a fixed share until the test decides.",
    )
    steps: tuple[float, ...] = Field(default=(0.05, 0.25, 0.5), description="Canary: shares of the traffic, rising.")
    share: float = Field(default=0.5, gt=0, lt=1, description="A/B: share of the traffic of the new version.")
    min_rows: int = Field(default=200, ge=1, description="Rows of the new version that a step needs at least.")
    min_minutes: float = Field(default=0.0, ge=0, description="How long a step lasts at least.")
    max_hours: float = Field(default=168.0, gt=0, description="A step without a verdict by then is rolled back.")
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="Chance to roll back a version that is as good.")
    max_error_increase: float = Field(
        default=0.01, ge=0, lt=1, description="By how much the share of failed rows may be above the champion's."
    )
    max_latency_ratio: float = Field(default=1.5, ge=1, description="How many times the champion's median latency.")
    max_score_shift: float = Field(
        default=0.1, gt=0, le=1, description="Largest distance of the score distributions (Kolmogorov-Smirnov)."
    )
    metric_margin: float = Field(
        default=0.0, ge=0, description="By how much the loss on labelled rows may be above the champion's."
    )

    @model_validator(mode="after")
    def _steps_rise(self) -> Self:
        rising = all(low < high for low, high in zip(self.steps, self.steps[1:], strict=False))
        if not self.steps or not rising or self.steps[0] <= 0 or self.steps[-1] > 1:
            msg = f"steps must rise and lie above 0 and at most at 1, got {list(self.steps)}"
            raise ValueError(msg)
        return self


class ReleaseConfig(Section):
    """From candidate to champion."""

    promotion: Literal["automatic", "manual"] = Field(
        default="automatic",
        description="`automatic` deploys a candidate whose gates hold; `manual` leaves it as challenger until the "
        "rollout job is started by a person.",
    )
    package_proof: Literal["process", "environment"] = Field(
        default="process",
        description="Where a package is proven to predict the same: in another `process`, or in a fresh virtual "
        "`environment` with the package's requirements, which takes an index of packages and a minute.",
    )
    staging: StagingConfig = Field(default_factory=StagingConfig, description="The dress rehearsal.")
    approval: ApprovalConfig = Field(default_factory=ApprovalConfig, description="Who must say yes.")
    rollout: RolloutConfig = Field(default_factory=RolloutConfig, description="From the first request to all of them.")
    intended_use: str = Field(default="", description="Model card: what the model is for.")
    limitations: str = Field(default="", description="Model card: what it must not be used for.")
