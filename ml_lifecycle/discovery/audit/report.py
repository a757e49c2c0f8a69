"""`DataAudit`: what an audit found, as tables, Markdown and JSON, and its gate. The page for people: `html`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_number, list_names, tabulate_findings
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Severity, Verdict

_FILE = "audit.json"
_TABLES = ("columns", "pairs", "target", "missing")
_FACTS_MOST = 50  # findings in the facts of a verdict; the audit's table has all


@dataclass(frozen=True, slots=True)
class AuditScope:
    """What was looked at, and how.

    Args:
        rows: Rows of the table.
        columns: Columns that were looked at.
        sampled_rows: Rows on which pairs of columns and drift were measured; all else is of all rows.
        seed: Seed of that sample.
        target: The target; empty if none is known.
        history: What the parts of the history follow: a column of times, or empty for the order of the rows.
        now: The time after which a time lies in the future.
        fails_from: The gate fails from this severity on.
    """

    rows: int
    columns: int
    sampled_rows: int
    seed: int
    target: str
    history: str
    now: str
    fails_from: str

    @property
    def words(self) -> str:
        """In one or two sentences."""
        about = f"{self.rows:,} rows, {self.columns} columns"
        aim = f"target {self.target}" if self.target else "no target"
        order = f"history over {self.history}" if self.history else "history in the order of the rows"
        sample = (
            f"Pairs and drift are measured on {self.sampled_rows:,} rows drawn at random (seed {self.seed}), all else "
            "on all rows."
            if self.sampled_rows < self.rows
            else "Everything is measured on all rows."
        )
        return f"{about}; {aim}; {order}. {sample}"


@dataclass(frozen=True, slots=True)
class DataAudit:
    """What an audit found.

    Args:
        scope: What was looked at.
        findings: The findings, the gravest first.
        columns: Figures of each column; see `statistics.STATISTIC_TYPES`.
        pairs: Pairs of columns of strength 0.5 at least; see `pairs.PAIR_TYPES`.
        target: The target's distribution: value, rows, share; empty if there is no target.
        missing: Shares of missing cells: column, part (when it begins), share; of columns that lack cells.
    """

    scope: AuditScope
    findings: tuple[Finding, ...]
    columns: pd.DataFrame
    pairs: pd.DataFrame
    target: pd.DataFrame
    missing: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """The findings as a table; see `findings.TABLE_COLUMNS`."""
        return tabulate_findings(self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity that nobody has accepted."""
        counted = Counter(finding.severity.value for finding in self.findings if not finding.accepted)
        return {severity.value: counted[severity.value] for severity in FindingSeverity}

    @property
    def summary(self) -> str:
        """One sentence."""
        counts = self.counts
        accepted = sum(bool(finding.accepted) for finding in self.findings)
        told = f"{counts['serious']} serious findings, {counts['warning']} warnings and {counts['note']} notes"
        return f"{told}{f', {accepted} accepted' if accepted else ''} on {self.scope.rows:,} rows."

    def by_kind(self) -> list[tuple[str, FindingSeverity, list[Finding]]]:
        """Findings of one kind and severity together, the gravest first."""
        groups: dict[tuple[str, FindingSeverity], list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault((finding.kind, finding.severity), []).append(finding)
        return [(kind, severity, members) for (kind, severity), members in groups.items()]

    def to_markdown(self, most: int = 40) -> str:
        """The audit for the UI: a sentence, the findings, the figures of at most `most` columns."""
        lines = [f"**{self.summary}** {self.scope.words}", ""]
        lines += [*_findings_lines(self, most), ""] if self.findings else ["Nothing to report.", ""]
        lines += _column_lines(self.columns, most)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON."""
        return {
            "scope": asdict(self.scope),
            "summary": self.summary,
            "counts": self.counts,
            "findings": [finding.to_dict() for finding in self.findings],
            **{name: _records(getattr(self, name)) for name in _TABLES},
        }

    def to_parts(self) -> Parts:
        """Tables, and the findings with the scope as JSON."""
        tables = {name: getattr(self, name) for name in _TABLES}
        said = {"scope": asdict(self.scope), "findings": [finding.to_dict() for finding in self.findings]}
        text = json.dumps(said, ensure_ascii=False, sort_keys=True)
        return Parts({"findings": self.table, **tables}, {_FILE: text.encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put an audit together again."""
        said = json.loads(parts.files[_FILE])
        findings = tuple(map(Finding.from_dict, said["findings"]))
        return cls(AuditScope(**said["scope"]), findings, **{name: parts.tables[name] for name in _TABLES})


def judge_audit(audit: DataAudit) -> Verdict:
    """audit_clean: no finding of the severity from which the audit warns, but those that a person has accepted."""
    limit = FindingSeverity(audit.scope.fails_from).rank
    open_ones = [finding for finding in audit.findings if not finding.accepted and finding.severity.rank <= limit]
    shown: list[Fact] = [
        {"name": finding.name, "severity": finding.severity.value, "text": finding.text} for finding in open_ones
    ]
    named = list_names((finding.name for finding in open_ones), 3)
    return Verdict(
        gate="audit_clean",
        passed=not open_ones,
        severity=Severity.WARN,
        summary=audit.summary + (f" To be looked at: {named}." if open_ones else ""),
        facts={**audit.counts, "findings": shown[:_FACTS_MOST]},
        advice="mend them in the source or under dataset.cleaning, or accept them by name under dataset.risks.accepted",
    )


def _findings_lines(audit: DataAudit, most: int) -> Iterator[str]:
    yield "| severity | finding | what was found | what to do |"
    yield "|---|---|---|---|"
    for finding in audit.findings[:most]:
        severity = f"**{finding.severity}**" if finding.severity is not FindingSeverity.NOTE else "note"
        advice = f"accepted: {finding.accepted}" if finding.accepted else finding.advice
        yield f"| {severity} | `{_cell(finding.name)}` | {_cell(finding.text)} | {_cell(advice)} |"
    if len(audit.findings) > most:
        yield ""
        yield f"{len(audit.findings) - most} more findings are in the table `findings`."


def _column_lines(columns: pd.DataFrame, most: int) -> Iterator[str]:
    yield "| column | type | role | missing | different | histogram | range or most frequent |"
    yield "|---|---|---|--:|--:|---|---|"
    for row in columns.head(most).to_dict("records"):
        yield (
            f"| {_cell(str(row['column']))} | {row['type']} | {row['role']} | {row['missing_share']:.1%} | "
            f"{row['different']:,} | `{row['histogram']}` | {_cell(describe_range(row))} |"
        )
    if len(columns) > most:
        yield ""
        yield f"{len(columns) - most} more columns are in the table `columns`."


def describe_range(row: dict[Any, Any]) -> str:
    """Where the values of a column lie, from its row of figures."""
    if row["first"]:
        return f"{row['first']} to {row['last']}"
    if pd.notna(row["min"]):
        return f"{as_number(row['min'])} to {as_number(row['max'])}, median {as_number(row['median'])}"
    return str(row["top_values"])


def _cell(text: str) -> str:
    """Text that stays in its cell of a Markdown table and is no markup of its own."""
    flat = " ".join(text.split())
    return flat.replace("|", "\\|").replace("<", "&lt;")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain JSON: Python's numbers, None where there is none or it is beyond what float64 holds."""
    columns: Sequence[str] = list(frame.columns)
    cells = frame.astype(object).where(frame.notna(), None).to_numpy()
    return [{name: _plain(cell) for name, cell in zip(columns, row, strict=True)} for row in cells]


def _plain(cell: object) -> object:
    value = cell.item() if isinstance(cell, np.generic) else cell
    return None if isinstance(value, float) and not np.isfinite(value) else value
