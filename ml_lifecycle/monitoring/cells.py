"""How the values of one column fall into cells, and the counting of many rows at memory speed.

A numeric column is cut by ascending edges; a categorical one by its labels. Both know two more cells: missing, and
"other" for values that the reference never held. What a column's profile keeps lives in `profile`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.numbers import parse_numbers

#: Rows that are counted at a time: they and their comparison result stay in the processor's cache.
_BLOCK = 32_768
#: Half-width of the cell of one repeated value, as a share of it: a detour over float32 or text must not move it.
_VALUE_WIDTH = 1e-6
#: Half-width of the cell of zero: float32 still tells it from zero.
_ZERO_WIDTH = 1e-37
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


@dataclass(frozen=True, slots=True)
class NumberCounts:
    """Rows of a numeric column by interval.

    Args:
        intervals: Rows up to and including each edge, and above the last: shape (edges + 1,).
        missing: Rows without a value.
        unreadable: Rows with something that is no number.
        mean: Mean of the finite values; NaN where there is none.
    """

    intervals: np.ndarray
    missing: int
    unreadable: int
    mean: float


def as_numbers(series: pd.Series) -> tuple[np.ndarray, int]:
    """Read a column as floats; also count the values that are no number (they come back as NaN).

    Returns:
        Floats of shape (n,), float32 where the column is, and the count of unreadable values.
    """
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        return series.to_numpy(), 0
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan), 0
    values = series.astype(object)
    parsed = parse_numbers(values)
    return parsed.to_numpy(dtype=np.float64, na_value=np.nan), int((parsed.isna() & values.notna()).sum())


def choose_edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Cut values into about equally full intervals, with a cell of its own for a value that fills one alone.

    With at most `bins` distinct values each gets its own cell. Otherwise edges are sample quantiles; a value that holds
    a bin's share alone (the zeros of an amount, say) is cut out on both sides, so that values just beside it are told
    apart from it.

    Args:
        values: Finite floats, shape (n,), in any order.
        bins: Wanted number of intervals.

    Returns:
        Ascending edges, shape (k,); interval i holds edge[i-1] < x <= edge[i]. Empty for no values.
    """
    if len(values) == 0:
        return np.empty(0)
    ordered = np.sort(values.astype(np.float64))
    places = np.ceil(np.arange(1, bins) / bins * len(ordered)).astype(np.intp) - 1
    quantiles = ordered[places]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    if np.count_nonzero(first) <= bins:
        alone, cuts = ordered[first], np.empty(0)
    else:
        found = np.unique(np.append(quantiles, ordered[-1]))
        held = np.searchsorted(ordered, found, side="right") - np.searchsorted(ordered, found, side="left")
        alone, cuts = found[held * bins >= len(ordered)], np.setdiff1d(quantiles, found[held * bins >= len(ordered)])
    return np.unique(np.concatenate([cuts, just_below(alone), just_above(alone)]))


def just_below(values: np.ndarray) -> np.ndarray:
    """Edges under values, so close that only these values lie between: float32 may have moved them a little."""
    return np.asarray(np.nextafter(values - np.maximum(np.abs(values) * _VALUE_WIDTH, _ZERO_WIDTH), -np.inf))


def just_above(values: np.ndarray) -> np.ndarray:
    """Edges above values, see `just_below`."""
    return np.asarray(values + np.maximum(np.abs(values) * _VALUE_WIDTH, _ZERO_WIDTH))


def count_numbers(series: pd.Series, edges: np.ndarray) -> NumberCounts:
    """Count the rows of each interval.

    One comparison per edge over a block that stays in cache beats a binary search per value four to ten times (no
    branch, vector instructions), and the sums are the distribution function itself. A NaN compares false throughout.
    """
    values, unreadable = as_numbers(series)
    below = np.zeros(len(edges), dtype=np.int64)
    outcome = np.empty(_BLOCK, dtype=bool)
    present, total, finite = 0, 0.0, 0
    for start in range(0, len(values), _BLOCK):
        block = np.ascontiguousarray(values[start : start + _BLOCK])
        if block.dtype.kind != "f" or block.dtype.itemsize == 2:  # noqa: PLR2004 - bytes of a half
            block = block.astype(np.float64)
        held = outcome[: len(block)]
        np.equal(block, block, out=held)
        known = int(np.count_nonzero(held))
        present += known
        sum_, summed = _sum(block if known == len(block) else block[held])
        total, finite = total + sum_, finite + summed
        for position, edge in enumerate(edges.astype(block.dtype)):
            np.less_equal(block, edge, out=held)
            below[position] += np.count_nonzero(held)
    intervals = np.diff(np.concatenate([[0], below, [present]]))
    missing = len(values) - present - unreadable
    return NumberCounts(intervals, missing, unreadable, total / finite if finite else float("nan"))


def _sum(block: np.ndarray) -> tuple[float, int]:
    """Sum and number of the finite values of a block without NaN."""
    with np.errstate(invalid="ignore", over="ignore"):
        total = float(block.sum(dtype=np.float64))
    if np.isfinite(total):
        return total, len(block)
    block = block[np.isfinite(block)]
    return float(block.sum(dtype=np.float64)), len(block)


def count_labels(series: pd.Series, *, boolean: bool = False) -> tuple[dict[str, int], int]:
    """Count the rows of each label of a categorical column, and the missing ones.

    Labels are text, the same for 1, 1.0 and "1": a missing value turns a column of integers into floats.

    Args:
        series: Strings, categories, booleans, numbers or a mix of them.
        boolean: Whether 0/1, "true"/"false" stand for the two truth values.
    """
    if series.dtype == np.bool_:
        true = int(np.count_nonzero(series.to_numpy()))
        return {"False": len(series) - true, "True": true}, 0
    codes, values = _factorize(series)
    counts = np.bincount(codes + 1, minlength=len(values) + 1).tolist()
    found: dict[str, int] = {}
    for value, count in zip(values, counts[1:], strict=True):
        label = label_of(value, boolean=boolean)
        found[label] = found.get(label, 0) + count
    return {label: count for label, count in found.items() if count}, counts[0]


def _factorize(series: pd.Series) -> tuple[np.ndarray, Sequence[Any]]:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy().astype(np.int64), list(series.cat.categories)
    try:
        codes, values = pd.factorize(series)
    except TypeError:  # lists and dicts cannot be hashed; their text can
        codes, values = pd.factorize(series.where(series.isna(), series.astype(str)))
    return codes, list(values)


def label_of(value: object, *, boolean: bool = False) -> str:
    """The text that stands for a value.

    >>> label_of(1.0), label_of(1), label_of(True), label_of(1, boolean=True)
    ('1', '1', 'True', 'True')
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = str(value)
    if boolean and text.lower() in _TRUE:
        return "True"
    if boolean and text.lower() in _FALSE:
        return "False"
    return text


def place_labels(counts: Mapping[str, int], labels: Sequence[str]) -> tuple[np.ndarray, int]:
    """Put counts in the order of known labels; what is not among them is summed up apart."""
    placed = np.array([counts.get(label, 0) for label in labels], dtype=np.int64)
    return placed, sum(counts.values()) - int(placed.sum())
