"""The evaluation section: intervals, and the limits of the gates that judge a candidate."""

from __future__ import annotations

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
    min_rows: int = Field(default=50, ge=2, description="Smaller groups are reported, not judged.")


class RobustnessLimits(Section):
    """How much the metric may suffer from disturbed input."""

    noise: float = Field(default=0.1, ge=0, description="Noise on numeric columns, in standard deviations.")
    missing_share: float = Field(default=0.1, ge=0, le=1, description="Share of cells that are blanked.")
    max_drop: float = Field(
        default=0.1, gt=0, description="Largest loss of the primary metric under disturbance, as a share of its value."
    )


class ComparisonConfig(Section):
    """When a candidate replaces the champion."""

    alpha: float = Field(default=0.05, gt=0, lt=1, description="Chance of promoting a candidate that is not better.")
    margin: float = Field(default=0.0, ge=0, description="By how much of the primary metric it must be better.")


class EvaluationConfig(Section):
    """How a candidate is judged."""

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
