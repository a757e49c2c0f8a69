"""`assess_risks`: everything that may make a model look better than it is, looked for in one go.

Each kind of finding has a module beside this one; what findings mean for a run lives in `gates`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.risks.afterwards import find_known_after
from ml_lifecycle.discovery.risks.combinations import find_combinations
from ml_lifecycle.discovery.risks.copies import find_copies
from ml_lifecycle.discovery.risks.encodings import find_encodings
from ml_lifecycle.discovery.risks.finding import LEAST_CONFIDENCE, Finding, RiskKind, reported_from, settle
from ml_lifecycle.discovery.risks.gates import judge_classes, judge_lookahead, judge_target_leakage
from ml_lifecycle.discovery.risks.identifiers import find_identifiers
from ml_lifecycle.discovery.risks.lookahead import find_late_times, find_shifted, report_shifted
from ml_lifecycle.discovery.risks.pairs import find_pairs
from ml_lifecycle.discovery.risks.shared_groups import find_shared_groups
from ml_lifecycle.discovery.risks.shared_rows import find_shared_rows
from ml_lifecycle.discovery.risks.single import find_leaks
from ml_lifecycle.discovery.risks.table import RiskTable, read_table
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Severity, Verdict

_FINDINGS, _VERDICTS = "findings", "risks.json"
_COLUMNS = ("name", "kind", "columns", "confidence", "summary", "evidence", "advice", "accepted", "reason")
_LEAST_ROWS = 50


@dataclass(frozen=True, slots=True)
class RiskAssessment:
    """What was found, and what it means.

    Args:
        findings: All findings from a confidence of 40, the surest first.
        verdicts: no_target_leakage, no_lookahead and classes_learnable.
        report_from: Confidence from which a finding counts as reported.
    """

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    report_from: int

    @property
    def reported(self) -> tuple[Finding, ...]:
        """The findings that are sure enough to be reported."""
        return tuple(finding for finding in self.findings if finding.confidence >= self.report_from)

    @property
    def table(self) -> pd.DataFrame:
        """One row per finding; evidence as JSON, columns joined by a comma."""
        rows = [
            (
                *(finding.name, str(finding.kind), ", ".join(finding.columns), finding.confidence, finding.summary),
                *(json.dumps(dict(finding.evidence)), finding.advice, finding.accepted, finding.reason),
            )
            for finding in self.findings
        ]
        types = {"confidence": "int64", "accepted": "bool"}
        return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(types)

    def to_parts(self) -> Parts:
        """Give the table of findings, and all of it as JSON."""
        document = {
            "report_from": self.report_from,
            "findings": [_finding_to_json(finding) for finding in self.findings],
            "verdicts": [_verdict_to_json(verdict) for verdict in self.verdicts],
        }
        return Parts({_FINDINGS: self.table}, {_VERDICTS: json.dumps(document, indent=1).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> RiskAssessment:
        """Make an assessment of what `to_parts` gave."""
        document = json.loads(parts.files[_VERDICTS])
        return cls(
            tuple(
                Finding(**{**item, "kind": RiskKind(item["kind"]), "columns": tuple(item["columns"])})
                for item in document["findings"]
            ),
            tuple(Verdict(**{**item, "severity": Severity(item["severity"])}) for item in document["verdicts"]),
            document["report_from"],
        )


def assess_risks(
    frame: pd.DataFrame, project: ProjectConfig, *, assignment: pd.DataFrame | None = None, seed: int = 0
) -> RiskAssessment:
    """Look for leaks of the target and other risks in the columns that a model would see, and in the rows.

    Columns are looked at in at most `dataset.risks.rows` rows with a known outcome; what rows have in common, in up to
    a million.

    Args:
        frame: All rows, those without an outcome too; with `_row_id` if an assignment is given.
        project: Names the target, the roles, and which findings are accepted.
        assignment: `_row_id` and `_split`; without it, what splits share is told for a random division.
        seed: Seed of everything that is drawn.

    Raises:
        TargetError: The target is not among the columns.
    """
    table = read_table(frame, project, assignment=assignment, seed=seed)
    config = project.dataset.risks
    found = _search(table, project) if len(table.sample) >= _LEAST_ROWS else []
    findings = settle((finding for finding in found if finding.confidence >= LEAST_CONFIDENCE), config)
    verdicts = (
        judge_target_leakage(findings, config),
        judge_lookahead(findings, config),
        judge_classes(table, project.dataset),
    )
    return RiskAssessment(tuple(findings), verdicts, reported_from(config))


def _search(table: RiskTable, project: ProjectConfig) -> list[Finding]:
    """Go from what is most particular to what is most general: a column that is explained is not accused again."""
    sure = reported_from(project.dataset.risks)
    shifted = find_shifted(table)
    other_rows = frozenset(item.column for item in shifted)
    lags = frozenset(item.column for item in shifted if item.shift < 0)
    found = [*report_shifted(shifted), *find_late_times(table)]
    found += find_copies(table, apart=other_rows | _blamed(found, sure))
    found += find_encodings(table, apart=other_rows | _blamed(found, sure))
    found += find_known_after(table, apart=_blamed(found, sure))
    copies = _blamed(found, sure, RiskKind.TARGET_COPY)
    found += find_combinations(table, apart=(other_rows - lags) | copies, lags=lags)
    found += find_pairs(table, apart=other_rows | _blamed(found, sure))
    found += find_identifiers(table, apart=_blamed(found, sure))
    found += find_leaks(table, apart=other_rows | _blamed(found, sure))
    names = _blamed(found, sure, RiskKind.IDENTIFIER)
    found += find_shared_groups(table, group=project.dataset.group, apart=other_rows | _blamed(found, sure))
    rows = find_shared_rows(table, identifiers=names)
    return [*found, *([rows] if rows is not None else [])]


def _blamed(found: Sequence[Finding], sure: int, *kinds: RiskKind) -> frozenset[str]:
    """Columns of the findings (of some kinds) that are sure enough to be reported."""
    chosen = [finding for finding in found if finding.confidence >= sure and (not kinds or finding.kind in kinds)]
    return frozenset(column for finding in chosen for column in finding.columns)


def _finding_to_json(finding: Finding) -> dict[str, object]:
    return {
        "kind": str(finding.kind),
        "columns": list(finding.columns),
        "confidence": finding.confidence,
        "summary": finding.summary,
        "evidence": dict(finding.evidence),
        "advice": finding.advice,
        "reason": finding.reason,
    }


def _verdict_to_json(verdict: Verdict) -> dict[str, object]:
    return {
        "gate": verdict.gate,
        "passed": verdict.passed,
        "summary": verdict.summary,
        "severity": str(verdict.severity),
        "facts": dict(verdict.facts),
        "advice": verdict.advice,
    }
