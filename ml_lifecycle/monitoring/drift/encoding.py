"""Columns as normal scores: numbers in which outliers and units weigh nothing and only the order of values counts.

What is computed from them lives in `dependence` and `classifier`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ml_lifecycle.monitoring.cells import as_numbers, label_of
from ml_lifecycle.monitoring.column_profile import BOOLEAN, NUMERIC, ColumnProfile

#: A label is a column of its own where its share is between this and one less this, and it is among so many.
_LEAST_SHARE, _MOST_LABELS = 0.05, 3
#: Most columns of the matrix: all pairs of them are looked at.
_MOST_COLUMNS = 100
#: Distinct values of a number that are kept.
_KNOTS = 256


class _Part(NamedTuple):
    """A column of the matrix: the presence of a label, or the normal score of a number by its knots."""

    name: str
    label: str | None = None
    knots: tuple[np.ndarray, np.ndarray] | None = None
    boolean: bool = False


@dataclass(frozen=True, eq=False)
class Scores:
    """How columns become a matrix.

    Args:
        parts: What each of its f columns says.
        centre: Means over the reference's rows, shape (f,).
        scale: Standard deviations, shape (f,).
    """

    parts: tuple[_Part, ...]
    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, columns: Sequence[ColumnProfile], sample: pd.DataFrame) -> Self:
        """Learn the scores from rows of the reference; what is constant there is left out."""
        parts: list[_Part] = []
        for column in columns:
            if column.kind == NUMERIC:
                knots = _knots(sample[column.name])
                parts += [_Part(column.name, knots=knots)] if knots else []
            else:
                boolean = column.kind == BOOLEAN
                parts += [_Part(column.name, label=label, boolean=boolean) for label in _frequent(column)]
        parts = parts[:_MOST_COLUMNS]
        raw = cls(tuple(parts), np.zeros(len(parts)), np.ones(len(parts)))
        matrix = raw.transform(sample)
        return cls(tuple(parts), matrix.mean(axis=0), np.maximum(matrix.std(axis=0), 1e-9))

    @property
    def names(self) -> tuple[str, ...]:
        """The column of the table behind each column of the matrix, shape (f,)."""
        return tuple(part.name for part in self.parts)

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Standardised scores, shape (n, f); a missing value has the mean."""
        found = np.zeros((len(frame), len(self.parts)))
        texts: dict[str, np.ndarray] = {}
        for at, part in enumerate(self.parts):
            if part.name not in frame.columns:
                continue
            if part.knots is not None:
                values = as_numbers(frame[part.name])[0].astype(np.float64)
                scores = (np.interp(values, *part.knots) - self.centre[at]) / self.scale[at]
                found[:, at] = np.where(np.isnan(values), 0.0, scores)
                continue
            if part.name not in texts:
                texts[part.name] = _texts(frame[part.name], boolean=part.boolean)
            found[:, at] = ((texts[part.name] == part.label) - self.centre[at]) / self.scale[at]
        return found


def _knots(values: pd.Series) -> tuple[np.ndarray, np.ndarray] | None:
    """Distinct values and the normal scores of their middle ranks; None where there are not two."""
    numbers = as_numbers(values)[0].astype(np.float64)
    distinct, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    if len(distinct) < 2:  # noqa: PLR2004 - one value has no order
        return None
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    chosen = np.unique(np.linspace(0, len(distinct) - 1, _KNOTS).round().astype(np.intp))
    return distinct[chosen], ndtri(middle[chosen])


def _frequent(column: ColumnProfile) -> list[str]:
    """The most frequent labels; of two labels one says all."""
    total = max(1, column.rows)
    ranked = sorted(zip(column.counts, column.labels, strict=True), key=lambda pair: (-pair[0], pair[1]))
    kept = [label for count, label in ranked if _LEAST_SHARE <= count / total <= 1 - _LEAST_SHARE]
    return kept[: 1 if len(column.labels) <= 2 else _MOST_LABELS]  # noqa: PLR2004 - see above


def _texts(values: pd.Series, *, boolean: bool) -> np.ndarray:
    codes, distinct = pd.factorize(values.astype(object))
    names = np.array([*(label_of(value, boolean=boolean) for value in distinct), ""], dtype=object)
    return np.asarray(names[codes])
