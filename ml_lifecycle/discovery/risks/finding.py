"""`Finding`: one thing that somebody should look at before a model is learnt, with how sure it is.

How a finding is made lives in the module of its kind; what findings together mean for a run lives in `gates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from ml_lifecycle.config.risks import RisksConfig
from ml_lifecycle.verdict import Fact

#: Findings less sure than this are not kept: they would be noise even in a table of suspicions.
LEAST_CONFIDENCE = 40


class RiskKind(StrEnum):
    """What is found."""

    TARGET_COPY = "target_copy"
    """The target under another name or encoding."""
    TARGET_PARTS = "target_parts"
    """Columns that together make the target."""
    KNOWN_AFTER = "known_after"
    """A column that is filled when the outcome is known."""
    LOOKAHEAD = "lookahead"
    """A value from after the moment of prediction."""
    TARGET_LEAK = "target_leak"
    """A column that alone nearly determines the target."""
    IDENTIFIER = "identifier"
    """A column that names rows instead of describing them."""
    SHARED_ROWS = "shared_rows"
    """Rows of one split that stand in another too."""
    SHARED_GROUPS = "shared_groups"
    """Subjects whose rows lie in several splits, and whose target does not change."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Args:
        kind: What is found.
        columns: The columns it is about; none where it is about rows.
        confidence: How sure it is, 0 to 100.
        summary: One sentence with the figures that decided.
        evidence: The figures, plain JSON.
        advice: What to do about it.
        reason: Why a person lives with it; empty where nobody has accepted it.

    >>> Finding(RiskKind.TARGET_PARTS, ("casual", "registered"), 99, "They add up to it.").name
    'target_parts:casual+registered'
    """

    kind: RiskKind
    columns: tuple[str, ...]
    confidence: int
    summary: str
    evidence: Mapping[str, Fact] = field(default_factory=dict)
    advice: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """What the YAML calls it when it accepts it."""
        return f"{self.kind}:{'+'.join(self.columns)}" if self.columns else str(self.kind)

    @property
    def accepted(self) -> bool:
        """Whether a person lives with it."""
        return bool(self.reason)


def reported_from(config: RisksConfig) -> int:
    """Confidence from which a finding is reported: what blocks is reported too, whatever `report_from` says."""
    return min(config.report_from, config.block_from)


def settle(findings: Iterable[Finding], config: RisksConfig) -> list[Finding]:
    """Write down what a person has accepted, and put the surest first."""
    reasons = {item.finding: item.reason for item in config.accepted}
    marked = [replace(finding, reason=reasons.get(finding.name, "")) for finding in findings]
    return sorted(marked, key=lambda finding: (-finding.confidence, finding.name))


def grade(value: float, *steps: tuple[float, float]) -> float:
    """Read a confidence off a line through steps of (value, confidence), flat beyond its ends.

    >>> grade(0.5, (0.0, 80), (1.0, 90)), grade(2.0, (0.0, 80), (1.0, 90))
    (85.0, 90.0)
    """
    places, levels = zip(*sorted(steps), strict=True)
    return float(np.interp(value, places, levels))


def whole(confidence: float) -> int:
    """A confidence as it is reported: a whole number from 0 to 99, since nothing in a table is certain."""
    return round(min(max(confidence, 0.0), 99.0))


def rounded(value: float) -> float:
    """A figure as evidence gives it: four digits after the point."""
    return round(float(value), 4)


def copy_found(column: str, confidence: float, why: str, evidence: Mapping[str, float]) -> Finding:
    """The finding that a column is the target under another name, with the figures that say so."""
    return Finding(
        kind=RiskKind.TARGET_COPY,
        columns=(column,),
        confidence=whole(confidence),
        summary=f"{column} copies the target: {why}.",
        evidence={name: rounded(value) for name, value in evidence.items()},
        advice=f"add {column} to dataset.drop: it is the outcome under another name",
    )
