"""Weak supervision: rules that guess labels, and how their votes are put together."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.base import Section


class LabelingFunctionConfig(Section):
    """One rule: rows it applies to get its vote, all others get none."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The rule's name.")
    label: str | int | float | bool | None = Field(default=None, description="The label it votes for.")
    when: str | None = Field(
        default=None, description="A pandas expression over columns: `income < 1000 and age < 25`."
    )
    column: str | None = Field(default=None, description="The column that `keywords`, `above` and `below` look at.")
    keywords: tuple[str, ...] = Field(default=(), description="Votes where the text holds one of these, in any case.")
    above: float | None = Field(default=None, description="Votes where the number is greater.")
    below: float | None = Field(default=None, description="Votes where the number is less.")
    python: str | None = Field(
        default=None,
        pattern=r"^[\w.]+:\w+$",
        description="A Python function `module:function` of the frame that gives a label or None for each row.",
    )

    @model_validator(mode="after")
    def _one_kind_of_rule(self) -> LabelingFunctionConfig:
        on_column = bool(self.keywords) or self.above is not None or self.below is not None
        kinds = [bool(self.when), on_column, bool(self.python)]
        if sum(kinds) != 1:
            msg = "expected exactly one of `when`, `python`, and `column` with `keywords`, `above` or `below`"
            raise ValueError(msg)
        if on_column and self.column is None:
            msg = "expected `column` beside `keywords`, `above` and `below`, got none"
            raise ValueError(msg)
        if (self.label is None) != bool(self.python):
            msg = "expected `label` for every rule but `python`, which gives labels itself"
            raise ValueError(msg)
        return self


class LabelingConfig(Section):
    """Labels from rules, for rows that have none; labels that are there are kept and are believed."""

    functions: tuple[LabelingFunctionConfig, ...] = Field(min_length=1, description="The rules.")
    model: Literal["dawid_skene", "majority"] = Field(
        default="dawid_skene",
        description="How votes become one probability per label: Dawid and Skene's (1979), which learns how far each "
        "rule is to be believed, or the majority.",
    )
    min_coverage: float = Field(
        default=0.5, ge=0, le=1, description="The run stops when rules and known labels cover a smaller share of rows."
    )
    min_confidence: float = Field(
        default=0.6, ge=0, le=1, description="Rows whose likeliest label is less sure than this stay unlabelled."
    )

    judge_by_guesses: bool = Field(
        default=False,
        description="Guessed labels are only learnt from. `true` also puts them into validation and test, for data in "
        "which hardly any label is known: what is measured then is agreement with the rules.",
    )

    @field_validator("functions")
    @classmethod
    def _names_differ(cls, value: tuple[LabelingFunctionConfig, ...]) -> tuple[LabelingFunctionConfig, ...]:
        names = [item.name for item in value]
        if len(set(names)) < len(names):
            msg = f"expected a name of its own for each rule, got {names}"
            raise ValueError(msg)
        return value
