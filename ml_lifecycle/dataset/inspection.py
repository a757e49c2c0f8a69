"""A frame against a schema: which columns fail as a whole, which cells fail, and the frame with the right types.

The schema itself, and pandera, are in `schema`; one row is for `row_checks`; rows that fail go to `quarantine`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.coercion import Coerced, ColumnType, coerce_column
from ml_lifecycle.dataset.column_checks import NAMELESS, CheckedColumn, CheckLike, failing_by_pandera
from ml_lifecycle.dataset.failures import failures_at, join_failures
from ml_lifecycle.dataset.row_checks import ABSENT, DTYPE, NOT_NULLABLE
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, as_text, renumber, text_of
from ml_lifecycle.verdict import Fact, Verdict

WHOLE_ROW: Final = "(row)"
"""What stands for the column where a check looks at several columns of a row."""
UNIQUE: Final = "field_uniqueness"

WHOLESALE: Final = 0.5
"""Where more than this share of its cells cannot be read, a column has changed its type; below, it holds bad cells."""


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What is asked of one column.

    Args:
        name: The column.
        kind: The type that its cells are read as.
        dtype: How the schema names the type; empty for any.
        nullable: Whether cells may be missing.
        required: Whether it must be there.
        unique: Whether no value may come twice.
        checks: Pandera's checks.
    """

    name: str
    kind: ColumnType
    dtype: str
    nullable: bool
    required: bool
    unique: bool
    checks: tuple[CheckLike, ...]


@dataclass(frozen=True, slots=True)
class ColumnFailure:
    """A column that breaks the schema as a whole: it vanished or changed its type.

    Args:
        column: Its name.
        check: column_in_dataframe, dtype, or a check that cannot be applied to it.
        expected: What the schema says.
        got: What came.
        example: A cell that does not fit, or the nearest name among the columns that came; empty if there is none.
    """

    column: str
    check: str
    expected: str
    got: str
    example: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a schema says about a frame.

    Args:
        frame: The frame with the types that the schema names; cells that cannot be read are missing in it.
        failures: One row for each cell that fails: `_row_id`, column, check, value.
        column_failures: Columns that fail as a whole; their cells are not among the failures.
        extra: Columns that the schema does not know.
    """

    frame: pd.DataFrame
    failures: pd.DataFrame
    column_failures: tuple[ColumnFailure, ...]
    extra: tuple[str, ...]


def inspect_frame(
    frame: pd.DataFrame,
    plans: Sequence[ColumnPlan],
    row_checks: Sequence[CheckLike] = (),
    without: Collection[str] = (),
    *,
    wholesale: float,
) -> Inspection:
    """Read a frame as the types that a schema names, and say what is wrong with its columns and its cells.

    Args:
        frame: Rows; without `_row_id` they are named by their position.
        plans: One for each column of the schema.
        row_checks: Checks that look at whole rows; not asked while a column fails as a whole.
        without: Columns that need not be there and are not looked at.
        wholesale: Above this share of unreadable cells a column fails, rather than its rows.
    """
    read = frame.copy(deep=False)
    failures: list[pd.DataFrame] = []
    column_failures: list[ColumnFailure] = []
    for plan in plans:
        if plan.name in without or (plan.name not in frame.columns and not plan.required):
            continue
        if plan.name not in frame.columns:
            column_failures.append(_absent(plan, frame))
            continue
        raw = frame[plan.name]
        coerced = coerce_column(raw, plan.kind)
        changed = _changed_type(plan, raw, coerced, wholesale)
        if changed is not None:
            column_failures.append(changed)
            read[plan.name] = as_text(raw)  # one type, whatever came, so that it can be stored
            continue
        column = _as_stored(coerced.column, plan)
        if column is not raw:  # a frame whose columns have their types already is not copied
            read[plan.name] = column
        found, unfit = _examine(frame, plan, raw, Coerced(column, coerced.unreadable))
        failures += found
        column_failures += unfit
    if not column_failures:
        failures += _examine_rows(read, row_checks)
    known = {*(plan.name for plan in plans), ROW_ID, SPLIT}
    extra = tuple(str(name) for name in frame.columns if name not in known)
    return Inspection(read, join_failures(failures), tuple(column_failures), extra)


def read_frame(frame: pd.DataFrame, plans: Sequence[ColumnPlan], without: Collection[str] = ()) -> pd.DataFrame:
    """A frame as the types that a schema names, without a look at what is wrong; see `Inspection.frame`."""
    read = frame.copy(deep=False)
    for plan in plans:
        if plan.name in without or plan.name not in frame.columns:
            continue
        raw = frame[plan.name]
        coerced = coerce_column(raw, plan.kind)
        changed = _changed_type(plan, raw, coerced, wholesale=1.0)
        column = as_text(raw) if changed is not None else _as_stored(coerced.column, plan)
        if column is not raw:
            read[plan.name] = column
    return read


def judge_schema(inspection: Inspection) -> Verdict:
    """schema_valid: no column vanished or changed its type. Rows that fail are the business of the quarantine."""
    failed = inspection.column_failures
    told = "; ".join(f"{item.column}: expected {item.expected}, got {item.got}" for item in failed)
    columns: list[Fact] = [
        {
            "column": item.column,
            "check": item.check,
            "expected": item.expected,
            "got": item.got,
            "example": item.example,
        }
        for item in failed
    ]
    return Verdict(
        gate="schema_valid",
        passed=not failed,
        summary=f"{len(failed)} columns break the schema: {told}."
        if failed
        else "All columns are there, with their types.",
        facts={"columns": columns, "unknown_columns": list(inspection.extra)},
        advice="mend the source; if the change is meant, correct the schema file",
    )


def _absent(plan: ColumnPlan, frame: pd.DataFrame) -> ColumnFailure:
    near = difflib.get_close_matches(plan.name, [str(column) for column in frame.columns], n=1)
    expected = f"a column of type {plan.dtype or 'any'}"
    return ColumnFailure(plan.name, ABSENT, expected, "no such column", f"nearest: {near[0]}" if near else "")


def _changed_type(plan: ColumnPlan, raw: pd.Series, coerced: Coerced, wholesale: float) -> ColumnFailure | None:
    expected = plan.dtype or str(plan.kind)
    if plan.kind is ColumnType.ANY:
        if plan.dtype in {"", "object", str(raw.dtype)}:
            return None
        return ColumnFailure(plan.name, DTYPE, expected, str(raw.dtype), _example(raw))
    unreadable = int(coerced.unreadable.sum())
    if not unreadable or unreadable <= wholesale * (present := int(raw.notna().sum())):
        return None
    got = f"{raw.dtype}, {unreadable:,} of {present:,} cells cannot be read as {plan.kind}"
    return ColumnFailure(plan.name, DTYPE, expected, got, _example(raw[coerced.unreadable]))


def _example(values: pd.Series) -> str:
    present = values.dropna()
    return "" if present.empty else text_of(present.iloc[0])[:100]


def _as_stored(column: pd.Series, plan: ColumnPlan) -> pd.Series:
    """Numbers as wide as the schema says; whole numbers and truths with missing cells stay float64."""
    if plan.kind is ColumnType.NUMBER and column.dtype != plan.dtype and plan.dtype in {"float32", "float64"}:
        return column.astype("float32" if plan.dtype == "float32" else "float64")
    if plan.kind is ColumnType.INTEGER and column.dtype.kind in "iu" and column.dtype != np.int64:
        return column.astype("int64")
    return column


def _examine(
    frame: pd.DataFrame, plan: ColumnPlan, raw: pd.Series, coerced: Coerced
) -> tuple[list[pd.DataFrame], list[ColumnFailure]]:
    column = coerced.column if coerced.column.index.is_unique else coerced.column.reset_index(drop=True)
    checked = CheckedColumn(column, plan.checks, is_text=plan.kind is ColumnType.TEXT)
    found = [failures_at(frame, plan.name, DTYPE, coerced.unreadable)] if coerced.unreadable.any() else []
    if not plan.nullable and (lacking := checked.missing & ~coerced.unreadable).any():
        found.append(failures_at(frame, plan.name, NOT_NULLABLE, lacking))
    if plan.unique and (repeated := column.duplicated(keep=False).to_numpy() & ~checked.missing).any():
        found.append(failures_at(frame, plan.name, UNIQUE, repeated))
    unfit: list[ColumnFailure] = []
    for check in plan.checks:
        name = check.name or NAMELESS
        try:
            failing = checked.failing(check)
        except (TypeError, ValueError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"[:200]
            unfit.append(ColumnFailure(plan.name, name, f"cells that {name} applies to", reason, _example(raw)))
            continue
        if failing.any():
            found.append(failures_at(frame, plan.name, name, failing))
    return found, unfit


def _examine_rows(read: pd.DataFrame, checks: Sequence[CheckLike]) -> list[pd.DataFrame]:
    if not checks or read.empty:
        return []
    rows = renumber(read)
    return [failures_at(read, WHOLE_ROW, check.name or NAMELESS, failing_by_pandera(check, rows)) for check in checks]
