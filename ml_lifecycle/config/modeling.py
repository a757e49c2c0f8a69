"""The modeling section: which family is fitted, how long the search may take, and what it must beat."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


class SearchConfig(Section):
    """The search for hyperparameters; it ends at whichever budget is used up first."""

    trials: int = Field(default=30, ge=1, description="Trials; the first is a good fixed configuration.")
    seconds: float = Field(default=20.0, gt=0, description="Seconds; the trial under way is allowed to end early.")
    method: Literal["tpe", "random"] = Field(default="tpe", description="How the next configuration is chosen.")
    pruning: bool = Field(default=True, description="Stop hopeless trials early (median rule on the boosting curve).")
    max_rows: int = Field(
        default=100_000, ge=1_000, description="Rows the search learns from; the final fit uses all training rows."
    )


class ModelingConfig(Section):
    """What is fitted."""

    family: Literal["lightgbm", "hist_gradient_boosting", "random_forest", "linear"] = Field(
        default="lightgbm", description="The family of the tuned model."
    )
    search: SearchConfig = Field(default_factory=SearchConfig, description="The search for hyperparameters.")
    parameters: dict[str, float | int | str | bool] = Field(
        default_factory=dict, description="Hyperparameters that are fixed by hand and not searched."
    )
    max_trees: int = Field(
        default=1000, ge=1, description="Boosting: the most trees; early stopping usually ends before."
    )
    calibration: Literal["none", "isotonic", "sigmoid"] = Field(
        default="none", description="Classification: how probabilities are corrected on the validation split."
    )
    seed: int = Field(default=0, ge=0, description="Seed of everything random in training.")
    threads: int | None = Field(default=None, ge=1, description="Threads of training; the machine's cores by default.")
    baseline_margin: float = Field(
        default=0.0, ge=0, description="By how much of the primary metric the tuned model must beat the best baseline."
    )
