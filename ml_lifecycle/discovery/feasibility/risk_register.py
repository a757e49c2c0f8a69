"""Risks of a project with their likelihood and impact, from the terms of the study, the leaks and the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle.discovery.audit.report import DataAudit
from ml_lifecycle.discovery.feasibility.evidence import Evidence
from ml_lifecycle.discovery.feasibility.scores import Term

#: What a serious finding of the audit would do to a project, against the heaviest term.
_SERIOUS = 0.5
_HIGH, _MEDIUM = 0.5, 0.2
_LEAST = 0.05


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk.

    Args:
        name: What it is about.
        likelihood: From 0 to 1: 1 minus the term, or the confidence of the finding.
        impact: From 0 to 1: the weight of the term over the heaviest one.
        said: What was measured.
        mitigation: What to do about it.
    """

    name: str
    likelihood: float
    impact: float
    said: str
    mitigation: str

    @property
    def exposure(self) -> float:
        """Likelihood times impact."""
        return self.likelihood * self.impact

    @property
    def level(self) -> str:
        """In a word.

        >>> Risk("labels", 0.8, 0.7, "", "").level
        'high'
        """
        if self.exposure >= _HIGH:
            return "high"
        return "medium" if self.exposure >= _MEDIUM else "low"


def register_risks(evidence: Evidence, terms: Sequence[Term], audit: DataAudit | None) -> list[Risk]:
    """List the risks, the gravest first; what is less likely than 5 % is left out.

    Args:
        evidence: What was measured.
        terms: The terms of both scores.
        audit: Its serious findings that nobody has accepted are risks that have come true.
    """
    most = max(term.weight for term in terms) or 1.0
    found = [
        Risk(term.name, 1 - term.value, term.weight / most, term.said, term.advice)
        for term in terms
        if term.value is not None and term.name != "leaks"
    ]
    found += [
        Risk(name, confidence / 100, 1.0, f"Found with a confidence of {confidence}.", evidence.leak_advice[name])
        for name, confidence in evidence.leaks.items()
    ]
    findings = [] if audit is None else audit.findings
    found += [
        Risk(item.name, 1.0, _SERIOUS, item.text, item.advice)
        for item in findings
        if item.severity is FindingSeverity.SERIOUS and not item.accepted
    ]
    return sorted((risk for risk in found if risk.likelihood >= _LEAST), key=lambda risk: -risk.exposure)
