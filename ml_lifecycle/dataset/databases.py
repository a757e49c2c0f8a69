"""Databases as sources: a query or a table behind a SQLAlchemy URL, read in pieces into Arrow columns.

What is asked of a database is in `database_query`, how it is reached in `connections`, how its cells become columns in
`database_cells`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.connections import connected
from ml_lifecycle.dataset.database_query import Query, value_of
from ml_lifecycle.dataset.rows import hash_rows, renumber
from ml_lifecycle.dataset.stacking import stack
from ml_lifecycle.dataset.table_files import blank_codes


@dataclass(frozen=True, slots=True)
class Boundary:
    """How far a table has been read.

    Args:
        newest: The newest event time as the database holds it: the name of its type, and its text.
        before: What was counted of the rows before it, as JSON: rows, present cells by column, newest times.
    """

    newest: tuple[str, str]
    before: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a table, maybe put to what was known.

    Args:
        frame: All rows.
        boundary: How far they go; None where the rows have no event time.
        fetched: How many rows were fetched.
    """

    frame: pd.DataFrame
    boundary: Boundary | None
    fetched: int


@dataclass(frozen=True, slots=True)
class DatabaseRows:
    """A query or a table.

    Args:
        source: Names it.
        root: The folder that the path of an SQLite file starts from.
        home: What `{home}` stands for.
        times: Columns that tell what is new, the event time first; those that the rows lack are ignored.
    """

    source: SourceConfig
    root: Path
    home: Path
    times: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called where rows are counted; the password stays a reference."""
        return self.source.place

    @property
    def parsed(self) -> bool:
        """Whether reading it again costs more than reading what was kept."""
        return True

    def mark(self) -> str | None:
        """What tells cheaply whether rows changed: their number, present cells by column, the newest times.

        None without an event time. A cell whose value is overwritten by another one is not noticed.

        Raises:
            DataError: The database refuses.
            ConfigError: The address is wrong, or its driver is not installed.
        """
        with connected(self.source, root=self.root, home=self.home) as connection:
            asked = Query(self.source, connection)
            return asked.count(self._times_in(asked)) if self._times_in(asked) else None

    def read(self) -> pd.DataFrame:
        """Read all rows, in the order of their event time where it is known: a database promises none.

        Raises:
            DataError: The database refuses, there is no such table, or it lacks a column.
            ConfigError: The address is wrong, or its driver is not installed.
        """
        return self.read_further(None, None).frame

    def read_further(self, known: pd.DataFrame | None, boundary: Boundary | None) -> Reading:
        """Read the rows from a boundary on and put them to those before it; all rows, where the latter have changed.

        Args:
            known: The frame that was read when the boundary was drawn.
            boundary: How far that went.

        Raises:
            DataError: As `read`.
            ConfigError: As `read`.
        """
        with connected(self.source, root=self.root, home=self.home) as connection:
            asked = Query(self.source, connection)
            times = self._times_in(asked)
            if not times:
                frame = asked.rows()
                return Reading(blank_codes(frame, self.source.missing_values), None, len(frame))
            further, kept = None, None
            if known is not None and boundary is not None and asked.count(times, boundary.newest) == boundary.before:
                kept = _before(known, times[0], boundary)
                further = None if kept is None else asked.rows(times[0], boundary.newest)
            if further is None or further.empty:  # even the newest row is gone: what was known is of no use
                further, kept = asked.rows(), None
            blanked = blank_codes(further, self.source.missing_values)
            frame = blanked if kept is None else stack([blanked, _retyped(kept, blanked)])
            newest = asked.newest(times[0])
            drawn = None if newest is None else Boundary(newest, asked.count(times, newest))
            return Reading(_arrange(frame, times[0]), drawn, len(further))

    def _times_in(self, asked: Query) -> list[str]:
        """The times among the columns; none of them without the event time, which is the first."""
        if not self.times or self.times[0] not in asked.names:
            return []
        return [name for name in self.times if name in asked.names]


def _before(known: pd.DataFrame, time: str, boundary: Boundary) -> pd.DataFrame | None:
    """Of the rows that are known, those before the boundary; None where they are not those that were counted."""
    newest = value_of(boundary.newest)
    if isinstance(newest, date):
        moments = parse_times(known[time]).column
        moment = pd.Timestamp(newest)
        at = moments == (moment if moment.tzinfo is None else moment.tz_convert("UTC").tz_localize(None))
    else:
        at = known[time] == newest
    kept = known.loc[~at & known[time].notna()]
    return kept if len(kept) == json.loads(boundary.before)[1] else None


def _retyped(kept: pd.DataFrame, further: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers and truths, which missing cells had made something else, where no such cell is among the kept."""
    for name in kept.columns:
        complete = kept[name].notna().all()
        if complete and kept[name].dtype.kind == "f" and further[name].dtype.kind == "i":
            kept = kept.astype({name: further[name].dtype})
        elif complete and kept[name].dtype == object and further[name].dtype.kind == "b":
            kept = kept.astype({name: "bool"})
    return kept


def _arrange(frame: pd.DataFrame, time: str) -> pd.DataFrame:
    """By time, and among equal times by content: two readings of the same rows are the same frame."""
    if frame.empty:
        return frame
    moments = parse_times(frame[time]).column.to_numpy()
    return renumber(frame.iloc[np.lexsort((hash_rows(frame), moments))])
