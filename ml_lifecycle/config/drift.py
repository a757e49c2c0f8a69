"""The drift part of the monitoring section: when a difference from the training data counts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


class DriftConfig(Section):
    """When a difference from the training data counts as drift."""

    bins: int = Field(default=10, ge=2, le=100, description="Quantile bins of a numeric column.")
    false_alarm_rate: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="Chance that a stable window is called drifted, over all columns and statistics together.",
    )
    min_effect: float = Field(
        default=0.01,
        ge=0,
        description="Population stability index below which a difference is too small to matter (0.01 is a shift of "
        "a tenth of a standard deviation); the other statistics get limits of the same size.",
    )
    min_rows: int = Field(default=100, ge=10, description="Windows with fewer rows are not judged.")
    multivariate: Literal["pca", "classifier", "both", "never"] = Field(
        default="pca",
        description="What watches the columns' dependence: PCA's reconstruction error and the correlations (fast), a "
        "classifier that tells the window from the reference (slower), both, or nothing.",
    )
    multivariate_share: float = Field(
        default=0.2, gt=0, lt=1, description="Share of `false_alarm_rate` that the multivariate statistics may use."
    )
    multivariate_rows: int = Field(
        default=2_000, ge=100, description="Rows of the window that the multivariate statistics look at."
    )
    pca_variance: float = Field(
        default=0.7, gt=0, lt=1, description="Share of the variance that PCA's components keep; the rest is its error."
    )
    html: Literal["never", "on_drift", "always"] = Field(
        default="on_drift", description="When Evidently's HTML report is drawn (it takes seconds)."
    )
    html_rows: int = Field(
        default=2_000,
        ge=100,
        description="Rows of the reference that are stored with the model, for the HTML report and the multivariate "
        "statistics.",
    )
