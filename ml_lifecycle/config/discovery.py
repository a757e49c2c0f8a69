"""The discovery section: how it is judged whether a problem can be solved with the data at hand."""

from __future__ import annotations

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section


class TechnicalWeights(Section):
    """How much each term of the technical feasibility counts."""

    signal: float = Field(default=2.0, ge=0, description="That features tell more of the target than no features do.")
    criteria: float = Field(default=3.0, ge=0, description="That the prototype meets the success criteria.")
    growth: float = Field(default=1.0, ge=0, description="That it would meet them with twice the rows.")


class ReadinessWeights(Section):
    """How much each term of the data readiness counts."""

    volume: float = Field(default=2.0, ge=0, description="Rows against what the number of features asks for.")
    labels: float = Field(default=2.0, ge=0, description="Labels that neither other rows nor a model contradict.")
    completeness: float = Field(default=1.0, ge=0, description="Cells that are filled, rows that keep to the schema.")
    leaks: float = Field(default=2.0, ge=0, description="No column or row that gives the target away.")
    stability: float = Field(default=1.0, ge=0, description="The older rows look like the newer ones.")


class FeasibilityConfig(Section):
    """The feasibility study: what it measures, and from where on it recommends what."""

    rows: int = Field(default=20_000, ge=100, description="Training rows that are looked at, drawn at random.")
    folds: int = Field(default=3, ge=2, description="Folds of the training rows that the prototype is judged on.")
    least_rows: int = Field(default=500, ge=1, description="Rows that any problem needs, however few its features.")
    rows_per_feature: float = Field(
        default=10.0, gt=0, description="Rows that each feature needs; of a classification, of its rarest class."
    )
    label_noise: float = Field(
        default=0.35, gt=0, le=1, description="Share of contradicted labels at which the labels are worth nothing."
    )
    headroom: float = Field(
        default=0.25,
        ge=0,
        description="What search and features may add to the prototype, as a share of its gain over no features.",
    )
    proceed_from: float = Field(
        default=0.7, gt=0, le=1, description="Each term below this is a condition under which one may proceed."
    )
    stop_below: float = Field(default=0.3, ge=0, lt=1, description="A score below this stops.")
    technical: TechnicalWeights = Field(
        default_factory=TechnicalWeights, description="Weights of the technical feasibility."
    )
    readiness: ReadinessWeights = Field(default_factory=ReadinessWeights, description="Weights of the data readiness.")

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> FeasibilityConfig:
        if self.stop_below >= self.proceed_from:
            msg = f"expected `stop_below` under `proceed_from`, got {self.stop_below:g} and {self.proceed_from:g}"
            raise ValueError(msg)
        for part in ("technical", "readiness"):
            if not any(getattr(self, part).model_dump().values()):
                msg = f"expected a weight above 0 in `{part}`, got none"
                raise ValueError(msg)
        return self


class PlanConfig(Section):
    """The project plan: what its figures are planned for."""

    gain_share: float = Field(
        default=0.05,
        gt=0,
        description="Smallest gain worth having, as a share of the prototype's gain over no features; "
        "`evaluation.comparison.margin` where that is above 0.",
    )
    power: float = Field(default=0.8, gt=0.5, lt=1, description="Chance with which a gain of that size is found.")


class DiscoveryConfig(Section):
    """From the question to the decision."""

    feasibility: FeasibilityConfig = Field(
        default_factory=FeasibilityConfig, description="Whether the problem can be solved with the data at hand."
    )
    plan: PlanConfig = Field(default_factory=PlanConfig, description="The project plan.")
