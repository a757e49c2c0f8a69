"""Leakage and other risks: what would make a model look better than it is, found before anything is learnt."""

from ml_lifecycle.discovery.risks.assessment import RiskAssessment, assess_risks
from ml_lifecycle.discovery.risks.finding import Finding, RiskKind

__all__ = ["Finding", "RiskAssessment", "RiskKind", "assess_risks"]
