"""The modeling section: which family is fitted, how it is searched for, and what it must beat."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.optimize import OptimizeConfig

#: The families that can be fitted, as `modeling.family` names them.
FamilyName = Literal[
    "lightgbm",
    "hist_gradient_boosting",
    "random_forest",
    "extra_trees",
    "decision_tree",
    "linear",
    "knn",
    "xgboost",
    "catboost",
]


class SearchConfig(Section):
    """The search for hyperparameters; it ends at whichever budget is used up first."""

    trials: int = Field(default=30, ge=1, description="Trials; the first is a good fixed configuration.")
    seconds: float = Field(
        default=20.0,
        gt=0,
        description="Seconds of the search and the final fit together; a trial under way may be ended early.",
    )
    families: tuple[FamilyName, ...] = Field(
        default=("lightgbm", "catboost"),
        min_length=1,
        description="`modeling.family: auto`: the families that take part; one whose extra is not installed does not.",
    )
    method: Literal["tpe", "random", "grid", "cmaes", "gp"] = Field(
        default="tpe",
        description="How the next configuration is chosen; `cmaes` and `gp` (Gaussian process) need their extras.",
    )
    grid_points: int = Field(default=3, ge=2, description="Grid: values per numeric hyperparameter.")
    pruner: Literal["none", "median", "successive_halving", "hyperband"] = Field(
        default="median", description="How hopeless trials are stopped early, by their boosting curves."
    )
    validation: Literal["holdout", "folds"] = Field(
        default="holdout",
        description="What trials are judged on: the validation split, or the folds that dataset.split.folds describes.",
    )
    max_rows: int = Field(
        default=100_000,
        ge=1_000,
        description="Rows the search learns from; the final fit uses all training rows that the seconds allow.",
    )
    grow: bool = Field(
        default=True, description="Begin with fewer rows where there are many, and give more to trials that promise."
    )
    workers: int = Field(
        default=1, ge=1, description="Processes that search side by side; they share the machine's cores."
    )
    warm_start: bool = Field(
        default=True, description="Also try what was best in earlier searches of the project and what the champion has."
    )
    objective: Literal["quality", "quality_and_latency"] = Field(
        default="quality",
        description="`quality_and_latency` searches for both, and takes the fastest model within `tolerance`.",
    )
    tolerance: float = Field(
        default=0.0, ge=0, description="How much of the metric may be given up for speed (quality_and_latency)."
    )


class EnsembleConfig(Section):
    """Several of the best trials as one model; kept only where that is better beyond chance, and quick enough."""

    method: Literal["none", "greedy", "stacking"] = Field(
        default="none", description="`greedy` selection with replacement, or a `stacking` linear model over them."
    )
    candidates: int = Field(default=10, ge=2, description="Trials that may take part, the best first.")
    members: int = Field(default=5, ge=2, description="The most members of the ensemble.")
    alpha: float = Field(default=0.05, gt=0, lt=1, description="Chance of keeping an ensemble that is not better.")


class ThresholdConfig(Section):
    """Binary classification: from which probability on a row is called positive."""

    method: Literal["fixed", "metric", "cost"] = Field(
        default="fixed",
        description="`fixed` is evaluation.threshold; `metric` and `cost` (brief.costs) choose it on validation rows.",
    )
    metric: str = Field(default="f1", description="The metric that `metric` makes best.")


class ApproachesConfig(Section):
    """Baseline, pragmatic and best model side by side, and the rules by which one of them is recommended."""

    enabled: bool = Field(default=True, description="Whether the table is made.")
    pragmatic: FamilyName = Field(
        default="lightgbm", description="The family of the pragmatic model, fitted as it is: nothing is searched."
    )
    min_gain: float = Field(
        default=0.0,
        ge=0,
        description="By how much of the primary metric a costlier approach must surely be better to be recommended.",
    )
    max_training_seconds: float | None = Field(default=None, gt=0, description="Longest training that is acceptable.")
    min_interpretability: Literal["any", "medium", "high"] = Field(
        default="any", description="`high`: constants, linear models, shallow trees; `medium`: also boosted trees."
    )


class ModelingConfig(Section):
    """What is fitted."""

    family: FamilyName | Literal["auto"] = Field(
        default="lightgbm",
        description="The family of the tuned model; `auto` lets those of `search.families` have a look and searches "
        "the one that does best.",
    )
    objective: Literal[
        "auto",
        "squared_error",
        "absolute_error",
        "huber",
        "quantile",
        "poisson",
        "gamma",
        "tweedie",
        "lambdarank",
        "xendcg",
    ] = Field(
        default="auto",
        description="The loss of a regression or a ranking; `auto`: log loss, squared error, lambdarank by the task.",
    )
    quantile: float = Field(default=0.5, gt=0, lt=1, description="Objective quantile: which one.")
    tweedie_power: float = Field(default=1.5, gt=1, lt=2, description="Objective tweedie: the power of the variance.")
    monotone: dict[str, Literal[-1, 1]] = Field(
        default_factory=dict,
        description="Features that predictions may only rise (1) or fall (-1) with, such as `{income: 1}`.",
    )
    search: SearchConfig = Field(default_factory=SearchConfig, description="The search for hyperparameters.")
    parameters: dict[str, float | int | str | bool] = Field(
        default_factory=dict, description="Hyperparameters that are fixed by hand and not searched."
    )
    max_trees: int = Field(
        default=1000, ge=1, description="Boosting: the most trees; early stopping usually ends before."
    )
    ensemble: EnsembleConfig = Field(default_factory=EnsembleConfig, description="Several trials as one model.")
    calibration: Literal["auto", "none", "isotonic", "sigmoid"] = Field(
        default="auto",
        description="Classification: how probabilities are corrected; `auto` takes what lowers the log loss of rows "
        "that it was not fitted on, or nothing.",
    )
    calibrate_on: Literal["validation", "folds"] = Field(
        default="validation",
        description="Rows that the calibration is fitted on: the validation split, or all training rows, each "
        "predicted by a model of the other folds.",
    )
    threshold: ThresholdConfig = Field(default_factory=ThresholdConfig, description="When a row is called positive.")
    intervals: float | None = Field(
        default=None,
        gt=0.5,
        lt=1,
        description="Regression: coverage of the conformal interval that every prediction comes with, such as 0.9.",
    )
    approaches: ApproachesConfig = Field(
        default_factory=ApproachesConfig, description="Baseline, pragmatic and best model side by side."
    )
    refit: Literal["train", "train_and_validation"] = Field(
        default="train",
        description="Rows of the model that is evaluated and released: `train_and_validation` fits it once more on "
        "both, after all that validation rows decide (search, calibration, threshold, floor) is decided without them.",
    )
    optimize: OptimizeConfig = Field(
        default_factory=OptimizeConfig, description="Smaller and faster forms of the tuned model."
    )
    seed: int = Field(default=0, ge=0, description="Seed of everything random in training.")
    threads: int | None = Field(default=None, ge=1, description="Threads of training; the machine's cores by default.")
    baseline_margin: float = Field(
        default=0.0, ge=0, description="By how much of the primary metric the tuned model must beat the best baseline."
    )
    price_per_core_hour: float = Field(
        default=0.04, ge=0, description="Price of one core for an hour, for the estimate of what training costs."
    )

    @model_validator(mode="after")
    def _quantile_has_its_objective(self) -> ModelingConfig:
        given = {"quantile": "quantile", "tweedie_power": "tweedie"}
        for key, objective in given.items():
            if key in self.model_fields_set and self.objective != objective:
                msg = f"expected `objective: {objective}` where `{key}` is given, got `{self.objective}`"
                raise ValueError(msg)
        return self
