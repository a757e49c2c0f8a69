"""`ColumnProfile`: the histogram of one column of the reference, and how other rows are counted over the same cells.

Which columns a model's reference consists of lives in `profile`; cells and counting at full speed live in `cells`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_lifecycle.monitoring.cells import as_numbers, choose_edges, count_labels, count_numbers, place_labels

NUMERIC, CATEGORICAL, BOOLEAN = "numeric", "categorical", "boolean"
#: Columns that stand for the model's output: its probability, value or score; of many classes the one it names, and
#: how sure it is of it.
PREDICTION, PREDICTED_CLASS, CONFIDENCE = "prediction", "predicted_class", "confidence"

#: Most labels kept of one column, and how often one must occur where there are more: rare ones that are picked because
#: they happen to be frequent in this sample would seem to vanish from the next.
_MOST_LABELS, _OFTEN = 200, 30


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of the reference.

    Args:
        name: The column.
        kind: `numeric`, `categorical` or `boolean`.
        edges: Numeric: ascending edges of the intervals.
        labels: Otherwise: the known labels, in alphabetical order.
        counts: Rows of each interval, shape (edges + 1,), or of each label.
        other: Rows outside the known labels; where all labels are known, how many would have been expected unseen.
        missing: Rows without a value.
        mean: Mean of the finite values; None where there is none.
        std: Their standard deviation.
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

    @property
    def rows(self) -> int:
        """Rows of the reference, as counted over all cells."""
        return sum(self.counts) + self.other + self.missing

    def count(self, series: pd.Series) -> tuple[np.ndarray, int, int, float]:
        """Count other rows over the same cells.

        Returns:
            Counts of intervals or labels, of "other" and of missing, and the mean (NaN if not numeric).
        """
        if self.kind == NUMERIC:
            found = count_numbers(series, np.asarray(self.edges))
            empty = np.asarray(self.counts) == 0
            other = int(found.intervals[empty].sum()) + found.unreadable
            return np.where(empty, 0, found.intervals), other, found.missing, found.mean
        counts, missing = count_labels(series, boolean=self.kind == BOOLEAN)
        placed, other = place_labels(counts, self.labels)
        return placed, other, missing, float("nan")


def profile_column(series: pd.Series, name: str, bins: int, *, categorical: bool = False) -> ColumnProfile | None:
    """Profile one column, or None where it holds times, which always move on and are no reason for alarm."""
    kind = CATEGORICAL if categorical else _kind_of(series)
    if kind is None:
        return None
    return _profile_numbers(series, name, bins) if kind == NUMERIC else _profile_labels(series, name, kind)


def _profile_numbers(series: pd.Series, name: str, bins: int) -> ColumnProfile:
    values, _ = as_numbers(series)
    finite = values[np.isfinite(values)].astype(np.float64)
    edges = choose_edges(finite, bins)
    found = count_numbers(series, edges)
    once = np.count_nonzero(found.intervals == 1) if len(np.unique(finite)) <= bins else 0
    return ColumnProfile(
        name,
        NUMERIC,
        tuple(edges.tolist()),
        (),
        tuple(found.intervals.tolist()),
        found.unreadable + int(once),
        found.missing,
        mean=float(finite.mean()) if len(finite) else None,
        std=float(finite.std()) if len(finite) else None,
    )


def _profile_labels(series: pd.Series, name: str, kind: str) -> ColumnProfile:
    counts, missing = count_labels(series, boolean=kind == BOOLEAN)
    kept = list(counts)
    if len(kept) > _MOST_LABELS:
        often = [label for label in kept if counts[label] >= _OFTEN]
        kept = sorted(often, key=lambda label: (-counts[label], label))[:_MOST_LABELS]
        unseen = 0
    else:
        # Good (1953): the share of labels yet unseen is about that of labels seen once.
        unseen = sum(count == 1 for count in counts.values())
    labels = tuple(sorted(kept))
    placed, rest = place_labels(counts, labels)
    return ColumnProfile(name, kind, (), labels, tuple(placed.tolist()), rest + unseen, missing)


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
