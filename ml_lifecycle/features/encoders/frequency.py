"""`FrequencyColumn`: how usual a category is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.encoders.codes import look_up_cell

_NAN = math.nan


@dataclass(frozen=True, slots=True)
class FrequencyColumn(Encoder):
    """The share of the training rows that have the same category; 0 where unknown, NaN where missing."""

    kind: ClassVar[str] = "frequency"

    shares: Mapping[str, float]

    @classmethod
    def fit(cls, values: Values, *, column: str) -> FrequencyColumn:
        """Learn the share of each category among the training rows that have one."""
        counts = values.keys.counts()
        known = max(sum(counts.values()), 1)
        return cls(
            column,
            bool((values.keys.codes < 0).any()),
            {key: counts[key] / known for key in sorted(counts)},
        )

    @property
    def features(self) -> tuple[str, ...]:
        """Such as `city__frequency`."""
        return (f"{self.column}__frequency",)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (1, n)."""
        out[0] = values.keys.look_up(self.shares, unknown=0.0, missing=_NAN)

    def cell(self) -> Callable[[object], float]:
        """Make the single-cell path: value to float."""
        return look_up_cell(self.shares, unknown=0.0, missing=_NAN)

    def state(self) -> dict[str, Any]:
        """The shares by category."""
        return {"shares": dict(self.shares)}

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        return cls(column, nullable, {str(key): float(share) for key, share in state["shares"].items()})
