"""Cleaning as the YAML declares it, before rows are judged: tables in training, single rows in serving.

How the cells of one column are cleaned is in `column_cleaning`, which rows are equal in `duplicates`, what becomes of
rows that fail in `quarantine`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.cleaning import EVERY_COLUMN, CleaningConfig, DuplicatesConfig
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.coercion import ColumnType, coerce_column
from ml_lifecycle.dataset.column_cleaning import OUTLIER, CleanedColumn, ColumnCleaner, StepCount
from ml_lifecycle.dataset.duplicates import find_duplicates
from ml_lifecycle.dataset.failures import failures_at, join_failures
from ml_lifecycle.dataset.row_checks import DTYPE, Failure, RowReading
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, text_of
from ml_lifecycle.dataset.suggestions import require_columns

WHOLE_ROWS: Final = "(row)"
"""What stands for the column where a step looks at whole rows."""

_OURS = frozenset({ROW_ID, SPLIT})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Rows after cleaning.

    Args:
        frame: The rows that are left, duplicates taken out; a cell that could not be read is as it came.
        removed: The duplicates: `_row_id`, kept_row_id, reason; the index is the position among the rows that came.
        flagged: Cells whose rows go to quarantine: `_row_id`, column, check (`dtype` or `outlier`), value.
        counts: One row for each step, column and outcome: step, column, outcome, cells.
    """

    frame: pd.DataFrame
    removed: pd.DataFrame
    flagged: pd.DataFrame
    counts: pd.DataFrame


class Cleaner:
    """Cleans rows: missing-value codes, types, units, outliers; and takes duplicates out of tables.

    Args:
        config: What is declared.
        event_time: What the latest of several rows with one key goes by where the config does not say.

    >>> cleaner = Cleaner(CleaningConfig(missing_values={"*": ("?", 999)}))
    >>> cleaner.clean_row({"age": 999, "job": " ?", "y": 1})
    {'age': None, 'job': None, 'y': 1}
    """

    def __init__(self, config: CleaningConfig, *, event_time: str | None = None) -> None:
        self.config = config
        self._event_time = event_time
        named = {*config.missing_values, *config.types, *config.units, *config.outliers} - {EVERY_COLUMN, *_OURS}
        self._columns = {name: ColumnCleaner(name, config) for name in sorted(named)}
        self._other = ColumnCleaner(EVERY_COLUMN, config) if EVERY_COLUMN in config.missing_values else None

    @classmethod
    def of(cls, config: DatasetConfig) -> Cleaner:
        """The cleaner that a project declares."""
        return cls(config.cleaning, event_time=config.event_time)

    @property
    def idle(self) -> bool:
        """Whether no step changes a cell; duplicates may be taken out all the same."""
        return not self._columns and self._other is None

    def clean(self, frame: pd.DataFrame, *, duplicates: bool = True) -> Cleaned:
        """Clean a table; a column that is not changed is not copied.

        Args:
            frame: Rows with `_row_id`; without, they are named by their position.
            duplicates: Whether equal rows are taken out, where that is declared.
        """
        read = frame.copy(deep=False)
        flagged: list[pd.DataFrame] = []
        counts: list[StepCount] = []
        for name in frame.columns:
            cleaner = self._columns.get(name, self._other)
            if cleaner is None or name in _OURS:
                continue
            values = frame[name]
            cleaned = cleaner.clean(values)
            if cleaned.column is not values:
                read[name] = cleaned.column
            counts += [replace(count, column=name) for count in cleaned.counts]
            flagged += _flags(read, name, cleaned)
        asked = self.config.duplicates if duplicates else DuplicatesConfig()
        removed = find_duplicates(read, asked, self._event_time)
        if asked.method != "none":
            counts.append(StepCount("duplicates", WHOLE_ROWS, "removed", len(removed)))
        return Cleaned(*_take_out(read, removed, join_failures(flagged)), counts_table(counts))

    def clean_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Clean one row, in microseconds: each cell becomes what it becomes in a table.

        A missing cell is None, one that cannot be read stays as it came.
        """
        return self.read_row(row).cells

    def read_row(self, row: Mapping[str, Any]) -> RowReading:
        """Clean one row, and say which of its cells would send it to quarantine."""
        cells = dict(row)
        failures: list[Failure] = []
        for name in self._columns if self._other is None else row:
            cleaner = self._columns.get(name, self._other)
            if cleaner is None or name not in row or name in _OURS:
                continue
            cells[name], check = cleaner.clean_value(row[name])
            if check is not None:
                failures.append(Failure(name, check, text_of(cells[name])))
        return RowReading(cells, failures)

    def settle_types(self, frame: pd.DataFrame, *, without: Collection[str] = ()) -> pd.DataFrame:
        """Give columns the types that are declared, now that rows with unreadable cells are gone; the frame is changed.

        Args:
            frame: Rows; a cell that still cannot be read, since a person waived it, becomes missing.
            without: Columns that are left as they are.
        """
        numbers = dict.fromkeys([*self.config.units, *self.config.outliers], "number")
        for name, kind in {**numbers, **self.config.types}.items():
            if name in frame.columns and name not in without and frame[name].dtype == object:
                day_first = name in self.config.day_first
                frame[name] = coerce_column(frame[name], ColumnType(kind), day_first=day_first).column
        return frame

    def require(self, known: Sequence[str]) -> None:
        """Refuse a declaration for a column that nobody knows: a slip of the pen must not leave a column uncleaned.

        Args:
            known: The columns that came, and those of the schema.

        Raises:
            DataError: A column is not among them.
        """
        config = self.config
        order = () if config.duplicates.order_by is None else (config.duplicates.order_by,)
        for key, names in (
            ("missing_values", [name for name in config.missing_values if name != EVERY_COLUMN]),
            ("types", list(config.types)),
            ("units", list(config.units)),
            ("outliers", list(config.outliers)),
            ("duplicates", [*config.duplicates.key, *order]),
        ):
            require_columns(names, known, place="the data or the schema", key=f"dataset.cleaning.{key}")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON, so that a package can carry it to where it serves."""
        return {"cleaning": self.config.model_dump(mode="json"), "event_time": self._event_time}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Cleaner:
        """What `to_dict` gave."""
        return cls(CleaningConfig.model_validate(document["cleaning"]), event_time=document["event_time"])


def counts_table(counts: Sequence[StepCount]) -> pd.DataFrame:
    """Counts as a table: step, column, outcome, cells."""
    return pd.DataFrame([asdict(count) for count in counts], columns=["step", "column", "outcome", "cells"])


def _flags(frame: pd.DataFrame, name: str, cleaned: CleanedColumn) -> list[pd.DataFrame]:
    marked = ((DTYPE, cleaned.unreadable), (OUTLIER, cleaned.outliers))
    return [failures_at(frame, name, check, mask) for check, mask in marked if mask.any()]


def _take_out(
    frame: pd.DataFrame, removed: pd.DataFrame, flagged: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A row that is taken out as a duplicate is not quarantined too."""
    if removed.empty:
        return frame, removed, flagged
    left = np.ones(len(frame), dtype=bool)
    left[removed.index.to_numpy()] = False
    return frame.loc[left], removed, flagged[~flagged[ROW_ID].isin(removed[ROW_ID])].reset_index(drop=True)
