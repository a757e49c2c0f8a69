"""An experiment: a hypothesis, and what is done otherwise than the project's YAML says to find out whether it holds."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.base import Section

#: Sections of a project that an experiment may change: those that decide how a model is made of the same split rows.
CHANGEABLE = frozenset({"features", "modeling"})
#: What stands beside experiments: the project's own model, and the one in production.
TUNED, CHAMPION = "tuned_model", "champion"


class HypothesisConfig(Section):
    """What is believed, and when it counts as shown."""

    statement: str = Field(min_length=1, description="What is believed, in a sentence.")
    expected: str = Field(default="", description="The outcome that is expected, in words.")
    metric: str | None = Field(
        default=None, description="What it is judged by; the project's primary metric by default."
    )
    min_gain: float = Field(
        default=0.0,
        description="By how much better than the reference the metric must surely be; in units of the metric.",
    )


class ExperimentConfig(Section):
    """One experiment beside the project's tuned model."""

    project: str = Field(min_length=1, description="The project whose rows and splits it works on.")
    name: str = Field(pattern=r"^[A-Za-z0-9_]+$", description="Letters, digits and underscores.")
    hypothesis: HypothesisConfig = Field(description="What is believed, and when it counts as shown.")
    reference: str = Field(
        default=TUNED,
        description="What it is compared with: `tuned_model`, `champion` (the model in production, on the same rows), "
        "or the name of an experiment.",
    )
    changes: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Keys of the sections `features` and `modeling` that differ from the project's YAML.",
    )

    @field_validator("name")
    @classmethod
    def _not_taken(cls, value: str) -> str:
        if value in {TUNED, CHAMPION}:
            msg = f"expected a name of its own, got {value!r}, which names a model that experiments are compared with"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _something_to_compare_with(self) -> ExperimentConfig:
        if self.reference == self.name:
            msg = f"expected another model as `reference`, got {self.name!r}, the experiment itself"
            raise ValueError(msg)
        return self

    @field_validator("changes")
    @classmethod
    def _only_what_makes_a_model(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        unknown = sorted(set(value) - CHANGEABLE)
        if unknown:
            msg = (
                f"expected changes of {sorted(CHANGEABLE)}, got {unknown}: rows and splits stay the same, "
                "else no two experiments could be compared"
            )
            raise ValueError(msg)
        return value
