"""Figures of one column: how many, how different, how distributed, with a histogram in one line of text."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.table import Table
from ml_lifecycle.discovery.audit.values import shorten

QUANTILES: Final = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
STATISTIC_TYPES: Final = {
    **dict.fromkeys(("column", "type", "stored_as", "role"), "object"),
    "missing": "int64",
    "missing_share": "float64",
    "different": "int64",
    **dict.fromkeys(("min", *QUANTILES, "max", "mean", "sd", "skewness"), "float64"),
    **dict.fromkeys(("first", "last", "top_values", "histogram"), "object"),
}
HIDDEN: Final = "(not shown: personal)"
_BARS: Final = "▁▂▃▄▅▆▇█"
_BINS = 12
_TOP = 5
_LEAST_SHARE = 0.005  # where no value is more frequent, none is worth naming
_TAIL = 0.005  # the histogram's end bars hold what lies beyond these quantiles, else one outlier makes it flat


def describe_column(column: Column, table: Table, *, hidden: bool = False) -> dict[str, Any]:
    """One row of the table of statistics; see `STATISTIC_TYPES`.

    Args:
        column: The column.
        table: Its table.
        hidden: No value is shown, since it may say who somebody is.
    """
    row: dict[str, Any] = {
        "column": column.name,
        "type": str(column.kind),
        "stored_as": column.dtype,
        "role": table.roles.role_of(column.name),
        "missing": int(column.absent.sum()),
        "missing_share": column.missing_share,
        "different": column.different,
        "first": "",
        "last": "",
        "top_values": HIDDEN,
        "histogram": "",
    }
    if hidden:
        return row
    row |= {"top_values": _top_values(column), "histogram": draw_histogram(column)}
    if column.is_number and column.present:
        row |= _figures(column.ordered)
    elif column.is_time and column.present:
        row |= {"first": str(pd.Timestamp(column.levels[0][0])), "last": str(pd.Timestamp(column.levels[0][-1]))}
    return row


def tabulate_statistics(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows of `describe_column` as a table with the same types whatever the columns are."""
    return pd.DataFrame(rows, columns=list(STATISTIC_TYPES)).astype(STATISTIC_TYPES)


def draw_histogram(column: Column) -> str:
    """A histogram in one line: numbers and times in equal steps, else the most frequent values.

    >>> from ml_lifecycle.discovery.audit.column_reading import read_column
    >>> draw_histogram(read_column(pd.Series(["a", "a", "b", "c"])))
    '█▄▄'
    """
    values, counts = column.levels
    if not len(values):
        return ""
    if column.cells is None:
        return draw_bars(counts[:_BINS])
    ordered = np.repeat(values.astype(np.float64), counts)
    low, high = np.quantile(ordered, [_TAIL, 1 - _TAIL])
    if column.different <= _BINS:
        return draw_bars(counts)
    if low == high:
        low, high = float(ordered[0]), float(ordered[-1])
    return draw_bars(count_steps(ordered, float(low), float(high), _BINS))


def count_steps(numbers: npt.NDArray[np.float64], low: float, high: float, steps: int) -> npt.NDArray[np.intp]:
    """How many numbers fall into each of equal steps; those outside go into the step at their end.

    >>> count_steps(np.array([0.0, 1.0, 1.0, 5.0]), 0.0, 2.0, 2).tolist()
    [1, 3]
    """
    width = (high - low) / steps
    places = ((numbers - low) / width if width > 0 else np.zeros(len(numbers))).clip(0, steps - 1)
    return np.bincount(places.astype(np.intp), minlength=steps)


def draw_bars(counts: npt.NDArray[Any]) -> str:
    """Counts as bars of eight heights; nothing is a blank.

    >>> draw_bars(np.array([0, 1, 8]))
    ' ▁█'
    """
    most = float(np.max(counts, initial=0)) or 1.0
    return "".join(_BARS[max(0, int(np.ceil(8 * count / most)) - 1)] if count else " " for count in counts.tolist())


def _figures(ordered: npt.NDArray[np.float64]) -> dict[str, float]:
    middle = np.quantile(ordered, list(QUANTILES.values()))
    varies = ordered[0] != ordered[-1]
    return {
        "min": float(ordered[0]),
        **{name: float(value) for name, value in zip(QUANTILES, middle, strict=True)},
        "max": float(ordered[-1]),
        "mean": float(ordered.mean()),
        "sd": float(ordered.std(ddof=1)) if len(ordered) > 1 else 0.0,
        "skewness": float(stats.skew(ordered)) if varies else 0.0,
    }


def _top_values(column: Column) -> str:
    values, counts = column.levels
    if not len(values) or counts.max() < _LEAST_SHARE * column.present or counts.max() == 1:
        return ""
    order = np.argsort(-counts, kind="stable")[:_TOP]
    return ", ".join(f"{shorten(values[place], 24)} ({counts[place] / column.present:.1%})" for place in order)
