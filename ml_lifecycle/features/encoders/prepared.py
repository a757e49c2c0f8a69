"""`PreparedNumber`: a number after imputing, clipping, taking the logarithm, and scaling or binning, in this order."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.config.features import ColumnFeatureConfig
from ml_lifecycle.features.cells import FLOAT32_LIMIT, number_of
from ml_lifecycle.features.columns import Values, naming
from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.encoders.numbers import drop_infinite

_NAN = math.nan
_PIECE = 16_384  # rows: a piece of float64 stays in the cache between the steps


@dataclass(frozen=True, slots=True)
class PreparedNumber(Encoder):
    """A column of numbers, brought into the shape that the configuration asks for.

    Args:
        fill: What stands in for a missing number, in the units of the column; None leaves it missing.
        low: Smaller numbers are raised to it.
        high: Larger numbers are lowered to it.
        log: Whether sign(x) * log(1 + |x|) is taken.
        centre: Subtracted.
        scale: Divides.
        edges: Where bins begin, rising; the feature is the number of edges not above x. Empty: no bins.
    """

    kind: ClassVar[str] = "prepared_number"

    fill: float | None = None
    low: float | None = None
    high: float | None = None
    log: bool = False
    centre: float = 0.0
    scale: float = 1.0
    edges: tuple[float, ...] = ()

    @classmethod
    def fit(cls, values: Values, *, column: str, config: ColumnFeatureConfig) -> PreparedNumber:
        """Learn fill, limits, scale and bins of the training rows, each from what the steps before it give."""
        with naming(column):
            numbers = values.numbers()
        usable = np.abs(numbers) < FLOAT32_LIMIT
        known = numbers if usable.all() else numbers[usable]
        fitted = cls(column, bool(values.missing.any()), fill=_fill(known, config.impute), log=config.log)
        if config.clip is not None and len(known):
            low, high = np.quantile(known, config.clip)
            fitted = replace(fitted, low=float(low), high=float(high))
        if config.scale == "none" and config.bins is None:
            return fitted
        prepared = fitted.compute(numbers)
        if not usable.all():
            prepared = prepared[~np.isnan(prepared)]
        if not len(prepared):
            return fitted
        if config.bins is not None:
            inner = np.quantile(prepared, np.linspace(0, 1, config.bins + 1)[1:-1])
            return replace(fitted, edges=tuple(np.unique(inner).tolist()))
        centre, scale = _SCALES[config.scale](prepared)
        return replace(fitted, centre=centre, scale=scale if scale > 0 else 1.0)

    @property
    def features(self) -> tuple[str, ...]:
        """The column's own name."""
        return (self.column,)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (1, n)."""
        with naming(self.column):
            numbers = values.numbers()
        feature = out[0]
        with np.errstate(over="ignore"):
            for start in range(0, len(numbers), _PIECE):
                feature[start : start + _PIECE] = self.compute(numbers[start : start + _PIECE])
        drop_infinite(feature)

    def compute(self, numbers: np.ndarray) -> np.ndarray:
        """Take float64 numbers (n,) through all steps; NaN where missing."""
        prepared = numbers.copy()
        np.copyto(prepared, _NAN if self.fill is None else self.fill, where=~(np.abs(numbers) < FLOAT32_LIMIT))
        if self.low is not None and self.high is not None:
            np.clip(prepared, self.low, self.high, out=prepared)
        if self.log:
            prepared = np.copysign(np.log1p(np.abs(prepared)), prepared)
        if self.edges:
            bins = np.searchsorted(np.array(self.edges), prepared, side="right").astype(np.float64)
            bins[np.isnan(prepared)] = _NAN
            return bins
        prepared -= self.centre
        prepared /= self.scale
        prepared += 0.0  # zero has one sign
        return prepared

    def cell(self) -> Callable[[object], float]:
        """Make the single-cell path: value to float."""
        fill = _NAN if self.fill is None else self.fill
        low, high = (-math.inf, math.inf) if self.low is None or self.high is None else (self.low, self.high)
        log, centre, scale, edges = self.log, self.centre, self.scale, self.edges
        # numpy's logarithm, not math's: they differ in the last bit for one number in a hundred.
        log1p = np.log1p

        def prepare(value: object) -> float:
            number = number_of(value)
            if number != number:  # noqa: PLR0124 - only NaN differs from itself
                number = fill
                if number != number:  # noqa: PLR0124 - same
                    return _NAN
            number = low if number < low else min(number, high)
            if log:
                number = math.copysign(float(log1p(abs(number))), number)
            if edges:
                return float(bisect_right(edges, number))
            number = (number - centre) / scale + 0.0
            return number if -FLOAT32_LIMIT < number < FLOAT32_LIMIT else _NAN

        return prepare

    def state(self) -> dict[str, Any]:
        """All that was learnt."""
        return {
            "fill": self.fill,
            "low": self.low,
            "high": self.high,
            "log": self.log,
            "centre": self.centre,
            "scale": self.scale,
            "edges": list(self.edges),
        }

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        fill, low, high = (None if state[key] is None else float(state[key]) for key in ("fill", "low", "high"))
        centre, scale = float(state["centre"]), float(state["scale"])
        edges = tuple(map(float, state["edges"]))
        return cls(column, nullable, fill, low, high, bool(state["log"]), centre, scale, edges)


def _fill(known: np.ndarray, impute: str) -> float | None:
    """What stands in for a missing number; 0 where no number is known."""
    if impute == "none":
        return None
    return float(_FILLS[impute](known)) if len(known) else 0.0


def _most_frequent(known: np.ndarray) -> float:
    """The most frequent number, the smallest of equally frequent ones."""
    numbers, counts = np.unique(known, return_counts=True)
    return float(numbers[np.argmax(counts)])


def _robust(numbers: np.ndarray) -> tuple[float, float]:
    low, middle, high = np.quantile(numbers, (0.25, 0.5, 0.75))
    return float(middle), float(high - low)


def _mean(numbers: np.ndarray) -> float:
    """The mean, taken around one of the numbers, which keeps a constant column exactly constant."""
    return float(numbers[0] + np.mean(numbers - numbers[0]))


def _standard(numbers: np.ndarray) -> tuple[float, float]:
    centre = _mean(numbers)
    deviations = numbers - centre
    return centre, float(np.sqrt(np.dot(deviations, deviations) / len(deviations)))


_FILLS: dict[str, Callable[[np.ndarray], float]] = {
    "mean": _mean,
    "median": lambda known: float(np.median(known)),
    "zero": lambda known: 0.0,  # noqa: ARG005 - as the others
    "most_frequent": _most_frequent,
}
_SCALES: dict[str, Callable[[np.ndarray], tuple[float, float]]] = {
    "standard": _standard,
    "robust": _robust,
    "minmax": lambda numbers: (float(numbers.min()), float(numbers.max() - numbers.min())),
}
