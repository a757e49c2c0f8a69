"""Setting aside the rows that break the schema, each with its reasons: nothing is thrown away.

What is mended before is in `cleaning`, what breaks the schema is found out in `inspection`, what people decided about
rows set aside is in `decisions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.cleaning import Cleaned, Cleaner, counts_table
from ml_lifecycle.dataset.coercion import ColumnType, coerce_column
from ml_lifecycle.dataset.decisions import CORRECTION_COLUMNS, ROW, Corrected, Release, apply_releases, combine
from ml_lifecycle.dataset.duplicates import KEPT, REASON
from ml_lifecycle.dataset.evolution import SchemaChange, find_changes
from ml_lifecycle.dataset.failures import FAILURE_COLUMNS
from ml_lifecycle.dataset.inspection import Inspection
from ml_lifecycle.dataset.reading import CleanReader
from ml_lifecycle.dataset.row_json import rows_as_json
from ml_lifecycle.dataset.rows import ROW_ID, renumber
from ml_lifecycle.dataset.schema import Schema, judge_schema
from ml_lifecycle.dataset.table_profile import Profile
from ml_lifecycle.errors import DataError
from ml_lifecycle.verdict import Fact, Verdict

__all__ = ["ROW", "Validated", "judge_conserved", "judge_share", "list_quarantined", "validate_rows"]

_MOST_FREQUENT = 10
_EXAMPLES = 5

REMOVED_COLUMNS: Final = (ROW_ID, KEPT, REASON, ROW)


def _empty(*columns: str) -> pd.DataFrame:
    """A table without rows, of types that can be stored."""
    return pd.DataFrame({name: pd.Series(dtype="int64" if name.endswith("row_id") else object) for name in columns})


@dataclass(frozen=True, slots=True)
class Validated:
    """Rows divided by whether they keep the schema; with the duplicates removed, together they are all rows that came.

    Args:
        good: Rows that keep it, with the types that it names.
        quarantined: One row for each failure of the others: `_row_id`, column, check, value (as cleaned), and `row`,
            the row as it came, in JSON.
        verdicts: schema_valid and quarantine_share.
        removed: Duplicates that were taken out: `_row_id`, kept_row_id (the row in their place), reason, row.
        cleaning: What each step of cleaning did: step, column, outcome, cells.
        corrected: Cells that people corrected: `_row_id`, column, was, value.
        stale: Corrections that were left out, since the source has changed the cell: the same columns.
        waived: Failures that people let pass: `_row_id`, column, check, value.
        changes: How the data differs from what the schema says, for the gate schema_evolution.
    """

    good: pd.DataFrame
    quarantined: pd.DataFrame
    verdicts: list[Verdict]
    removed: pd.DataFrame = field(default_factory=lambda: _empty(*REMOVED_COLUMNS))
    cleaning: pd.DataFrame = field(default_factory=lambda: counts_table([]))
    corrected: pd.DataFrame = field(default_factory=lambda: _empty(*CORRECTION_COLUMNS))
    stale: pd.DataFrame = field(default_factory=lambda: _empty(*CORRECTION_COLUMNS))
    waived: pd.DataFrame = field(default_factory=lambda: _empty(*FAILURE_COLUMNS))
    changes: tuple[SchemaChange, ...] = ()


def validate_rows(
    frame: pd.DataFrame,
    schema: Schema,
    config: DatasetConfig,
    *,
    releases: Iterable[Release] = (),
    previous: Profile | None = None,
) -> Validated:
    """Correct what people corrected, clean, and divide rows into those that keep the schema and those that do not.

    Columns under `drop` need not be there, although the schema may know them.

    Args:
        frame: Rows with `_row_id`, as they came.
        schema: What they must be.
        config: How they are cleaned, and how many may fail.
        releases: What people decided about rows, the earliest first.
        previous: What the rows of the run before were like, to tell how they have changed.

    Raises:
        DataError: The rows have no `_row_id`, or a column is to be cleaned that neither they nor the schema have.
    """
    if ROW_ID not in frame.columns:
        raise DataError("the rows have no names", expected=f"a column {ROW_ID}", advice="read them with read_rows")
    cleaner = Cleaner.of(config)
    cleaner.require(list(dict.fromkeys([*map(str, frame.columns), *schema.columns])))
    releases = list(releases)
    corrected = apply_releases(frame, releases)
    cleaned = cleaner.clean(corrected.frame)
    inspection = CleanReader(cleaner, schema).inspect_cleaned(cleaned, without=config.drop)
    waived = _waived(inspection.failures, releases)
    failures = inspection.failures[~waived] if waived.any() else inspection.failures
    failing = inspection.frame[ROW_ID].isin(failures[ROW_ID]).to_numpy()
    good = renumber(inspection.frame.loc[~failing] if failing.any() else inspection.frame)
    quarantined = _with_rows(failures, frame)
    told = {failure.column for failure in inspection.column_failures}
    return Validated(
        good=_settle_types(cleaner.settle_types(good, without=told), schema),
        quarantined=quarantined,
        verdicts=[judge_schema(inspection), _judge_share_of(inspection, quarantined, config, corrected, waived)],
        removed=_removed_rows(cleaned, frame),
        cleaning=cleaned.counts,
        corrected=corrected.applied,
        stale=corrected.stale,
        waived=inspection.failures[waived].reset_index(drop=True),
        changes=tuple(find_changes(inspection, schema, previous)),
    )


def judge_share(
    rows: int, quarantined: pd.DataFrame, config: DatasetConfig, *, corrected: int = 0, stale: int = 0, waived: int = 0
) -> Verdict:
    """quarantine_share: not too many rows break the schema, and some keep it.

    Args:
        rows: How many rows were judged.
        quarantined: The failures.
        config: Says how many are too many.
        corrected: How many cells people have corrected.
        stale: How many corrections were left out, since the source has changed the cell.
        waived: How many failures people have let pass.
    """
    failed = int(quarantined[ROW_ID].nunique())
    share = failed / max(rows, 1)
    reasons = quarantined.groupby(["column", "check"]).size().sort_values(ascending=False).head(_MOST_FREQUENT)
    facts: dict[str, Fact] = {": ".join(key): int(count) for key, count in zip(reasons.index, reasons, strict=True)}
    return Verdict(
        gate="quarantine_share",
        passed=rows > failed and share <= config.quarantine_share,
        summary=f"{failed:,} of {rows:,} rows ({share:.2%}) break the schema; the limit is "
        f"{config.quarantine_share:.2%}.",
        facts={
            "rows": rows,
            "quarantined": failed,
            "share": round(share, 6),
            "limit": config.quarantine_share,
            "reasons": facts,
            "corrected_cells": corrected,
            "stale_corrections": stale,
            "waived_failures": waived,
        },
        advice="look at the quarantined rows, then mend the source, correct the rows or the schema file, or raise "
        "dataset.quarantine_share",
    )


def judge_conserved(came: pd.Series | pd.DataFrame, validated: Validated) -> Verdict:
    """rows_conserved: each row that came is good, in quarantine or a removed duplicate, and only one of them.

    Counted by the names of the rows, not by how many there are: a lost row beside a doubled one is no balance.

    Args:
        came: The rows that came, or their column `_row_id`.
        validated: What became of them.
    """
    names = (came[ROW_ID] if isinstance(came, pd.DataFrame) else came).to_numpy()
    sides = {
        "good": validated.good[ROW_ID].to_numpy(),
        "quarantined": validated.quarantined[ROW_ID].unique(),
        "removed": validated.removed[ROW_ID].to_numpy(),
    }
    went = np.concatenate([side.astype(np.int64) for side in sides.values()])
    counts = _imbalance(names, went)
    wrong = {name: rows for name, rows in counts.items() if len(rows)}
    told = ", ".join(f"{len(rows):,} {name}" for name, rows in wrong.items())
    sums = " + ".join(f"{len(side):,} {name}" for name, side in sides.items())
    return Verdict(
        gate="rows_conserved",
        passed=not wrong,
        summary=f"{len(names):,} rows came: {sums}{f'; {told}' if wrong else ''}.",
        facts={
            "came": len(names),
            **{name: len(side) for name, side in sides.items()},
            **{name: len(rows) for name, rows in counts.items()},
            "examples": {name: [int(row) for row in rows[:_EXAMPLES]] for name, rows in wrong.items()},
        },
        advice="this is a fault of the program, not of the data: report it with the rows named here",
    )


def list_quarantined(
    quarantined: pd.DataFrame, *, limit: int | None = None, column: str | None = None, check: str | None = None
) -> pd.DataFrame:
    """The failures that are in quarantine, those of one row together.

    Args:
        quarantined: The quarantine.
        limit: At most so many rows; a row that has several failures counts once.
        column: Only rows that fail in this column.
        check: Only rows that fail this check.
    """
    chosen = pd.Series(data=True, index=quarantined.index)
    for name, wanted in (("column", column), ("check", check)):
        if wanted is not None:
            chosen &= quarantined[name] == wanted
    rows = quarantined.loc[chosen, ROW_ID].drop_duplicates().head(limit if limit is not None else len(quarantined))
    order = pd.Series(range(len(rows)), index=rows)
    found = quarantined[quarantined[ROW_ID].isin(rows)]
    return found.iloc[order.loc[found[ROW_ID]].argsort(kind="stable").to_numpy()].reset_index(drop=True)


def _imbalance(came: np.ndarray, went: np.ndarray) -> dict[str, np.ndarray]:
    """Names of rows that were lost, that are there twice, and that nobody brought."""
    if len(came) == len(went) and np.array_equal(ordered := np.sort(came), np.sort(went)):
        doubled = ordered[1:][ordered[1:] == ordered[:-1]]
        return {"lost": came[:0], "doubled": doubled, "unknown": came[:0]}
    names, counts = np.unique(went, return_counts=True)
    return {"lost": np.setdiff1d(came, went), "doubled": names[counts > 1], "unknown": np.setdiff1d(went, came)}


def _waived(failures: pd.DataFrame, releases: Sequence[Release]) -> np.ndarray:
    """(n,) bool: failures that a person lets pass."""
    waiving = {row: item for row, item in combine(releases).items() if item.waive}
    waived = failures[ROW_ID].isin(list(waiving)).to_numpy(copy=True)
    for place in np.flatnonzero(waived):
        row, column, check = (failures[name].iloc[place] for name in (ROW_ID, "column", "check"))
        waived[place] = waiving[row].waives(column, check)
    return waived


def _judge_share_of(
    inspection: Inspection, quarantined: pd.DataFrame, config: DatasetConfig, corrected: Corrected, waived: np.ndarray
) -> Verdict:
    return judge_share(
        len(inspection.frame),
        quarantined,
        config,
        corrected=len(corrected.applied),
        stale=len(corrected.stale),
        waived=int(waived.sum()),
    )


def _settle_types(good: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Give whole numbers and truths their own type back, now that no missing cell is among them."""
    for name in schema.columns:
        exact = schema.kind(name) in {ColumnType.INTEGER, ColumnType.BOOLEAN}
        if exact and name in good.columns and good[name].dtype.kind == "f" and not good[name].isna().any():
            good[name] = coerce_column(good[name], schema.kind(name)).column
    return good


def _with_rows(failures: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    if failures.empty:
        return _empty(*FAILURE_COLUMNS, ROW)
    rows = came.loc[came[ROW_ID].isin(failures[ROW_ID]).to_numpy()]
    lines = np.array(rows_as_json(rows.drop(columns=ROW_ID)), dtype=object)
    place = pd.Index(rows[ROW_ID]).get_indexer(failures[ROW_ID])
    return failures.assign(**{ROW: lines[place]}).reset_index(drop=True)


def _removed_rows(cleaned: Cleaned, came: pd.DataFrame) -> pd.DataFrame:
    if cleaned.removed.empty:
        return _empty(*REMOVED_COLUMNS)
    rows = came.iloc[cleaned.removed.index.to_numpy()].drop(columns=ROW_ID)
    return cleaned.removed.assign(**{ROW: rows_as_json(rows)}).reset_index(drop=True)
