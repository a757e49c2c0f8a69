"""Columns cut into bins, and the conditions on them that slices are made of.

What is looked for among the conditions lives in `search`; the declared slices in `slices`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

#: Bins of about equally many rows that a number of many values is cut into.
BINS = 8
#: So many values of a category at most, the most frequent ones.
MOST_VALUES = 30


@dataclass(frozen=True, slots=True)
class Cut:
    """A column as bins, and its conditions: each says that a row's bin lies in a range of bins.

    Args:
        column: Its name.
        codes: The bin of each row, shape (n,).
        bins: How many bins there are.
        names: The conditions in words, such as `<= 3`.
        spans: First bin and the bin after the last one of each condition, shape (conditions, 2).
    """

    column: str
    codes: np.ndarray
    bins: int
    names: tuple[str, ...]
    spans: np.ndarray

    def membership(self) -> np.ndarray:
        """1 where a condition holds for a bin, shape (conditions, bins)."""
        bins = np.arange(self.bins)
        return np.asarray((bins >= self.spans[:, :1]) & (bins < self.spans[:, 1:])).astype(np.float64)

    def holds(self, condition: int) -> np.ndarray:
        """The rows for which a condition holds, as a mask."""
        first, after = self.spans[condition]
        return np.asarray((self.codes >= first) & (self.codes < after))

    def name(self, condition: int) -> str:
        """The condition with its column."""
        return f"{self.column} {self.names[condition]}"


def cut_columns(frame: pd.DataFrame, columns: Iterable[str], *, min_rows: int) -> Iterator[Cut]:
    """Cut columns into bins; those that have no condition of enough rows are left out.

    Args:
        frame: The rows.
        columns: Which columns.
        min_rows: A single value of fewer rows makes no condition.
    """
    for column in dict.fromkeys(columns):
        if column not in frame:
            continue
        cut = _cut(column, frame[column], min_rows)
        if len(cut.names) > 1:
            yield cut


def count_time(values: pd.Series) -> np.ndarray:
    """Times as seconds since 1970, shape (n,); NaN where missing."""
    naive = values.dt.tz_convert(None) if values.dt.tz is not None else values
    return np.asarray((naive - pd.Timestamp(0)).dt.total_seconds().to_numpy(dtype=np.float64))


def tell_time(seconds: float) -> str:
    """A time in words.

    >>> tell_time(86_400.0)
    '1970-01-02 00:00:00'
    """
    return str(pd.Timestamp(round(seconds), unit="s"))


def _cut(column: str, values: pd.Series, min_rows: int) -> Cut:
    is_time = pd.api.types.is_datetime64_any_dtype(values)
    if is_time or (pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)):
        numbers = count_time(values) if is_time else values.to_numpy(dtype=np.float64, na_value=np.nan)
        inner = numbers[~np.isnan(numbers)]
        if len(np.unique(inner[:1000])) > BINS or len(np.unique(inner)) > BINS:  # a few rows say it for most
            return _by_quantile(column, numbers, inner, is_time=is_time)
    return _by_value(column, values, min_rows)


def _by_quantile(column: str, numbers: np.ndarray, inner: np.ndarray, *, is_time: bool) -> Cut:
    edges = np.unique(np.quantile(inner, np.arange(1, BINS) / BINS, method="lower"))
    edges = edges[edges < inner.max()]  # nothing lies above the largest value
    missing = np.isnan(numbers)
    codes = np.where(missing, len(edges) + 1, np.searchsorted(edges, numbers, side="left"))
    told = [tell_time(edge) if is_time else f"{edge:g}" for edge in edges]
    last = len(edges)
    conditions = [(f"<= {told[k]}", (0, k + 1)) for k in range(last)]
    conditions += [(f"> {told[k]}", (k + 1, last + 1)) for k in range(last)]
    conditions += [(f"in ({a}, {b}]", (k + 1, k + 2)) for k, (a, b) in enumerate(pairwise(told))]
    if missing.any():
        conditions.append(("is missing", (last + 1, last + 2)))
    return _of(column, codes, last + 2, conditions)


def _by_value(column: str, values: pd.Series, min_rows: int) -> Cut:
    codes, names = pd.factorize(values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("object"))
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    chosen = [code for code in np.argsort(-counts, kind="stable")[:MOST_VALUES] if counts[code] >= min_rows]
    rest, missing = len(chosen), len(chosen) + 1
    place = np.full(len(names) + 1, rest)
    place[chosen] = np.arange(rest)
    place[-1] = missing  # where the code is -1
    conditions = [(f"= {names[code]}", (k, k + 1)) for k, code in enumerate(chosen)]
    if (codes < 0).sum() >= min_rows:
        conditions.append(("is missing", (missing, missing + 1)))
    return _of(column, place[codes], missing + 1, conditions)


def _of(column: str, codes: np.ndarray, bins: int, conditions: list[tuple[str, tuple[int, int]]]) -> Cut:
    spans = np.array([span for _, span in conditions]).reshape(-1, 2)
    return Cut(column, codes.astype(np.int32), bins, tuple(name for name, _ in conditions), spans)
