"""`ColumnProfile`: the histogram of one column of the reference, and how other rows are counted over the same cells.

Which columns a model's reference consists of lives in `profile`; cells and counting at full speed live in `cells`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml_lifecycle.monitoring.cells import (
    as_numbers,
    choose_edges,
    count_labels,
    count_numbers,
    just_above,
    just_below,
    label_of,
    place_labels,
)

NUMERIC, CATEGORICAL, BOOLEAN = "numeric", "categorical", "boolean"
#: Columns that stand for the model's output: its probability, value or score; of many classes the one it names, and
#: how sure it is of it.
PREDICTION, PREDICTED_CLASS, CONFIDENCE = "prediction", "predicted_class", "confidence"

#: Most labels kept of one column, and how often one must occur where there are more: rare ones that are picked because
#: they happen to be frequent in this sample would seem to vanish from the next.
_MOST_LABELS, _OFTEN = 200, 30
#: Labels seen once from which a column has a long tail: half of its rows then say which labels are known, and the
#: other half how frequent they are. Counted in the rows that chose them, rare labels would seem to become rarer later.
_LONG_TAIL = 4
#: Quantiles that cut the outer bins once more: the distribution function is known there too.
_TAILS = (0.01, 0.05, 0.95, 0.99)


class CellCounts(NamedTuple):
    """Rows over the cells of a column: intervals or labels, outside of them, missing; and the mean of the numbers."""

    cells: np.ndarray
    other: int
    missing: int
    mean: float


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of the reference.

    Args:
        name: The column.
        kind: `numeric`, `categorical` or `boolean`.
        edges: Numeric: ascending edges of the intervals.
        labels: Otherwise: the known labels, in alphabetical order.
        counts: Rows of each interval, shape (edges + 1,), or of each label.
        other: Rows outside the known labels or unreadable, and how many rows are expected to be unlike any seen.
        missing: Rows without a value.
        mean: Mean of the finite values; None where there is none.
        std: Their standard deviation.
        groups: Numeric: the intervals at which the bins begin, ascending from 0; empty where each interval is one.
        extremes: Numeric: rows that are expected below the first edge and above the last, which are the least and the
            greatest value; None where the edges do not reach so far (profiles of format 1).
    """

    name: str
    kind: str
    edges: tuple[float, ...]
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    other: int
    missing: int
    mean: float | None = None
    std: float | None = None
    groups: tuple[int, ...] = ()
    extremes: int | None = None

    @property
    def rows(self) -> int:
        """Rows of the reference, as counted over all cells."""
        return sum(self.counts) + self.other + self.missing

    def count(self, series: pd.Series) -> CellCounts:
        """Count other rows over the same cells; intervals that the reference left empty count as any other."""
        if self.kind == NUMERIC:
            found = count_numbers(series, np.asarray(self.edges))
            return CellCounts(found.intervals, found.unreadable, found.missing, found.mean)
        counts, missing = count_labels(series, boolean=self.kind == BOOLEAN)
        placed, other = place_labels(counts, self.labels)
        return CellCounts(placed, other, missing, float("nan"))


def profile_column(series: pd.Series, name: str, bins: int, *, categorical: bool = False) -> ColumnProfile | None:
    """Profile one column, or None where it holds times, which always move on and are no reason for alarm."""
    kind = CATEGORICAL if categorical else _kind_of(series)
    if kind is None:
        return None
    return _profile_numbers(series, name, bins) if kind == NUMERIC else _profile_labels(series, name, kind)


def _profile_numbers(series: pd.Series, name: str, bins: int) -> ColumnProfile:
    values, _ = as_numbers(series)
    finite = values[np.isfinite(values)].astype(np.float64)
    ordered = np.sort(finite)
    edges, groups = _cut(ordered, bins)
    found = count_numbers(series, edges)
    # Good (1953), as with labels: values seen once foretell unseen ones, at the ends and between few distinct values.
    extremes = sum(int(np.count_nonzero(ordered == end) == 1) for end in ordered[[0, -1]]) if len(ordered) else 0
    few = len(np.unique(ordered)) <= bins
    unseen = int(np.count_nonzero(found.intervals == 1)) if few else extremes
    return ColumnProfile(
        name,
        NUMERIC,
        tuple(edges.tolist()),
        (),
        tuple(found.intervals.tolist()),
        found.unreadable + unseen,
        found.missing,
        mean=float(finite.mean()) if len(finite) else None,
        std=float(finite.std()) if len(finite) else None,
        groups=groups,
        extremes=extremes,
    )


def _cut(ordered: np.ndarray, bins: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """Edges of the bins, of their tails and at both ends, and the intervals at which bins begin."""
    borders = choose_edges(ordered, bins)
    if len(ordered) == 0:
        return borders, ()
    places = np.ceil(np.array(_TAILS) * len(ordered)).astype(np.intp) - 1
    tails = ordered[places] if len(np.unique(ordered)) > bins else np.empty(0)
    tails = tails[[not np.any((just_below(borders) <= tail) & (tail <= just_above(borders))) for tail in tails]]
    ends = np.concatenate([just_below(ordered[:1]), just_above(ordered[-1:])])
    edges = np.unique(np.concatenate([borders, tails, ends]))
    starts = np.searchsorted(edges, borders) + 1
    return edges, tuple(np.unique(np.append(0, starts)).tolist())


def _profile_labels(series: pd.Series, name: str, kind: str) -> ColumnProfile:
    counts, missing = count_labels(series, boolean=kind == BOOLEAN)
    once = sum(count == 1 for count in counts.values())
    if len(counts) > _MOST_LABELS or once >= _LONG_TAIL:
        labels = _known_labels(count_labels(series.iloc[::2])[0])
        counts, missing = count_labels(series.iloc[1::2])
        once = 0
    else:
        labels = tuple(sorted(counts))
    placed, rest = place_labels(counts, labels)
    # Good (1953): the share of labels yet unseen is about that of labels seen once.
    return ColumnProfile(name, kind, (), labels, tuple(placed.tolist()), rest + once, missing)


def _known_labels(counts: dict[str, int]) -> tuple[str, ...]:
    kept = list(counts)
    if len(kept) > _MOST_LABELS:
        often = [label for label in kept if counts[label] >= _OFTEN]
        kept = sorted(often, key=lambda label: (-counts[label], label))[:_MOST_LABELS]
    return tuple(sorted(kept))


_OF_OBJECTS = {
    "boolean": BOOLEAN,
    "integer": NUMERIC,
    "floating": NUMERIC,
    "mixed-integer-float": NUMERIC,
    "decimal": NUMERIC,
    "empty": NUMERIC,
    "datetime": None,
    "datetime64": None,
    "date": None,
    "time": None,
    "timedelta": None,
    "timedelta64": None,
    "period": None,
}


def _kind_of(series: pd.Series) -> str | None:
    types = pd.api.types
    if types.is_bool_dtype(series.dtype):
        return BOOLEAN
    if types.is_numeric_dtype(series.dtype):
        return NUMERIC
    if types.is_datetime64_any_dtype(series.dtype) or types.is_timedelta64_dtype(series.dtype):
        return None
    if isinstance(series.dtype, pd.CategoricalDtype):
        return CATEGORICAL
    return _OF_OBJECTS.get(types.infer_dtype(series, skipna=True), CATEGORICAL)


def prediction_columns(predictions: np.ndarray | None, classes: Sequence[str] = ()) -> dict[str, pd.Series]:
    """The model's output as columns to be watched.

    Args:
        predictions: Probability, value or score of shape (n,); class probabilities of shape (n, k); or class names of
            shape (n,) where nothing else is on record.
        classes: Names of the k classes; their numbers by default.
    """
    if predictions is None:
        return {}
    values = np.asarray(predictions)
    if values.ndim == 1:
        return {PREDICTED_CLASS if values.dtype.kind in "OUS" else PREDICTION: pd.Series(values)}
    best = values.argmax(axis=1) if len(values) else np.empty(0, dtype=np.int64)
    names = [str(name) for name in classes] or [str(code) for code in range(values.shape[1])]
    highest = values.max(axis=1) if len(values) else np.empty(0)
    codes = np.where(np.isnan(highest), -1, best)
    named = pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(names)))
    return {PREDICTED_CLASS: named, CONFIDENCE: pd.Series(highest)}


def outcome_column(values: pd.Series, *, classes: bool) -> pd.Series:
    """Outcomes as a column to be watched: names of classes as text, whatever type the source gave them, else numbers.

    Args:
        values: Outcomes, missing where unknown.
        classes: Whether they are classes.
    """
    known = values.dropna().reset_index(drop=True)
    if not classes:
        return pd.Series(as_numbers(known)[0])
    codes, distinct = pd.factorize(known.astype(object))
    return pd.Series(np.array([label_of(value) for value in distinct], dtype=object)[codes], dtype=object)
