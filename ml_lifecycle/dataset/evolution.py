"""How data has moved away from its schema, and from what it was in the run before: one kind of change, one advice.

Which rows fail is found out in `inspection`; the schema that would accept a change is written in `schema_proposal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Final

import pandas as pd

from ml_lifecycle.dataset.inspection import ColumnFailure, Inspection
from ml_lifecycle.dataset.row_checks import ABSENT, DTYPE, NOT_NULLABLE
from ml_lifecycle.dataset.rows import ROW_ID, text_of
from ml_lifecycle.dataset.schema import Schema
from ml_lifecycle.dataset.schema_inference import InferenceLimits
from ml_lifecycle.dataset.table_profile import ColumnSummary, Profile, profile_rows
from ml_lifecycle.verdict import Fact, Severity, Verdict

RANGE_CHECKS: Final = frozenset(
    {"in_range", "greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"}
)
"""The checks of pandera that bound numbers and times."""

_SHOWN: Final = 10

#: Less likely than this by chance, and a change is told: once in a hundred columns that have not changed.
_CHANCE: Final = 0.01


class ChangeKind(StrEnum):
    """The ways in which data changes its form."""

    NEW_COLUMN = "new_column"
    LOST_COLUMN = "lost_column"
    CHANGED_TYPE = "changed_type"
    NEW_CATEGORY = "new_category"
    LOST_CATEGORY = "lost_category"
    WIDER_RANGE = "wider_range"
    NULLABILITY = "nullability"


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One way in which the data differs from what it should be, or was.

    Args:
        kind: What changed.
        column: Where.
        before: What the schema says, or what was there in the run before.
        after: What came.
        cells: In how many cells it shows; of a column that changed as a whole, in all of them.
        advice: What to do about it.
    """

    kind: ChangeKind
    column: str
    before: str
    after: str
    cells: int
    advice: str


_ADVICE: Final = {
    ChangeKind.NEW_COLUMN: "add it to the schema file so that it is checked, or name it under dataset.drop",
    ChangeKind.LOST_COLUMN: "mend the source; if the column is gone for good, take it out of the schema file and train "
    "again, since a model that reads it cannot serve",
    ChangeKind.CHANGED_TYPE: "if the source only writes it in another way, say how under dataset.cleaning (types, "
    "units, missing_values); if the change is meant, correct its dtype in the schema file and train again",
    ChangeKind.NEW_CATEGORY: "if it is a misspelling, correct the rows in quarantine; if it is real, add it to isin in "
    "the schema file and train again, since the model has never seen it",
    ChangeKind.LOST_CATEGORY: "ask the source whether it still delivers these rows; the schema file may keep the "
    "category",
    ChangeKind.WIDER_RANGE: "if the unit has changed, convert it under dataset.cleaning.units; if the numbers are "
    "real, widen the range in the schema file",
    ChangeKind.NULLABILITY: "find out why cells are missing where they were not (or the other way round); if they may "
    "be, set nullable: true in the schema file",
}

_RENAMED: Final = "another category is gone at the same time, so it may only have been renamed"


def find_changes(
    inspection: Inspection, schema: Schema, previous: Profile | None = None, limits: InferenceLimits | None = None
) -> list[SchemaChange]:
    """Tell how rows have moved away from their schema, and from those of the run before.

    What the schema permits is judged by the run before, if that is known: a category that is gone, a column that may be
    absent and now is, missing cells where there were none, numbers far beyond any that was seen.

    Args:
        inspection: The rows, held against the schema.
        schema: The schema.
        previous: What the rows of the run before were like.
        limits: How far numbers may go beyond what was seen, where the schema names no range.
    """
    changes = [*_whole_columns(inspection), *_cells(inspection, schema)]
    if previous is not None:
        told = {(change.kind, change.column) for change in changes}
        failed = {failure.column for failure in inspection.column_failures}
        limits = limits or InferenceLimits()
        changes += [
            change
            for change in _since(_good_rows(inspection), previous, limits, failed)
            if (change.kind, change.column) not in told
        ]
    return _with_renamings(changes)


def judge_evolution(changes: Sequence[SchemaChange]) -> Verdict:
    """schema_evolution: the data has the form that the schema says; a change only warns.

    What no run can go on with, a column that is lost or of another type, is stopped by schema_valid.
    """
    told = "; ".join(f"{change.column}: {change.kind.value.replace('_', ' ')}" for change in changes[:_SHOWN])
    facts: list[Fact] = [{**asdict(change), "kind": change.kind.value} for change in changes]
    advice = "; ".join(dict.fromkeys(f"{change.column}: {change.advice}" for change in changes[:_SHOWN]))
    return Verdict(
        gate="schema_evolution",
        passed=not changes,
        severity=Severity.WARN,
        summary=f"{len(changes)} changes of the data's form: {told}." if changes else "The data has kept its form.",
        facts={"changes": facts, "kinds": {kind.value: _count(changes, kind) for kind in ChangeKind}},
        advice=advice,
    )


def _change(kind: ChangeKind, column: str, before: str, after: str, cells: int) -> SchemaChange:
    return SchemaChange(kind, column, before, after, cells, _ADVICE[kind])


def _count(changes: Sequence[SchemaChange], kind: ChangeKind) -> int:
    return sum(change.kind is kind for change in changes)


def _whole_columns(inspection: Inspection) -> Iterator[SchemaChange]:
    rows = len(inspection.frame)
    for name in inspection.extra:
        came = str(inspection.frame[name].dtype)
        yield _change(ChangeKind.NEW_COLUMN, name, "no such column", came, rows)
    for failure in inspection.column_failures:
        kind = {ABSENT: ChangeKind.LOST_COLUMN, DTYPE: ChangeKind.CHANGED_TYPE}.get(failure.check)
        if kind is not None:
            yield _change(kind, failure.column, failure.expected, _came(failure), rows)


def _came(failure: ColumnFailure) -> str:
    return f"{failure.got} ({failure.example})" if failure.example else failure.got


def _cells(inspection: Inspection, schema: Schema) -> Iterator[SchemaChange]:
    """Changes that show in cells: the failures of one column and one check, together."""
    for (column, check), part in _by(inspection.failures, "column", "check"):
        if check == "isin":
            counts = part["value"].value_counts()
            allowed = schema.categories(column) or ()
            before = f"{len(allowed)} categories: {_listed([text_of(value) for value in allowed])}"
            after = _listed([f"{value} ({count:,})" for value, count in counts.items()])
            yield _change(ChangeKind.NEW_CATEGORY, column, before, after, len(part))
        elif check == NOT_NULLABLE:
            share = f"{len(part) / len(inspection.frame):.2%} of the cells are missing"
            yield _change(ChangeKind.NULLABILITY, column, "no missing cell", share, len(part))
    beyond = inspection.failures[inspection.failures["check"].isin(RANGE_CHECKS)]
    for (column,), part in _by(beyond, "column"):
        values = _cells_of(inspection.frame, column, part[ROW_ID])
        after = f"{text_of(values.min())} to {text_of(values.max())} beyond it"
        yield _change(ChangeKind.WIDER_RANGE, column, schema.range_text(column), after, len(part))


def _by(failures: pd.DataFrame, *names: str) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    for key, part in failures.groupby(list(names), sort=False):
        yield tuple(map(str, key)), part


def _good_rows(inspection: Inspection) -> pd.DataFrame:
    """What the schema lets pass: the rest is told already."""
    failing = _names(inspection.frame).isin(inspection.failures[ROW_ID])
    return inspection.frame.loc[~failing] if failing.any() else inspection.frame


def _cells_of(frame: pd.DataFrame, column: str, rows: pd.Series) -> pd.Series:
    return frame.loc[_names(frame).isin(rows), column]


def _names(frame: pd.DataFrame) -> pd.Index:
    return pd.Index(frame[ROW_ID]) if ROW_ID in frame.columns else pd.RangeIndex(len(frame))


def _since(frame: pd.DataFrame, previous: Profile, limits: InferenceLimits, failed: set[str]) -> Iterator[SchemaChange]:
    """What is unlike the run before, although the schema permits it."""
    now = profile_rows(frame, limits)
    for name, before in previous.columns.items():
        after = now.columns.get(name)
        if name in failed:
            continue
        if after is None:
            yield _change(ChangeKind.LOST_COLUMN, name, before.dtype, "no such column", now.rows)
            continue
        yield from _missing_since(name, before, after, now.rows)
        yield from _categories_since(name, before, after, previous.rows, now.rows)
        yield from _range_since(name, before, after, limits, frame)


def _missing_since(name: str, before: ColumnSummary, after: ColumnSummary, rows: int) -> Iterator[SchemaChange]:
    vanished = before.missing > 0 and after.missing == 0 and (1 - before.missing) ** rows < _CHANCE
    appeared = before.missing == 0 and after.missing > 0
    if vanished or appeared:
        yield _change(
            ChangeKind.NULLABILITY,
            name,
            f"{before.missing:.2%} of the cells were missing",
            f"{after.missing:.2%} are",
            round(rows * after.missing) if appeared else rows,
        )


def _categories_since(
    name: str, before: ColumnSummary, after: ColumnSummary, rows_before: int, rows: int
) -> Iterator[SchemaChange]:
    if before.categories is None or after.categories is None:
        return
    gone = [
        value
        for value, count in before.categories.items()
        if value not in after.categories and (1 - count / max(rows_before, 1)) ** rows < _CHANCE
    ]
    new = {value: count for value, count in after.categories.items() if value not in before.categories}
    known = _listed(list(before.categories))
    if gone:
        told = f"no longer {_listed(gone)}"
        cells = sum(before.categories[value] for value in gone)
        yield _change(ChangeKind.LOST_CATEGORY, name, known, told, cells)
    if new:
        told = _listed([f"{value} ({count:,})" for value, count in new.items()])
        yield _change(ChangeKind.NEW_CATEGORY, name, known, told, sum(new.values()))


def _range_since(
    name: str, before: ColumnSummary, after: ColumnSummary, limits: InferenceLimits, frame: pd.DataFrame
) -> Iterator[SchemaChange]:
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return
    pad = limits.margin * ((before.high - before.low) or abs(before.high) or 1.0)
    low, high = before.low - pad, before.high + pad
    if low <= after.low and after.high <= high:
        return
    cells = int(((frame[name] < low) | (frame[name] > high)).sum())
    seen, came = (f"{text_of(item.low)} to {text_of(item.high)}" for item in (before, after))
    yield _change(ChangeKind.WIDER_RANGE, name, seen, came, cells)


def _with_renamings(changes: Sequence[SchemaChange]) -> list[SchemaChange]:
    """A category that went where another one came was probably renamed."""
    gone = {change.column for change in changes if change.kind is ChangeKind.LOST_CATEGORY}
    came = {change.column for change in changes if change.kind is ChangeKind.NEW_CATEGORY}
    return [
        replace(item, advice=f"{item.advice}; {_RENAMED}")
        if item.column in gone & came and item.kind is ChangeKind.NEW_CATEGORY
        else item
        for item in changes
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
