"""The performance part of the monitoring section: when production performance counts as lost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section


class PerformanceConfig(Section):
    """When production performance counts as lost."""

    min_labels: int = Field(default=100, ge=10, description="Windows with fewer outcomes are estimated instead.")
    max_drop: float = Field(
        default=0.05, gt=0, description="Loss of the primary metric, as a share of its test value, that is acceptable."
    )
    false_alarm_rate: float = Field(
        default=0.05,
        gt=0,
        lt=0.5,
        description="Share of windows in which a lost performance or a concept drift may be called although nothing "
        "changed; a worse slice likewise.",
    )
    detectors: tuple[Literal["adwin", "ddm", "page_hinkley"], ...] = Field(
        default=("adwin",),
        description="What looks for concept drift in the loss of labelled rows; they share the rate.",
    )
    detector_rows: int = Field(
        default=5_000, ge=100, description="Rows of the past (and of the test split) that detectors compare with."
    )
    detector_slack: float = Field(
        default=0.1, gt=0, description="Page-Hinkley: rise of the loss, in standard deviations, that does not count."
    )
    loss_bins: int = Field(
        default=10, ge=2, le=100, description="Bins of a number, over which the loss at training is kept."
    )
    loss_model: bool = Field(
        default=True,
        description="Regression: whether a model of the loss is packaged: it estimates performance without outcomes.",
    )
    most_slices: int = Field(default=30, ge=0, description="Slices that are followed, the largest ones; 0 for none.")
    most_features: int = Field(default=20, ge=0, description="Features whose part in the loss is told; 0 for none.")
