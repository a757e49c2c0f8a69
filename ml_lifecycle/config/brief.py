"""The brief: what is to be predicted, why, and when it is good enough."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field, field_validator

from ml_lifecycle.config.base import Section


class Task(StrEnum):
    """What the user asks for."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    RANKING = "ranking"


class Kind(StrEnum):
    """What is fitted: a classification is binary or multiclass by the number of classes in the target."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    RANKING = "ranking"


class Criterion(NamedTuple):
    """One success criterion, such as `roc_auc >= 0.8`."""

    metric: str
    operator: str
    limit: float

    def holds(self, value: float) -> bool:
        """Whether a measured value satisfies the criterion; NaN never does."""
        return {
            ">=": value >= self.limit,
            ">": value > self.limit,
            "<=": value <= self.limit,
            "<": value < self.limit,
        }[self.operator]

    def __str__(self) -> str:
        """Write the criterion as a person would."""
        return f"{self.metric} {self.operator} {self.limit:g}"


_CRITERION = re.compile(r"\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*")


class Constraints(Section):
    """What the model must respect besides being right."""

    latency_p95_ms: float | None = Field(
        default=None, gt=0, description="95th percentile of the time to score one row, in milliseconds."
    )
    latency_p99_ms: float | None = Field(
        default=None, gt=0, description="99th percentile of the time to score one row, in milliseconds."
    )
    model_size_mb: float | None = Field(default=None, gt=0, description="Largest size of the packaged model, in MB.")


class BriefConfig(Section):
    """The problem in words and figures."""

    problem: str = Field(min_length=1, description="The business problem in a sentence or two.")
    objective: str = Field(default="", description="What a prediction changes: who does what with it.")
    task: Task = Field(description="`classification`, `regression` or `ranking`.")
    target: str = Field(min_length=1, description="The column to predict.")
    positive_class: str | int | float | bool | None = Field(
        default=None,
        description="Binary classification: the class whose probability is predicted; by default the rarer one.",
    )
    metric: str | None = Field(
        default=None,
        description="The metric that search and comparison optimise; by default roc_auc (binary), log_loss "
        "(multiclass), rmse (regression), ndcg@10 (ranking).",
    )
    success_criteria: dict[str, str] = Field(
        default_factory=dict,
        description='Metric to limit on the test split, such as `roc_auc: ">= 0.80"`.',
    )
    costs: dict[str, dict[str, float]] = Field(
        default_factory=dict,
        description="Classification: what a prediction costs, by true class and predicted class, such as "
        "`{yes: {no: 5}, no: {yes: 1}}`; what is not named costs nothing, a gain is negative.",
    )
    constraints: Constraints = Field(default_factory=Constraints, description="Limits besides the metrics.")
    owner: str = Field(default="", description="Who answers for the model: a mail address or a team.")

    @field_validator("success_criteria")
    @classmethod
    def _criteria_parse(cls, value: dict[str, str]) -> dict[str, str]:
        for metric, text in value.items():
            if not _CRITERION.fullmatch(text):
                msg = f'expected a comparison with a number such as ">= 0.80" for {metric!r}, got {text!r}'
                raise ValueError(msg)
        return value

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The success criteria, parsed."""
        found = []
        for metric, text in self.success_criteria.items():
            match = _CRITERION.fullmatch(text)
            assert match is not None, "the validator let a criterion through that does not parse"  # noqa: S101 - invariant
            found.append(Criterion(metric, match[1], float(match[2])))
        return tuple(found)
