"""`CategoryColumn`: categories as codes, as LightGBM takes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.cells import category_key
from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.base import Encoder

_NAN = math.nan


@dataclass(frozen=True, slots=True)
class CategoryColumn(Encoder):
    """A column of categories: codes 0..k-1 by falling frequency in train, k where unknown, NaN where missing."""

    kind: ClassVar[str] = "category"
    coded: ClassVar[bool] = True

    categories: tuple[str, ...]

    @classmethod
    def fit(cls, values: Values, *, column: str, most: int) -> CategoryColumn:
        """Learn the `most` frequent categories; of equally frequent ones the first in the alphabet."""
        return cls(column, bool((values.keys.codes < 0).any()), values.keys.most_frequent(most))

    @property
    def features(self) -> tuple[str, ...]:
        """The column's own name."""
        return (self.column,)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (1, n)."""
        place = {key: float(code) for code, key in enumerate(self.categories)}
        out[0] = values.keys.look_up(place, unknown=float(len(place)), missing=_NAN)

    def cell(self) -> Callable[[object], float]:
        """Make the single-cell path: value to float."""
        place = {key: float(code) for code, key in enumerate(self.categories)}
        return look_up_cell(place, unknown=float(len(place)), missing=_NAN)

    def state(self) -> dict[str, Any]:
        """The categories in the order of their codes."""
        return {"categories": list(self.categories)}

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        return cls(column, nullable, tuple(map(str, state["categories"])))


def look_up_cell(place: Mapping[str, float], *, unknown: float, missing: float) -> Callable[[object], float]:
    """Make the path of a single cell that `Keys.look_up` is of a batch."""
    find = place.get

    def number(value: object) -> float:
        if type(value) is str:
            return find(value, unknown)
        key = category_key(value)
        return missing if key is None else find(key, unknown)

    return number
