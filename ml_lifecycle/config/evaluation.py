"""The evaluation section: intervals, and the limits of the gates that judge a candidate."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


class CalibrationLimits(Section):
    """How far probabilities may be from frequencies."""

    max_error: float = Field(default=0.05, gt=0, le=1, description="Largest expected calibration error.")


class SliceLimits(Section):
    """How much worse than the whole a slice may be."""

    columns: tuple[str, ...] = Field(default=(), description="Columns to slice by; the categorical ones by default.")
    min_rows: int = Field(default=50, ge=2, description="Smaller slices are not judged.")
    max_gap: float = Field(
        default=0.1, gt=0, description="Largest loss of the primary metric in a slice, as a share of the whole's value."
    )
    search: bool = Field(
        default=True, description="Whether slices of several columns together are searched for, besides the declared."
    )
    depth: int = Field(default=2, ge=1, le=3, description="The most columns that a searched slice is made of.")


class FairnessLimits(Section):
    """Equal treatment over sensitive columns."""

    sensitive: tuple[str, ...] = Field(default=(), description="Sensitive columns; they are judged, and no features.")
    use_as_features: bool = Field(default=False, description="Whether the model may see the sensitive columns.")
    max_gap: float = Field(
        default=0.2,
        gt=0,
        description="Largest gap between groups: of selection, true positive and false positive rate for "
        "classification, of mean error over the target's standard deviation for regression.",
    )
    min_ratio: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Classification: smallest ratio of the lowest to the highest rate of two groups; 0.8 is the "
        "four-fifths rule. Not judged by default.",
    )
    min_rows: int = Field(default=50, ge=2, description="Smaller groups are reported, not judged.")
    mitigation: Literal["none", "demographic_parity", "equalized_odds", "true_positive_rate_parity"] = Field(
        default="none",
        description="Binary: choose thresholds per group on validation rows so that this holds (at a cost in the "
        "metric that is reported); the sensitive columns must then come with the rows to be scored.",
    )


class RobustnessLimits(Section):
    """How much the metric may suffer from disturbed input."""

    noise: float = Field(default=0.1, ge=0, description="Noise on numeric columns, in standard deviations.")
    missing_share: float = Field(default=0.1, ge=0, le=1, description="Share of cells that are blanked.")
    permuted: bool = Field(
        default=True, description="Whether each column is also permuted as a whole, as if its source had broken."
    )
    shift: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Covariate shift: rows are weighted so that the mean of a column moves by so many standard "
        "deviations; the columns that move the metric most are reported. 0 leaves it out.",
    )
    max_drop: float = Field(
        default=0.1, gt=0, description="Largest loss of the primary metric under disturbance, as a share of its value."
    )


class ComparisonConfig(Section):
    """When a candidate replaces the champion."""

    alpha: float = Field(default=0.05, gt=0, le=0.5, description="Chance of promoting a candidate that is not better.")
    margin: float = Field(default=0.0, ge=0, description="By how much of the primary metric it must be better.")
    test: Literal["bootstrap", "delong", "mcnemar"] = Field(
        default="bootstrap",
        description="What decides: the paired bootstrap (any metric), DeLong's test (binary, roc_auc) or McNemar's "
        "(classification, accuracy); the others are reported where they apply.",
    )
    correction: Literal["holm", "bonferroni", "none"] = Field(
        default="holm", description="Many comparisons at once: how p-values are corrected."
    )
    max_latency_ratio: float | None = Field(
        default=None, gt=0, description="A candidate slower than the champion by more than this factor is not promoted."
    )
    max_size_ratio: float | None = Field(
        default=None, gt=0, description="A candidate larger than the champion by more than this factor is not promoted."
    )
    newest_rows: int = Field(
        default=100,
        ge=20,
        description="After a retraining the rows decide that have come since the champion was made and that neither "
        "model has learnt from, where they are so many; else all test rows that neither has learnt from.",
    )
    old_test_tolerance: float = Field(
        default=0.05,
        ge=0,
        description="A candidate that is surely worse than the champion on the champion's own test rows by more than "
        "this share of its value is not promoted; where the world has surely changed since, that only warns.",
    )
    inversion: float | None = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="New outcomes are taken for inverted, and nothing is promoted, where the champion's ranking agrees "
        "with them surely less than minus this share of its agreement with its test rows; null: not judged.",
    )


class CrossValidationConfig(Section):
    """Judging the way a model is made on the folds of the training rows, besides the test split."""

    enabled: bool = Field(
        default=False,
        description="Fit the chosen configuration on every fold of dataset.split.folds (rolling: walk-forward).",
    )
    nested: bool = Field(
        default=False, description="Search anew inside every fold: the honest estimate of search and fit together."
    )
    seconds: float = Field(default=20.0, gt=0, description="Nested: seconds of the search in each fold.")


class ReportConfig(Section):
    """How much the report of an evaluation shows."""

    worst_rows: int = Field(default=20, ge=0, description="Rows with the largest errors that are shown.")
    shap_rows: int = Field(
        default=1_000,
        ge=0,
        description="Rows that SHAP values are computed of, by default fewer for a large model; 0 leaves them out.",
    )
    dependence_columns: int = Field(
        default=6, ge=0, description="Columns whose partial dependence is drawn, the most important first."
    )
    learning_curve: bool = Field(
        default=True, description="Whether the model is fitted again on parts of the rows, to see what more would give."
    )
    html: bool = Field(default=True, description="Whether the report is also written as one HTML page.")


class EvaluationConfig(Section):
    """How a candidate is judged."""

    metrics: tuple[str, ...] = Field(
        default=(),
        description="Further metrics that take a number, such as ndcg@20, lift@0.05, quantile_loss@0.9.",
    )
    bootstrap: int = Field(default=500, ge=50, description="Resamples behind each interval.")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="Level of the intervals.")
    threshold: float = Field(
        default=0.5, gt=0, lt=1, description="Binary: probability from which the class is positive."
    )
    calibration: CalibrationLimits = Field(default_factory=CalibrationLimits, description="Calibration gate.")
    slices: SliceLimits = Field(default_factory=SliceLimits, description="Slice gate.")
    fairness: FairnessLimits = Field(default_factory=FairnessLimits, description="Fairness gate.")
    robustness: RobustnessLimits = Field(default_factory=RobustnessLimits, description="Robustness gate.")
    comparison: ComparisonConfig = Field(default_factory=ComparisonConfig, description="Candidate against champion.")
    cross_validation: CrossValidationConfig = Field(
        default_factory=CrossValidationConfig, description="Judging on folds besides the test split."
    )
    report: ReportConfig = Field(default_factory=ReportConfig, description="How much the report shows.")

    def proving(self, alpha: float | None) -> EvaluationConfig:
        """The same, but a candidate is promoted with another chance of not being better; None leaves it as it is."""
        if alpha is None:
            return self
        return self.model_copy(update={"comparison": self.comparison.model_copy(update={"alpha": alpha})})
