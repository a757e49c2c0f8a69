"""`Evidence`: what was measured about a problem and its data, before anything is said about it.

How it is measured lives in `measuring`; what it is worth, in `scores`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from ml_lifecycle.discovery.feasibility.labels import LabelQuality
from ml_lifecycle.evaluation.inference.intervals import Interval

_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval, and its standard error."""

    value: float
    low: float
    high: float
    error: float

    @classmethod
    def of(cls, interval: Interval) -> Estimate:
        """Take the standard error from the width of a 95 % interval."""
        return cls(interval.value, interval.low, interval.high, (interval.high - interval.low) / (2 * _NORMAL_95))

    def __str__(self) -> str:
        """Write it as a sentence shows it.

        >>> str(Estimate(0.91234, 0.9, 0.92, 0.005))
        '0.9123 [0.9000, 0.9200]'
        """
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True, slots=True)
class CriterionEvidence:
    """One success criterion against the prototype.

    Args:
        criterion: As the brief says it, such as `roc_auc >= 0.8`.
        limit: Its limit.
        sign: 1 where the value must be above the limit, -1 else.
        estimate: What the prototype reaches.
        gain: By how much that is better than the best model without features, in units of the metric.
        doubled: By how much twice the rows would better it; NaN where that is not known.
    """

    criterion: str
    limit: float
    sign: int
    estimate: Estimate
    gain: float
    doubled: Estimate


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured.

    Args:
        metric: The primary metric.
        prototype: The better of both prototypes.
        estimate: What it reaches.
        floor: The best model that reads no feature.
        floor_value: What that reaches.
        gain: By how much the prototype is better, whatever the direction of the metric.
        gain_rows: Judged rows on which a gain as large as measured would be found in 80 % of cases; None where there
            is no gain.
        others: Value of the primary metric by model.
        criteria: The success criteria.
        doubled: By how much twice the rows would better the primary metric.
        pair_error: Standard error of the difference of two models on the judged rows, an upper bound.
        judged: Rows that the prototype was judged on.
        rows: Training rows.
        looked_at: Those of them that were looked at.
        effective_rows: Training rows, or of a classification the rows of the rarest class times the classes.
        features: Features of the prototype.
        labels: What speaks against the labels.
        missing: Share of empty cells in the columns of features.
        quarantined: Share of rows that broke the schema.
        leaks: Findings that tell the target, not accepted, by name with their confidence.
        leak_advice: What to do about each of them.
        blind_to: Columns that the prototype does not read for it.
        halves: How well older rows are told from newer ones; None without an event time.
        seconds: Of one fit of the prototype.
        study_seconds: Of all measurements.
        memory_mib: Peak of the process while it measured.
        note: What is to be known of how it was measured.
    """

    metric: str
    prototype: str
    estimate: Estimate
    floor: str
    floor_value: float
    gain: Estimate
    gain_rows: int | None
    others: dict[str, float]
    criteria: tuple[CriterionEvidence, ...]
    doubled: Estimate
    pair_error: float
    judged: int
    rows: int
    looked_at: int
    effective_rows: int
    features: int
    labels: LabelQuality
    missing: float
    quarantined: float
    leaks: dict[str, int]
    leak_advice: dict[str, str]
    blind_to: tuple[str, ...]
    halves: Estimate | None
    seconds: float = nan
    study_seconds: float = nan
    memory_mib: float = nan
    note: str = ""
