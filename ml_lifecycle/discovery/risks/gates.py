"""Gates on the risks: no leak of the target, no look into the future, classes that can be learnt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.config.risks import RisksConfig
from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, reported_from
from ml_lifecycle.discovery.risks.table import SPLITS, RiskTable
from ml_lifecycle.verdict import Fact, Severity, Verdict

_LEAST_ROWS = 10  # of a class in train: fewer are remembered, not learnt
_LISTED = 10


def judge_target_leakage(findings: Sequence[Finding], config: RisksConfig) -> Verdict:
    """no_target_leakage: no finding but those about time that is sure enough and not accepted."""
    chosen = [finding for finding in findings if finding.kind is not RiskKind.LOOKAHEAD]
    absent = [name for name in _absent_names(findings, config) if not _is_lookahead(name)]
    return _judge("no_target_leakage", chosen, config, "No column or row gives the target away", absent=absent)


def judge_lookahead(findings: Sequence[Finding], config: RisksConfig) -> Verdict:
    """no_lookahead: no column holds what lies after the moment of prediction."""
    chosen = [finding for finding in findings if finding.kind is RiskKind.LOOKAHEAD]
    absent = [name for name in _absent_names(findings, config) if _is_lookahead(name)]
    return _judge("no_lookahead", chosen, config, "No column lies after the moment of prediction", absent=absent)


def _absent_names(findings: Sequence[Finding], config: RisksConfig) -> list[str]:
    """Accepted names that nothing found has: a slip of the pen there would accept nothing, and say so nowhere."""
    found = {finding.name for finding in findings}
    return [item.finding for item in config.accepted if item.finding not in found]


def _is_lookahead(name: str) -> bool:
    return name.partition(":")[0] == RiskKind.LOOKAHEAD


def _judge(
    gate: str, findings: Sequence[Finding], config: RisksConfig, sound: str, *, absent: Sequence[str]
) -> Verdict:
    reported = [finding for finding in findings if finding.confidence >= reported_from(config)]
    accepted = [finding for finding in reported if finding.accepted]
    open_ones = [finding for finding in reported if not finding.accepted]
    blocking = [finding for finding in open_ones if finding.confidence >= config.block_from]
    said = "; ".join(f"{finding.name} ({finding.confidence})" for finding in open_ones[:_LISTED])
    also = f" {len(accepted)} accepted." if accepted else ""
    also += f" Accepted, but not found: {', '.join(absent[:_LISTED])}." if absent else ""
    facts: dict[str, Fact] = {
        "findings": {finding.name: finding.confidence for finding in open_ones},
        "blocking": [finding.name for finding in blocking],
        "accepted": {finding.name: finding.reason for finding in accepted},
        "accepted_but_not_found": list(absent),
        "advice": {finding.name: finding.advice for finding in open_ones},
        "report_from": config.report_from,
        "block_from": config.block_from,
    }
    return Verdict(
        gate=gate,
        passed=not open_ones,
        severity=Severity.ERROR if blocking else Severity.WARN,
        summary=f"{len(open_ones)} found: {said}.{also}" if open_ones else f"{sound}.{also}",
        facts=facts,
        advice=_advice(open_ones),
    )


def _advice(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    first = findings[0]
    return f"{first.advice}; or accept it with a reason under dataset.risks.accepted as {first.name!r}"


def judge_classes(table: RiskTable, config: DatasetConfig) -> Verdict:
    """classes_learnable: every class has rows enough for every split, and no split is of one class; it only warns."""
    target = table.target
    if not target.has_classes:
        distinct = target.column.distinct
        return Verdict(
            gate="classes_learnable",
            passed=distinct > 1,
            severity=Severity.WARN,
            summary=f"The target takes {distinct:,} values.",
            facts={"distinct": distinct},
            advice="a target of one value teaches nothing: choose another, or more rows",
        )
    counts = np.bincount(target.codes[target.known], minlength=1)
    problems = _rare(target.classes, counts, config) + _absent(table)
    return Verdict(
        gate="classes_learnable",
        passed=not problems,
        severity=Severity.WARN,
        summary=f"{'; '.join(problems[:_LISTED])}." if problems else f"{len(counts)} classes can be learnt and judged.",
        facts={
            "classes": {
                name: int(count) for name, count in zip(target.classes[:50], counts[:50].tolist(), strict=False)
            },
            "problems": list(problems),
        },
        advice="collect more rows of rare classes, put them together, or leave them out",
    )


def _rare(classes: Sequence[str], counts: np.ndarray, config: DatasetConfig) -> list[str]:
    if len(classes) < 2:  # noqa: PLR2004 - one class
        return [f"there is only one class, {classes[0] if classes else 'none'}"]
    fewest = min(config.split.fractions)
    needed = max(int(np.ceil(_LEAST_ROWS / config.split.fractions[0])), int(np.ceil(1 / fewest)), config.split.folds.n)
    return [
        f"class {name} has {count} row{'s' if count != 1 else ''}, {needed} are needed for three splits"
        for name, count in zip(classes, counts.tolist(), strict=True)
        if count < needed
    ]


def _absent(table: RiskTable) -> list[str]:
    if table.split is None:
        return []
    problems = []
    for place, name in enumerate(SPLITS):
        inside = table.target.codes[(table.split == place) & table.target.known]
        found = len(np.unique(inside))
        if found < 2:  # noqa: PLR2004 - one class
            only = f" ({table.target.classes[int(inside[0])]})" if found else ""
            problems.append(f"{name} holds {found} class{'' if found == 1 else 'es'}{only}")
    return problems
