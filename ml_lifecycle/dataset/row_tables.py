"""Many rows that came as mappings, as one table of the schema's types: column by column instead of cell by cell.

Only for rows that are all good; what is wrong with one, `row_checks` says cell by cell. A test with random rows holds
the two to each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.cell_rows import CellRows
from ml_lifecycle.dataset.coercion import UNREADABLE, ColumnType, coerce_value
from ml_lifecycle.dataset.row_checks import CellRule
from ml_lifecycle.dataset.rows import is_missing

#: Checks that hold for all numbers between two for which they hold.
_CONVEX: Final = frozenset(
    {"in_range", "greater_than_or_equal_to", "greater_than", "less_than_or_equal_to", "less_than"}
)
_NONE: Final = type(None)
_ABSENT: Final = object()


def read_table(
    rules: Sequence[CellRule], rows: Sequence[Mapping[str, Any]], wanted: Sequence[str], without: Collection[str] = ()
) -> pd.DataFrame | None:
    """Read many rows at once; None where one of them is bad, or is not of the same columns as the others.

    Args:
        rules: One for each column of the schema.
        rows: Each value by column.
        wanted: The columns of the table; one that no row has is left out.
        without: Columns that need not be there and are not judged.
    """
    ruled = {rule.column: rule for rule in rules if rule.column not in without}
    table: dict[str, Any] = {}
    for name in dict.fromkeys([*ruled, *wanted]):
        rule = ruled.get(name)
        cells, absent = _cells_of(rows, name)
        if absent:
            if absent < len(rows) or (rule is not None and rule.required):
                return None
            continue
        column = cells if rule is None else _read_column(rule, cells)
        if column is None:
            return None
        if name in wanted:
            table[name] = column
    return pd.DataFrame({name: table[name] for name in wanted if name in table}, index=pd.RangeIndex(len(rows)))


def _cells_of(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[list[Any], int]:
    """The cells of a column, and how many rows have none."""
    if isinstance(rows, CellRows):
        found = rows.column(name)
        return ([], len(rows)) if found is None else (found, 0)
    cells = [row.get(name, _ABSENT) for row in rows]
    return cells, cells.count(_ABSENT)


def _read_column(rule: CellRule, cells: list[Any]) -> Any:  # noqa: ANN401 - a list or an array
    """The column; None where a cell is bad."""
    kinds = set(map(type, cells))
    gaps = _NONE in kinds
    if gaps and not rule.nullable:
        return None
    present = kinds - {_NONE}
    if rule.kind is ColumnType.NUMBER and present == {float}:
        return _read_numbers(rule, np.array(cells, dtype=np.float64))
    if rule.kind is ColumnType.TEXT and present == {str}:
        known = set(cells) - {None}
        return cells if all(test(text) for text in known for _, test in rule.tests) else None
    if rule.kind is ColumnType.BOOLEAN and present == {bool} and not gaps:
        return cells if all(test(value) for value in set(cells) for _, test in rule.tests) else None
    return _read_each(rule, cells)


def _read_numbers(rule: CellRule, numbers: np.ndarray) -> np.ndarray | None:
    missing = np.isnan(numbers)
    known = numbers[~missing] if missing.any() else numbers
    if len(known) < len(numbers) and not rule.nullable:
        return None
    if len(known) == 0:
        return numbers
    ends = (float(known.min()), float(known.max()))
    for check, test in rule.tests:
        looked_at = ends if check in _CONVEX else known.tolist()
        if not all(map(test, looked_at)):
            return None
    return numbers


def _read_each(rule: CellRule, cells: list[Any]) -> list[Any] | None:
    read = [coerce_value(cell, rule.kind) for cell in cells]
    for value in read:
        if value is UNREADABLE:
            return None
        if is_missing(value):
            if not rule.nullable:
                return None
        elif not all(test(value) for _, test in rule.tests):
            return None
    return [None if is_missing(value) else value for value in read]
