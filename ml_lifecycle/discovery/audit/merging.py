"""Findings that say the same of many columns become one, so that a wide table does not bury what matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ml_lifecycle.discovery.audit.findings import Finding, as_percent, list_names
from ml_lifecycle.verdict import Fact

_LEAST: Final = {"missing_code": 2}
"""One code in two columns is one habit of the source; for other kinds, so many lines are still read one by one:"""
_LEAST_ELSE = 5
_SHOWN = 6

_SAID: Final = {
    "empty": "hold no value",
    "constant": "hold one value in every row",
    "near_constant": "hold one value in nearly every row",
    "identifier": "have a value of their own in nearly every row: they name rows",
    "outliers": "hold some numbers far from the rest",
    "skewed": "have a long tail",
    "infinite": "hold infinite numbers",
    "rare_categories": "have values of very few rows",
    "many_categories": "have very many different values",
    "free_text": "hold sentences",
    "missing": "lack many cells",
    "missing_over_time": "lack more cells at some times than at others",
    "blanks": "hold values that begin or end with a blank",
    "spellings": "hold values that are written in several ways",
    "mixed_types": "mix types",
    "numbers_as_text": "hold numbers that are written as text",
    "broken_letters": "hold broken letters",
    "future_times": "hold times that lie in the future",
}


def merge_alike(findings: Iterable[Finding]) -> list[Finding]:
    """Put findings of one kind and severity together where they are many; a code for missing by its value."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        value = str(finding.figures.get("value", "")) if finding.kind == "missing_code" else ""
        groups.setdefault((finding.kind, finding.severity.value, value, finding.accepted), []).append(finding)
    merged: list[Finding] = []
    for (kind, _, value, _), members in groups.items():
        least = _LEAST.get(kind, _LEAST_ELSE)
        is_mergeable = kind in {"missing_code", "correlated", *_SAID}
        merged += [_merge(members, value)] if is_mergeable and len(members) >= least else members
    return merged


def _merge(members: Sequence[Finding], value: str) -> Finding:
    first = members[0]
    columns = tuple(name for member in members for name in member.columns)
    figures: dict[str, Fact] = {", ".join(member.columns): dict(member.figures) for member in members}
    if first.kind == "missing_code":
        shares = list_names((f"{member.columns[0]} ({_share(member)})" for member in members), _SHOWN)
        text = f"{value} may stand for missing in {len(columns)} columns: {shares}."
        advice = 'if it does, declare it under dataset.cleaning.missing_values, by column or under "*"'
        return Finding(
            first.kind, columns, first.severity, text, advice, figures, first.accepted, f"{first.kind}:{value}"
        )
    if first.kind == "correlated":
        groups = list_names((" = ".join(member.columns[:3]) for member in members), _SHOWN)
        text = f"{len(members)} groups of columns ({len(columns)} columns in all) say much the same: {groups}."
        return Finding(first.kind, columns, first.severity, text, first.advice, figures, first.accepted, first.kind)
    text = f"{len(columns)} columns {_SAID[first.kind]}: {list_names(columns, _SHOWN)}."
    return Finding(first.kind, columns, first.severity, text, first.advice, figures, first.accepted, first.kind)


def _share(finding: Finding) -> str:
    share = finding.figures["share"]
    return as_percent(share) if isinstance(share, float) else str(share)
