"""`FeasibilityStudy`: the record of the study, how it is made, and its gate.

What is measured lives in `evidence` and `measuring`, the formulas in `scores`, the rules in `recommendation`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.audit.report import DataAudit
from ml_lifecycle.discovery.feasibility.evidence import Evidence
from ml_lifecycle.discovery.feasibility.measuring import gather_evidence
from ml_lifecycle.discovery.feasibility.recommendation import Advice, recommend
from ml_lifecycle.discovery.feasibility.risk_register import register_risks
from ml_lifecycle.discovery.feasibility.scores import Part, score_part, score_terms
from ml_lifecycle.discovery.rendering import render
from ml_lifecycle.discovery.risks.assessment import RiskAssessment
from ml_lifecycle.evaluation.plain import plain
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Severity, Verdict

_MARKDOWN, _FACTS = "feasibility_study.md", "feasibility_study.json"


@dataclass(frozen=True, slots=True)
class FeasibilityStudy:
    """Whether a problem can be solved with the data at hand.

    Args:
        markdown: The study as a person reads it.
        facts: The same as plain JSON: `recommendation`, `technical`, `readiness`, `terms`, `evidence`, `risks`.
    """

    markdown: str
    facts: Mapping[str, Any]

    @property
    def advice(self) -> Advice:
        """What is recommended."""
        return Advice(self.facts["recommendation"]["advice"])

    @property
    def main_term(self) -> str:
        """The term that weighs most in it; empty where nothing speaks against the project."""
        return str(self.facts["recommendation"]["main_term"])

    @property
    def technical(self) -> float:
        """Technical feasibility, from 0 to 1."""
        return float(self.facts["technical"])

    @property
    def readiness(self) -> float:
        """Data readiness, from 0 to 1."""
        return float(self.facts["readiness"])

    @property
    def summary(self) -> str:
        """Two sentences."""
        reason = self.facts["recommendation"]["reasons"][0]
        return (
            f"{self.advice.capitalize()}: technical feasibility {self.technical:.2f}, data readiness "
            f"{self.readiness:.2f}. {reason}"
        )

    def to_parts(self) -> Parts:
        """Two files: the text and the facts."""
        facts = json.dumps(self.facts, indent=1, ensure_ascii=False)
        return Parts(files={_MARKDOWN: self.markdown.encode(), _FACTS: facts.encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Make a study of what `to_parts` gave."""
        return cls(parts.files[_MARKDOWN].decode(), json.loads(parts.files[_FACTS]))


def study_feasibility(
    frame: pd.DataFrame,
    assignment: pd.DataFrame,
    project: ProjectConfig,
    *,
    risks: RiskAssessment | None = None,
    audit: DataAudit | None = None,
    quarantined: int = 0,
) -> FeasibilityStudy:
    """Study whether a problem can be solved; only training rows are read.

    Args:
        frame: Validated rows with `_row_id`.
        assignment: `_row_id` and `_split`.
        project: The project.
        risks: What was found about leaks.
        audit: What was found about the data.
        quarantined: Rows that broke the schema.

    Raises:
        DataError: There are too few training rows for the folds.
        TargetError: The target cannot be learnt.
    """
    evidence = gather_evidence(frame, assignment, project, risks=risks, quarantined=quarantined)
    return write_study(evidence, project, audit)


def write_study(evidence: Evidence, project: ProjectConfig, audit: DataAudit | None = None) -> FeasibilityStudy:
    """Score the evidence, recommend, and write it down."""
    config = project.discovery.feasibility
    terms = score_terms(evidence, config)
    advice = recommend(evidence, terms, config)
    risks = register_risks(evidence, terms, audit)
    scores = {part.value: score_part(terms, part) for part in Part}
    text = render(
        "feasibility.md.j2", project=project.name, terms=terms, found=advice, risks=risks, seen=evidence, **scores
    )
    facts = {
        "project": project.name,
        "recommendation": asdict(advice),
        **scores,
        "terms": [asdict(term) for term in terms],
        "evidence": asdict(evidence),
        "risks": [{**asdict(risk), "level": risk.level} for risk in risks],
    }
    return FeasibilityStudy(text, _as_json(facts))


def judge_feasible(study: FeasibilityStudy) -> Verdict:
    """feasible: the study does not recommend to stop; it only warns, for a person decides."""
    found = study.facts["recommendation"]
    facts: dict[str, Fact] = {
        "recommendation": study.advice.value,
        "technical": study.technical,
        "readiness": study.readiness,
        "main_term": study.main_term,
        "conditions": found["conditions"],
        "changes": found["changes"],
    }
    return Verdict(
        gate="feasible",
        passed=study.advice is not Advice.STOP,
        severity=Severity.WARN,
        summary=study.summary,
        facts=facts,
        advice=f"what would change it: {'; '.join(found['changes'][:3])}",
    )


def _as_json(value: Any) -> Any:  # noqa: ANN401 - whatever a record holds
    if isinstance(value, Mapping):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    return plain(value if isinstance(value, np.generic) or not hasattr(value, "value") else value.value)
