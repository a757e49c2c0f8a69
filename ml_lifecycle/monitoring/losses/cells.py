"""`ColumnCells`: how the values of one column fall into few cells, fast for few rows; stored as plain JSON.

A number falls between two edges, a category on its label; both know cells for other and for missing values. Drift
has finer cells of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.numbers import parse_numbers

#: Most labels of a category, the most frequent ones.
MOST_LABELS = 30


@dataclass(frozen=True, slots=True)
class ColumnCells:
    """The cells of one column.

    Args:
        name: The column.
        edges: Of a number: ascending; cell i holds edge[i-1] < x <= edge[i]. None for a category.
        labels: Of a category: its labels.
    """

    name: str
    edges: tuple[float, ...] | None = None
    labels: tuple[str, ...] = ()

    @classmethod
    def fit(cls, series: pd.Series, bins: int) -> Self | None:
        """Choose cells of about equally many rows; None for times, which always move on, and for a single value."""
        name = str(series.name)
        if pd.api.types.is_datetime64_any_dtype(series.dtype):
            return None
        if _is_number(series):
            values = _numbers(series)
            known = values[np.isfinite(values)]
            if len(known) == 0:
                return None
            edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="lower"))
            edges = edges[edges < known.max()]
            return cls(name, tuple(float(f"{edge:.9g}") for edge in edges)) if len(edges) else None
        counts = pd.Series(_texts(series)[series.notna().to_numpy()]).value_counts()
        if len(counts) < 2 or counts.iloc[0] == 1:  # noqa: PLR2004 - nothing to tell apart, or names
            return None
        kept = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_LABELS]
        return cls(name, None, tuple(str(label) for label, _ in kept))

    @property
    def size(self) -> int:
        """How many cells there are: the known ones, one for other values, one for missing ones."""
        return (len(self.labels) if self.edges is None else len(self.edges) + 1) + 2

    @property
    def names(self) -> tuple[str, ...]:
        """The cells in words, in their order."""
        if self.edges is None:
            known = [f"= {label}" for label in self.labels]
        else:
            told = [f"{edge:g}" for edge in self.edges]
            known = [f"<= {told[0]}", *(f"in ({low}, {high}]" for low, high in pairwise(told)), f"> {told[-1]}"]
        return (*(f"{self.name} {text}" for text in known), f"{self.name} is another", f"{self.name} is missing")

    def codes(self, series: pd.Series) -> np.ndarray:
        """The cell of each value, shape (n,)."""
        other, missing = self.size - 2, self.size - 1
        if self.edges is not None:
            values = _numbers(series)
            return np.where(np.isnan(values), missing, np.searchsorted(self.edges, values, side="left"))
        places = {label: place for place, label in enumerate(self.labels)}
        found, labels = _factorize(series)
        place = np.array([*(places.get(_text(value), other) for value in labels), missing], dtype=np.intp)
        return np.asarray(place[found])

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"name": self.name, "edges": self.edges, "labels": self.labels}

    @classmethod
    def from_dict(cls, item: dict[str, Any]) -> Self:
        """Read what `to_dict` gave."""
        edges = item["edges"]
        return cls(item["name"], None if edges is None else tuple(edges), tuple(item["labels"]))


def fit_cells(frame: pd.DataFrame, bins: int) -> tuple[ColumnCells, ...]:
    """The cells of each column that has more than one."""
    found = (ColumnCells.fit(frame[name], bins) for name in frame.columns)
    return tuple(cells for cells in found if cells is not None)


def code_columns(cells: Sequence[ColumnCells], frame: pd.DataFrame) -> np.ndarray:
    """The cell of each row in each column, shape (n, columns); all are missing where the frame lacks a column."""
    codes = np.empty((len(frame), len(cells)), dtype=np.intp, order="F")
    for place, column in enumerate(cells):
        there = column.name in frame.columns
        codes[:, place] = column.codes(frame[column.name]) if there else column.size - 1
    return codes


def with_prediction(codes: np.ndarray, cells: ColumnCells | None, predictions: np.ndarray) -> np.ndarray:
    """The cells of inputs with that of the prediction as a last column; without cells for it, those of inputs alone."""
    return codes if cells is None else np.column_stack([codes, cells.codes(pd.Series(predictions))])


def _is_number(series: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(series.dtype):
        return False
    if series.dtype == object:
        return pd.api.types.infer_dtype(series, skipna=True) in ("integer", "floating", "mixed-integer-float")
    return pd.api.types.is_numeric_dtype(series.dtype)


def _numbers(series: pd.Series) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(series.dtype):
        series = parse_numbers(series.astype(object))
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


def _factorize(series: pd.Series) -> tuple[np.ndarray, Sequence[Any]]:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy().astype(np.intp), list(series.cat.categories)
    try:
        codes, values = pd.factorize(series)
    except TypeError:  # lists and dicts cannot be hashed; their text can
        codes, values = pd.factorize(series.where(series.isna(), series.astype(str)))
    return codes, list(values)


def _texts(series: pd.Series) -> np.ndarray:
    codes, values = _factorize(series)
    texts = np.array([*(_text(value) for value in values), ""], dtype=object)
    return np.asarray(texts[codes])


def _text(value: object) -> str:
    """The same text for 1, 1.0 and "1": a missing value turns integers into floats."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value)
