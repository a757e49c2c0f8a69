"""`MissingFlag`: whether a cell is missing, as a feature of its own beside the column's other features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.cells import is_missing
from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.base import Encoder


@dataclass(frozen=True, slots=True)
class MissingFlag(Encoder):
    """1 where the cell is missing, else 0."""

    kind: ClassVar[str] = "missing"

    @property
    def features(self) -> tuple[str, ...]:
        """Such as `age__missing`."""
        return (f"{self.column}__missing",)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (1, n)."""
        out[0] = values.missing

    def cell(self) -> Callable[[object], float]:
        """Make the single-cell path: value to float."""
        return lambda value: 1.0 if is_missing(value) else 0.0

    def state(self) -> dict[str, Any]:
        """Nothing is learnt."""
        return {}

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        del state
        return cls(column, nullable)
