"""`CleanReader`: cleaning and schema as one, with the face of a schema: what training and serving read rows with.

Cleaning alone is in `cleaning`, the schema in `schema`; what becomes of rows that fail in training is in `quarantine`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.cleaning import Cleaned, Cleaner
from ml_lifecycle.dataset.failures import failures_at, join_failures
from ml_lifecycle.dataset.inspection import WHOLESALE, Inspection
from ml_lifecycle.dataset.row_checks import Failure, RowReading
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.schema import Schema


class CleanReader:
    """Cleans rows and holds them against a schema, in tables and one by one with the same result.

    Args:
        cleaner: What mends cells.
        schema: What the mended cells must be.
    """

    def __init__(self, cleaner: Cleaner, schema: Schema) -> None:
        self.cleaner = cleaner
        self.schema = schema

    def read_row(self, row: Mapping[str, Any], *, without: Collection[str] = ()) -> RowReading:
        """Clean one row, read it as the types that the schema names, and say what is wrong with it.

        Args:
            row: Value by column; columns that nothing is said about are passed on.
            without: Columns that need not be there and are not judged, such as the target when serving.
        """
        if self.cleaner.idle:
            return self.schema.read_row(row, without=without)
        cleaned = self.cleaner.read_row(row)
        reading = self.schema.read_row(cleaned.cells, without=without)
        if cleaned.failures:
            flagged = [failure for failure in cleaned.failures if failure.column not in without]
            told = {(failure.column, failure.check) for failure in flagged}
            rest = [failure for failure in reading.failures if (failure.column, failure.check) not in told]
            return RowReading(reading.cells, [*flagged, *rest])
        return reading

    def read_table(
        self, rows: Sequence[Mapping[str, Any]], wanted: Sequence[str], *, without: Collection[str] = ()
    ) -> pd.DataFrame | None:
        """Read many rows at once; None where not all are good, or cells must be mended first.

        Args:
            rows: Each value by column.
            wanted: The columns of the table.
            without: Columns that need not be there and are not judged.
        """
        return self.schema.read_table(rows, wanted, without=without) if self.cleaner.idle else None

    def check_row(self, row: Mapping[str, Any], *, without: Collection[str] = ()) -> list[Failure]:
        """What is wrong with one row."""
        return self.read_row(row, without=without).failures

    def inspect(
        self, frame: pd.DataFrame, *, without: Collection[str] = (), wholesale: float = WHOLESALE
    ) -> Inspection:
        """Clean a table and hold it against the schema; equal rows are left in.

        Args:
            frame: Rows; without `_row_id` they are named by their position.
            without: Columns that need not be there and are not judged.
            wholesale: Above this share of unreadable cells a column fails, rather than its rows.
        """
        cleaned = self.cleaner.clean(frame, duplicates=False)
        return self.inspect_cleaned(cleaned, without=without, wholesale=wholesale)

    def inspect_cleaned(
        self, cleaned: Cleaned, *, without: Collection[str] = (), wholesale: float = WHOLESALE
    ) -> Inspection:
        """Hold rows that are clean already against the schema; what cleaning flagged is among the failures.

        Args:
            cleaned: What the cleaner gave.
            without: Columns that need not be there and are not judged.
            wholesale: Above this share of unreadable cells a column fails, rather than its rows.
        """
        inspection = self.schema.inspect(cleaned.frame, without=without, wholesale=wholesale)
        told = {*without, *(failure.column for failure in inspection.column_failures)}
        flagged = cleaned.flagged[~cleaned.flagged["column"].isin(told)]
        if flagged.empty:
            return inspection
        joined = join_failures([flagged, inspection.failures])
        return replace(inspection, failures=joined.drop_duplicates([ROW_ID, "column", "check"], ignore_index=True))

    def validate(self, frame: pd.DataFrame, *, without: Collection[str] = ()) -> pd.DataFrame:
        """What is wrong with each row of a table: `_row_id`, column, check, value. An absent column fails every row.

        Args:
            frame: Rows; without `_row_id` they are named by their position.
            without: Columns that need not be there and are not judged.
        """
        inspection = self.inspect(frame, without=without, wholesale=1.0)
        every = np.ones(len(frame), dtype=bool)
        whole = [failures_at(frame, failure.column, failure.check, every) for failure in inspection.column_failures]
        return join_failures([inspection.failures, *whole])
