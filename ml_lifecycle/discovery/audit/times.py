"""Times: rows that are out of order, lie in the future, or are missing for a while."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent, as_rows
from ml_lifecycle.discovery.audit.table import Table

_MAY_BE_AHEAD = re.compile(r"due|expir|until|planned|scheduled|valid|end|deadline|maturity|renewal|next", re.IGNORECASE)
_REGULAR = 0.9  # share of steps of one length from which times are a series
_LEAST_TIMES = 20  # fewer are no series
_SERIES_HOLES = 0.01  # share of lacking moments from which a series is not complete enough to be called so
_USUAL = 0.99  # steps up to this quantile are what is usual in this table
_LONGER = 5.0  # a hole is so many times longer than usual
_YEARS_AHEAD = 100  # a date so far ahead is a code, told by `codes`


def find_time_faults(column: Column, table: Table) -> Iterator[Finding]:
    """Times in the future; for the event time also the order of rows and holes."""
    if not column.is_time or column.present == 0:
        return
    yield from _find_future(column, table)
    if column.name == table.history.by:
        yield from _find_disorder(column, table)
        yield from _find_gaps(column, table)


def _find_future(column: Column, table: Table) -> Iterator[Finding]:
    if _MAY_BE_AHEAD.search(column.name):
        return
    values, counts = column.levels
    now = np.datetime64(table.now, "ns")
    ahead = (values > now) & (values < now + np.timedelta64(365 * _YEARS_AHEAD, "D"))
    if ahead.any():
        rows = int(counts[ahead].sum())
        yield Finding(
            "future_times",
            (column.name,),
            FindingSeverity.WARNING,
            f"{column.name} has {as_rows(rows)} ({as_percent(rows / column.present)}) after {table.now:%Y-%m-%d}, "
            f"the latest at {pd.Timestamp(values[ahead][-1])}.",
            "check time zones and how the day and the month are written",
            {"rows": rows, "latest": str(pd.Timestamp(values[ahead][-1]))},
        )


def _find_disorder(column: Column, table: Table) -> Iterator[Finding]:
    """Steps back in a table that otherwise is in order; a table in no order at all is no fault."""
    assert column.cells is not None, "a column of times has cells"  # noqa: S101 - invariant
    steps = np.diff(column.cells[~column.missing])
    back = int((steps < np.timedelta64(0)).sum())
    forward = int((steps > np.timedelta64(0)).sum())
    if not back or back > table.limits.unsorted * max(forward + back, 1):
        return
    if _is_several_series(steps, column):
        return
    yield Finding(
        "out_of_order",
        (column.name,),
        FindingSeverity.WARNING,
        f"Rows are in the order of {column.name} but for {back:,} steps back ({as_percent(back / (forward + back))}).",
        "find out why they came late; lags and windows that go by the order of rows would look ahead",
        {"steps_back": back, "steps_forward": forward},
    )


def _is_several_series(steps: npt.NDArray[np.timedelta64], column: Column) -> bool:
    """Whether each step back begins another series: it leads back by most of the span, and many rows follow."""
    back = np.flatnonzero(steps < np.timedelta64(0))
    span = column.levels[0][-1] - column.levels[0][0]
    lengths = np.diff([-1, *back, len(steps)])
    return bool((steps[back] < -span // 2).all() and lengths.min() >= _LEAST_TIMES)


def _find_gaps(column: Column, table: Table) -> Iterator[Finding]:
    values = column.levels[0]
    if len(values) < _LEAST_TIMES:
        return
    steps = np.diff(values).astype(np.int64)
    lengths, counts = np.unique(steps, return_counts=True)
    step = int(lengths[np.argmax(counts)])
    if counts.max() >= _REGULAR * len(steps) and (lengths % step == 0).all():
        yield from _find_holes(column, values, steps, step)
        return
    usual = float(np.quantile(steps, _USUAL))
    longest = int(np.argmax(steps))
    span = float(steps.sum())
    if steps[longest] >= table.limits.gap_share * span and steps[longest] >= _LONGER * usual:
        yield Finding(
            "time_gap",
            (column.name,),
            FindingSeverity.WARNING,
            f"No row of {column.name} lies between {pd.Timestamp(values[longest])} and "
            f"{pd.Timestamp(values[longest + 1])}, {as_percent(steps[longest] / span)} of the whole span.",
            "find out whether rows were lost",
            {"from": str(pd.Timestamp(values[longest])), "to": str(pd.Timestamp(values[longest + 1]))},
        )


def _find_holes(
    column: Column, values: npt.NDArray[np.datetime64], steps: npt.NDArray[np.int64], step: int
) -> Iterator[Finding]:
    """Moments that a series with a fixed step lacks."""
    lacking = int((steps // step - 1).sum())
    if not lacking:
        return
    longest = int(np.argmax(steps))
    share = lacking / (lacking + len(values))
    yield Finding(
        "time_holes",
        (column.name,),
        FindingSeverity.WARNING if share >= _SERIES_HOLES else FindingSeverity.NOTE,
        f"{column.name} goes in steps of {_in_words(step)} and lacks {lacking:,} of them ({as_percent(share)}), most "
        f"after {pd.Timestamp(values[longest])} ({steps[longest] // step - 1:,}).",
        "lags by rows are then of unequal length: fill the series, or take lags by time",
        {"step_seconds": step / 1e9, "lacking": lacking, "share": share},
    )


def _in_words(step: int) -> str:
    """A step in nanoseconds as people say it.

    >>> _in_words(86_400_000_000_000), _in_words(1_800_000_000_000)
    ('1 day', '30 minutes')
    """
    seconds = step / 1e9
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            number = int(seconds // length)
            return f"{number} {name}{'s' if number > 1 else ''}"
    return f"{seconds:g} seconds"
