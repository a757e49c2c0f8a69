"""Two columns of few values that together determine the class, though neither does: a status split into two codes.

Columns of numbers that together make the target are looked for in `combinations`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.power import Goal, power_of_cells, power_together
from ml_lifecycle.discovery.risks.table import Codes, Column, RiskTable

_ROWS = 5_000
_MOST_VALUES = 40
_MOST_COLUMNS = 20
_ROWS_A_CELL = 8
_LEAST_TOGETHER = 0.85  # explained by the pair, from which it is looked at
_MOST_ALONE = 0.6  # explained by one of the two: beyond, it is a case for `single`
_LEAST_CLASS_ROWS = 30


def find_pairs(table: RiskTable, *, apart: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Look for pairs whose cells each hold one class.

    Args:
        table: The rows.
        apart: Columns that are not looked at.
    """
    if not table.target.has_classes:
        return
    rows = table.sample
    if len(rows) > _ROWS:
        rows = np.random.default_rng(table.seed).choice(rows, _ROWS, replace=False)
    goal = Goal.of_codes(table.target.codes[rows])
    if (goal.truth.sum(axis=0) >= _LEAST_CLASS_ROWS).sum() < 2:  # noqa: PLR2004 - two classes
        return
    coarse = _coarse(table, goal, rows, apart)
    for (one, alone_one), (other, alone_other) in combinations(coarse, 2):
        cells = _cells(one, other, rows)
        if int(cells.max(initial=0)) * _ROWS_A_CELL > len(rows):
            continue
        together = power_of_cells(goal, cells, table.seed)
        alone = max(alone_one, alone_other)
        if together >= _LEAST_TOGETHER and alone <= _MOST_ALONE:
            yield _finding(table, one, other, together, alone)


def _coarse(table: RiskTable, goal: Goal, rows: Codes, apart: frozenset[str]) -> list[tuple[Column, float]]:
    """Columns of few values, and what each explains alone; those of fewest values first."""
    columns = [c for c in table if c.name not in apart and not c.is_time and 2 <= c.distinct <= _MOST_VALUES]  # noqa: PLR2004 - it varies
    columns = sorted(columns, key=lambda column: column.distinct)[:_MOST_COLUMNS]
    return [(column, power_of_cells(goal, column.codes[rows] + 1, table.seed)) for column in columns]


def _cells(one: Column, other: Column, rows: Codes) -> Codes:
    """(m,) cell of each row in the cross table of both columns."""
    joint = (one.codes[rows] + 1) * (other.distinct + 1) + other.codes[rows] + 1
    return np.asarray(np.unique(joint, return_inverse=True)[1], dtype=np.int64)


def _finding(table: RiskTable, one: Column, other: Column, together: float, alone: float) -> Finding:
    rest = power_together(table, [column for column in table if column.name not in {one.name, other.name}])
    confidence = grade(together, (_LEAST_TOGETHER, 66), (0.93, 82), (0.97, 90), (0.99, 93))
    # Where the other columns come near, the problem is simply easy.
    confidence -= grade((1 - together) / max(1 - rest, 1e-3), (0.3, 0), (0.6, 12), (1.0, 45))
    return Finding(
        kind=RiskKind.TARGET_PARTS,
        columns=(one.name, other.name),
        confidence=whole(confidence),
        summary=f"{one.name} and {other.name} together explain {together:.0%} of the target, alone at most "
        f"{alone:.0%}, all other columns {rest:.0%}.",
        evidence={
            "explained_together": rounded(together),
            "explained_alone": rounded(alone),
            "explained_by_others": rounded(rest),
        },
        advice="find out which of the two is known only afterwards, and add it to dataset.drop",
    )
