"""`NumberColumn`: a number as it is. Imputed, scaled and binned numbers live in `prepared`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.cells import number_of
from ml_lifecycle.features.columns import Values, naming
from ml_lifecycle.features.encoders.base import Encoder


@dataclass(frozen=True, slots=True)
class NumberColumn(Encoder):
    """A column of numbers or truth values: one float32 feature, NaN where missing or not finite."""

    kind: ClassVar[str] = "number"

    @property
    def features(self) -> tuple[str, ...]:
        """The column's own name."""
        return (self.column,)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (1, n)."""
        with naming(self.column):
            numbers = values.numbers()
        with np.errstate(over="ignore"):
            out[0] = numbers
        drop_infinite(out[0])

    def cell(self) -> Callable[[object], float]:
        """Make the single-cell path: value to float."""
        return number_of

    def state(self) -> dict[str, Any]:
        """Nothing is learnt."""
        return {}

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        del state
        return cls(column, nullable)


def drop_infinite(feature: np.ndarray) -> None:
    """Make infinite values of a float32 feature missing, in place."""
    infinite = np.isinf(feature)
    if infinite.any():
        feature[infinite] = math.nan
