"""What people decided about quarantined rows: corrected cells and waived checks, and how they get into the next run.

A release changes nothing by itself: the next run puts the corrected cells into the rows as they came and judges them
again, in `quarantine`. Where releases are kept is in `releases`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.dataset.coercion import UNREADABLE, coerce_value, type_of
from ml_lifecycle.dataset.row_json import rows_as_json
from ml_lifecycle.dataset.rows import ROW_ID, text_of

ROW: Final = "row"
"""The column of the quarantine that holds the whole row as JSON."""

CORRECTION_COLUMNS: Final = (ROW_ID, "column", "was", "value")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person wants of one row.

    Args:
        row_id: The row.
        corrections: New cell by column; None empties the cell.
        waive: Checks that the row need not pass: `in_range`, or `age: in_range` for one column. A cell that cannot be
            read as its type becomes missing.
    """

    row_id: int
    corrections: Mapping[str, Any] = field(default_factory=dict)
    waive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A decision as it is kept.

    Args:
        row_id: The row.
        corrections: New cell by column.
        was: What was in these cells; a correction of a cell that has changed since is not applied.
        waive: Checks that the row need not pass.
        by: Who decided.
        at: When, UTC, ISO form.
        reason: Why.
        withdrawn: Whether this takes back all earlier releases of the row.
    """

    row_id: int
    corrections: Mapping[str, Any]
    was: Mapping[str, Any]
    waive: tuple[str, ...]
    by: str
    at: str
    reason: str
    withdrawn: bool = False

    def waives(self, column: str, check: str) -> bool:
        """Whether a failure of this row passes."""
        return check in self.waive or f"{column}: {check}" in self.waive


@dataclass(frozen=True, slots=True)
class Corrected:
    """Rows with corrected cells.

    Args:
        frame: All rows; what was not corrected is not copied.
        applied: `_row_id`, column, was, value of each corrected cell.
        stale: The same of each correction that was left out, since the cell is no longer what it was.
    """

    frame: pd.DataFrame
    applied: pd.DataFrame
    stale: pd.DataFrame


def combine(releases: Iterable[Release]) -> dict[int, Release]:
    """What holds for each row: later releases go before earlier ones column by column, waived checks add up."""
    holding: dict[int, Release] = {}
    for item in releases:
        before = holding.get(item.row_id)
        if item.withdrawn:
            holding.pop(item.row_id, None)
        elif before is None:
            holding[item.row_id] = item
        else:
            holding[item.row_id] = Release(
                item.row_id,
                {**before.corrections, **item.corrections},
                {**before.was, **item.was},
                tuple(dict.fromkeys([*before.waive, *item.waive])),
                item.by,
                item.at,
                item.reason,
            )
    return holding


def apply_releases(frame: pd.DataFrame, releases: Iterable[Release]) -> Corrected:
    """Put corrected cells into rows as they came.

    A correction says what was in the cell when a person looked at it. Where the source has changed the cell since, the
    source goes first and the correction is reported as stale.

    Args:
        frame: Rows with `_row_id`.
        releases: All releases, the earliest first.
    """
    holding = {row: item for row, item in combine(releases).items() if item.corrections}
    places = {row: place for place, row in enumerate(frame[ROW_ID].tolist()) if row in holding} if holding else {}
    if not places:
        return Corrected(frame, _table([]), _table([]))
    came = {
        row: orjson.loads(line)
        for row, line in zip(places, rows_as_json(frame.iloc[list(places.values())]), strict=True)
    }
    applied: list[tuple[int, str, Any, Any]] = []
    stale: list[tuple[int, str, Any, Any]] = []
    changes: dict[str, dict[int, Any]] = {}
    for row, place in places.items():
        for column, value in holding[row].corrections.items():
            was = holding[row].was.get(column)
            if column in frame.columns and _text(came[row][column]) == _text(was):
                changes.setdefault(column, {})[place] = value
                applied.append((row, column, was, value))
            else:
                stale.append((row, column, was, value))
    corrected = frame.copy(deep=False)
    for column, cells in changes.items():
        corrected[column] = _with_cells(frame[column], cells)
    return Corrected(corrected, _table(applied), _table(stale))


def _with_cells(values: pd.Series, cells: Mapping[int, Any]) -> pd.Series:
    """A column with some cells changed; one that cannot hold them becomes one that can hold anything."""
    kind = type_of(values.dtype)
    read = [value if kind is None else coerce_value(value, kind) for value in cells.values()]
    fits = kind is not None and not any(value is UNREADABLE or value is None for value in read)
    if fits and isinstance(values.dtype, np.dtype) and values.dtype.kind in "iufbM":
        changed = values.to_numpy(copy=True)
        changed[list(cells)] = np.array(read, dtype=changed.dtype)
        return pd.Series(changed, index=values.index, name=values.name)
    anything = values.to_numpy(dtype=object, copy=True)
    anything[values.isna().to_numpy()] = None
    for place, value in cells.items():
        anything[place] = value
    return pd.Series(anything, index=values.index, name=values.name)


def _table(cells: Sequence[tuple[int, str, Any, Any]]) -> pd.DataFrame:
    """Cells as text, so that the table can be stored whatever they were."""
    rows = [(row, column, _text(was), _text(value)) for row, column, was, value in cells]
    return pd.DataFrame(rows, columns=list(CORRECTION_COLUMNS)).astype({ROW_ID: np.int64})


def _text(cell: object) -> str:
    """Whole numbers without a decimal point: whether read as text or as numbers, a cell stays the same."""
    return "" if cell is None else text_of(cell)
