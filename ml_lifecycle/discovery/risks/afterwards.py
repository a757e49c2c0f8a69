"""Columns that are filled only when something has happened: empty while the outcome is open, or in one class only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.names import sounds_late
from ml_lifecycle.discovery.risks.power import power_of
from ml_lifecycle.discovery.risks.table import Codes, Column, Mask, RiskTable

_LEAST_OPEN = 20  # rows without an outcome, from which what is empty in them says something
_LEAST_EXPECTED = 15.0  # rows of the other classes that chance would put where none is
_LEAST_PURITY = 0.97
_LEAST_COVERAGE = 0.1
_IDLE = (0.3, 0.995)  # share of its most frequent value, between which a column may be one that waits for something
_LEAST_VALUES = 5
_NOTHING = (0.02, 0.98)  # the same of an amount's most frequent value, which then is "nothing happened"


def find_known_after(table: RiskTable, *, apart: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Look for columns that wait for the outcome.

    Args:
        table: The rows.
        apart: Columns that are not looked at.
    """
    outcome = _outcome(table)
    for column in table:
        if column.name in apart:
            continue
        cases = [_with_open_outcomes(table, column)]
        if outcome is not None:
            cases += [_in_one_class(column, outcome, empty, word) for empty, word in _empties(column, table)]
        found = [case for case in cases if case is not None]
        if found:
            yield max(found, key=lambda finding: finding.confidence)


def _outcome(table: RiskTable) -> Codes | None:
    """(n,) class of each row, -1 where open; of an amount with a frequent value, whether it is another one."""
    if table.target.has_classes:
        return table.target.codes
    numbers = table.target.numbers
    values, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    if not len(values) or not _NOTHING[0] <= counts.max() / counts.sum() <= _NOTHING[1]:
        return None
    happened = (numbers != values[counts.argmax()]).astype(np.int64)
    return np.where(np.isfinite(numbers), happened, -1)


def _empties(column: Column, table: RiskTable) -> Iterator[tuple[Mask, str]]:
    """Where a column is empty: missing, or at the value that it nearly always has."""
    if column.missing.any():
        yield column.missing, "missing"
    if column.distinct >= _LEAST_VALUES and table.target.has_classes and len(table.target.classes) == 2:  # noqa: PLR2004 - with many classes, many features are idle in most
        counts = np.bincount(column.codes[column.codes >= 0])
        if _IDLE[0] <= counts.max() / len(column.codes) <= _IDLE[1]:
            yield column.codes == counts.argmax(), "constant"


def _with_open_outcomes(table: RiskTable, column: Column) -> Finding | None:
    """Missing where the outcome is not known, and hardly anywhere else."""
    open_rows, empty = ~table.target.known, column.missing
    if open_rows.sum() < _LEAST_OPEN or empty.sum() < _LEAST_OPEN or not table.target.known.any():
        return None
    of_open = float(empty[open_rows].mean())
    of_known = float(empty[~open_rows].mean())
    purity = float(open_rows[empty].mean())
    together = of_open * purity
    if of_known > of_open / 2 or of_open < 0.6:  # noqa: PLR2004 - no tie worth a word
        return None
    confidence = max(
        grade(together, (0.6, 40), (0.8, 70), (0.9, 81), (0.97, 95), (1.0, 98)),
        grade(of_open, (0.97, 50), (0.995, 84)) - grade(of_known, (0.0, 0), (0.5, 24)),
    )
    evidence = {"missing_while_open": of_open, "missing_when_known": of_known, "open_where_missing": purity}
    confidence -= _explained_by_age(table, open_rows, empty)
    if 60 <= confidence < 85:  # noqa: PLR2004 - what is neither sure nor unlikely is asked further
        alone = power_of(table, column)
        evidence["explained_alone"] = alone
        late = sounds_late(column.name, table.target.name)
        confidence += grade(alone, (0.2, 0), (0.45, 8), (0.8, 12)) + (3 if late and alone > _LEAST_COVERAGE else 0)
    return _finding(
        column,
        confidence,
        f"missing in {of_open:.1%} of the rows whose outcome is open, and in {of_known:.1%} of the others",
        evidence,
    )


def _explained_by_age(table: RiskTable, open_rows: Mask, empty: Mask) -> float:
    """What to take off where rows as young as the open ones miss the column too: it may just have ended."""
    if table.times is None:
        return 0.0
    young = ~open_rows & (table.times >= np.nanquantile(table.times[open_rows], 0.05))
    if young.sum() < _LEAST_OPEN:
        return 15.0
    return 50.0 * float(empty[young].mean())


def _in_one_class(column: Column, outcome: Codes, empty: Mask, word: str) -> Finding | None:
    known = outcome >= 0
    cases = [(known & ~empty, f"not {word}")]
    if word == "missing":
        cases.append((known & empty, word))
    found = [_purity(column, outcome, known, rows, said) for rows, said in cases]
    sure = [finding for finding in found if finding is not None]
    return max(sure, key=lambda finding: finding.confidence) if sure else None


def _purity(column: Column, outcome: Codes, known: Mask, rows: Mask, said: str) -> Finding | None:
    """Nearly all rows that are filled (or empty) have one class, which others have too seldom for that to be chance."""
    if rows.sum() < _LEAST_OPEN:
        return None
    counts, overall = np.bincount(outcome[rows]), np.bincount(outcome[known])
    code = int(counts.argmax())
    share, base = counts[code] / rows.sum(), overall[code] / known.sum()
    coverage = counts[code] / overall[code]
    expected = (1 - base) * rows.sum()
    if share < _LEAST_PURITY or expected < _LEAST_EXPECTED or coverage < _LEAST_COVERAGE:
        return None
    # How much the odds of the class change; one half row keeps them finite (Haldane 1956).
    others = rows.sum() - counts[code] + 0.5
    odds = np.log((counts[code] + 0.5) / others) - np.log(base / (1 - base))
    confidence = grade(odds, (2.0, 45), (3.0, 72), (3.6, 80), (5.0, 90), (7.0, 97))
    confidence += grade(coverage, (0.1, -6), (0.5, 0), (0.95, 3))
    return _finding(
        column,
        confidence,
        f"where it is {said}, {share:.1%} of the rows are of one class, of all rows {base:.1%}",
        {"share_of_class": share, "share_overall": base, "coverage_of_class": coverage, "rows": float(rows.sum())},
    )


def _finding(column: Column, confidence: float, why: str, evidence: dict[str, float]) -> Finding:
    return Finding(
        kind=RiskKind.KNOWN_AFTER,
        columns=(column.name,),
        confidence=whole(confidence),
        summary=f"{column.name} seems to be known only after the outcome: {why}.",
        evidence={name: rounded(value) for name, value in evidence.items()},
        advice=f"ask when {column.name} is filled; if not before the prediction, add it to dataset.drop",
    )
