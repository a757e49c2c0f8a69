"""Subjects whose rows lie in several splits although their target does not change: the test asks who, not what."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.rows import TRAIN
from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.names import sounds_like_identifier
from ml_lifecycle.discovery.risks.power import goals_of, power_of_cells, quantile_cells
from ml_lifecycle.discovery.risks.table import SPLITS, Codes, Column, RiskTable

_LEAST_SUBJECTS = 30
_ROWS_EACH = (1.5, 200.0)
_LEAST_SHARED = 0.2
_SMOOTH = 0.7  # of what single values explain, so much may be explained by neighbouring values together
_NEIGHBOURS = 8
#: How steady classes are in a subject: one label in twenty written wrongly leaves 0.8.
_CLASS_STEPS = ((0.5, 35), (0.65, 60), (0.75, 80), (0.85, 84), (0.95, 90), (0.99, 95))
#: Amounts of one place or kind are alike without being the same.
_AMOUNT_STEPS = ((0.5, 35), (0.7, 60), (0.85, 78), (0.95, 90), (0.99, 95))


def find_shared_groups(
    table: RiskTable, *, group: str | None, apart: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Look for columns that name subjects, among the features and the roles.

    Args:
        table: The rows.
        group: The column by which rows are kept together, which is no risk.
        apart: Columns that are leaks themselves: each of their values has one target, too.
    """
    for column in [*table, *table.roles.values()]:
        if column.name in apart or column.name == group or column.is_time:
            continue
        if column.is_number and not column.is_whole:
            continue
        subjects, filled = column.distinct, int((~column.missing).sum())
        if subjects < _LEAST_SUBJECTS or not _ROWS_EACH[0] <= filled / subjects <= _ROWS_EACH[1]:
            continue
        finding = _judge(table, column)
        if finding is not None:
            yield finding


def _judge(table: RiskTable, column: Column) -> Finding | None:
    rows = np.flatnonzero(table.target.known & (column.codes >= 0))
    shared = _shared(table, column.codes)
    if shared < _LEAST_SHARED or len(rows) < 2 * _LEAST_SUBJECTS:
        return None
    steady = _steadiness(table, column.codes, rows)
    if steady < 0.5:  # noqa: PLR2004 - it changes as often as not
        return None
    named = sounds_like_identifier(column.name)
    steps = _CLASS_STEPS if table.target.has_classes else _AMOUNT_STEPS
    confidence = grade(steady, *steps) + (6 if named else 0)
    evidence = {"target_steady_in_a_subject": steady, "rows_of_shared_subjects": shared, "subjects": column.distinct}
    if column.is_number:
        smooth = _smoothness(table, column, rows)
        evidence["explained_by_neighbours"] = smooth
        if smooth > _SMOOTH * steady:
            return None
    return Finding(
        kind=RiskKind.SHARED_GROUPS,
        columns=(column.name,),
        confidence=whole(confidence),
        summary=f"{shared:.0%} of the rows that judge have a {column.name} that train knows, and within one the target "
        f"hardly changes ({steady:.0%} beyond chance).",
        evidence={name: rounded(value) for name, value in evidence.items()},
        advice=f"name {column.name} as dataset.group, so that its rows stay together",
    )


def _shared(table: RiskTable, codes: Codes) -> float:
    """Share of judged rows whose subject train knows; of rows that are not divided, those that are not alone."""
    if table.split is None:
        counts = np.bincount(codes[codes >= 0])
        return float((counts[codes[codes >= 0]] > 1).mean())
    train = SPLITS.index(TRAIN)
    judged = (table.split > train) & (codes >= 0)
    known = np.unique(codes[(table.split == train) & (codes >= 0)])
    return float(np.isin(codes[judged], known).mean()) if judged.any() else 0.0


def _steadiness(table: RiskTable, codes: Codes, rows: Codes) -> float:
    """How alike two rows of one subject are beyond two rows of any: 1 is equal.

    For classes the agreement of pairs beyond chance, for amounts the intraclass correlation (Fisher 1925).
    """
    target = table.target
    subject = codes[rows]
    sizes = np.bincount(subject)
    several = sizes[subject] > 1
    if several.sum() < 2 * _LEAST_SUBJECTS:
        return 0.0
    subject, rows = subject[several], rows[several]
    if target.has_classes:
        classes = target.codes[rows]
        shares = np.bincount(target.codes[target.known]) / target.known.sum()
        chance = float((shares**2).sum())
        joint = pd.Series(1, index=pd.MultiIndex.from_arrays([subject, classes])).groupby(level=[0, 1]).sum()
        pairs = (joint * (joint - 1)).groupby(level=0).sum()
        size = joint.groupby(level=0).sum()
        # Every subject counts by its rows: a few large ones must not decide.
        agree = float((pairs / (size - 1)).sum() / size.sum())
        return (agree - chance) / max(1 - chance, 1e-9)
    values = pd.Series(target.numbers[rows])
    inner = float(values.groupby(subject).transform("var").mean())
    return 1 - inner / max(float(np.nanvar(target.numbers)), 1e-300)


def _smoothness(table: RiskTable, column: Column, rows: Codes) -> float:
    """Explained share by neighbouring values together: a measurement explains by its size, a name does not."""
    few = rows if len(rows) <= len(table.sample) else table.sample
    cells = quantile_cells(column.numbers[few], max(column.distinct // _NEIGHBOURS, 2))
    return max(power_of_cells(goal, cells, table.seed) for goal in goals_of(table.target, few))
