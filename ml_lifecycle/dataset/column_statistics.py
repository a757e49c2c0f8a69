"""Statistics of a column: how much is missing, how many values there are, how they are spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.rows import ROW_ID, factorize, text_of

QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_TOP: Final = 10


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What one column holds.

    Args:
        dtype: As pandas names its type.
        missing_share: Share of the cells that are missing.
        distinct: How many different values there are.
        figures: Numbers: mean, standard deviation, min, max and quantiles (`q50`).
        earliest: Times: the first one, as ISO text.
        latest: Times: the last one.
        top: Text and truths: the most frequent values and their share of the rows.
    """

    dtype: str
    missing_share: float
    distinct: int
    figures: Mapping[str, float] = field(default_factory=dict)
    earliest: str | None = None
    latest: str | None = None
    top: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON, without what does not apply to the column's type."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != {}}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> ColumnStatistics:
        """Read what `to_dict` gave."""
        return cls(**document)

    def figures_by_name(self) -> dict[str, float]:
        """Everything that is a number, for comparing two states of a column."""
        shares = {f"share of {value!r}": share for value, share in self.top.items()}
        return {"missing_share": self.missing_share, "distinct": float(self.distinct), **self.figures, **shares}


def describe_columns(frame: pd.DataFrame) -> dict[str, ColumnStatistics]:
    """Describe each column but the names of the rows.

    >>> describe_columns(pd.DataFrame({"x": [1, 2, None]}))["x"].figures["mean"]
    1.5
    """
    return {str(name): _describe(frame[name]) for name in frame.columns if name != ROW_ID}


def _describe(values: pd.Series) -> ColumnStatistics:
    dtype = str(values.dtype)
    missing = float(values.isna().mean()) if len(values) else 0.0
    kind = values.dtype.kind
    if kind in "iuf" and not isinstance(values.dtype, pd.CategoricalDtype):
        numbers = values.dropna().to_numpy()
        return ColumnStatistics(dtype, missing, _distinct(numbers), figures=_figures(numbers.astype(np.float64)))
    if kind == "M":
        moments = values.dropna()
        earliest, latest = (None, None) if moments.empty else (moments.min().isoformat(), moments.max().isoformat())
        return ColumnStatistics(dtype, missing, int(moments.nunique()), earliest=earliest, latest=latest)
    distinct, top = _frequencies(values)
    return ColumnStatistics(dtype, missing, distinct, top=top)


def _distinct(numbers: Any) -> int:  # noqa: ANN401 - an array of numbers
    return len(pd.unique(numbers))


def _figures(numbers: Any) -> dict[str, float]:  # noqa: ANN401 - an array of numbers
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return {}
    quantiles = np.quantile(finite, QUANTILES)
    named = {f"q{round(100 * share):02}": float(value) for share, value in zip(QUANTILES, quantiles, strict=True)}
    with np.errstate(over="ignore"):  # numbers near the end of float64
        spread = {"mean": float(finite.mean()), "std": float(finite.std())}
    return {**spread, "min": float(finite.min()), **named, "max": float(finite.max())}


def _frequencies(values: pd.Series) -> tuple[int, dict[str, float]]:
    codes, distinct = factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    order = np.argsort(-counts, kind="stable")[:_TOP]
    shares = {text_of(distinct[place]): float(counts[place]) / max(len(values), 1) for place in order}
    return len(distinct), shares
