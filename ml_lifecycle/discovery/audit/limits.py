"""`AuditLimits`: from when on the audit speaks up. Each figure has its reason. The checks have modules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditLimits:
    """When a property of the data becomes a finding. The defaults keep quiet about tables that are in order.

    Args:
        missing_note: Share of missing cells that is worth a line; under it, imputation hardly matters.
        missing_warning: Share from which a column says more about who filled it in than about its subject.
        missing_together: Jaccard similarity of two columns' missing cells from which they have one cause.
        missing_change: Points of share by which windows of the history must differ; smaller changes are no event.
        windows: Equal parts of the history; ten show a break to within a tenth, with rows enough in each.
        chance: Chance that a test over time fires on a table without change, over all its columns together.
        near_constant: Share of one value from which a column can no longer help most rows.
        identifier: Share of different values from which a text column names rows.
        many_categories: Different texts from which one-hot columns and target means stop being a good idea.
        rare_rows: A category or class of fewer rows may be absent from a split of 15 %.
        correlated: Association from which two columns say the same; under it, both may be worth keeping.
        pair_categories: A text column of more different values is left out of pairs; chance alone would link it.
        minority_note: Share of the rarest class from which accuracy misleads.
        minority_warning: Share from which a random split and most metrics become unstable.
        fence: How many adjusted interquartile ranges a number may lie outside the quartiles; 3 is Tukey's "far out".
        extreme: Outliers are told when one lies so many times farther out than the fence; nearer ones are a tail.
        outlier_share: A greater share of far numbers is the shape of the column, not a set of outliers.
        skewness: Moment coefficient of skewness from which a mean or a linear model is ruled by a few rows.
        duplicate_warning: Share of repeated rows from which a random split tests on what was taught.
        unsorted: In a table that is in time order but for this share of its steps, the rest is a fault.
        gap_share: A hole in the times of this share of the whole span is worth a line.
        drift: Population stability index; 0.25 is the custom of credit scoring for "has moved" (Siddiqi 2006).
        variants_share: Spellings are not compared in columns whose values nearly all differ.
        fails_from: The gate fails from findings of this severity on: note, warning or serious.
    """

    missing_note: float = 0.05
    missing_warning: float = 0.5
    missing_together: float = 0.9
    missing_change: float = 0.05
    windows: int = 10
    chance: float = 0.001
    near_constant: float = 0.99
    identifier: float = 0.98
    many_categories: int = 200
    rare_rows: int = 10
    correlated: float = 0.95
    pair_categories: int = 200
    minority_note: float = 0.1
    minority_warning: float = 0.01
    fence: float = 3.0
    extreme: float = 2.0
    outlier_share: float = 0.01
    skewness: float = 10.0
    duplicate_warning: float = 0.01
    unsorted: float = 0.1
    gap_share: float = 0.05
    drift: float = 0.25
    variants_share: float = 0.5
    fails_from: str = "warning"
