"""`OneHotColumn`: a feature per category."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.cells import category_key
from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.base import Encoder


@dataclass(frozen=True, slots=True)
class OneHotColumn(Encoder):
    """A feature per frequent category: 1 where the cell is of it, else 0; all are 0 where it is unknown or missing."""

    kind: ClassVar[str] = "one_hot"
    several: ClassVar[bool] = True

    categories: tuple[str, ...]

    @classmethod
    def fit(cls, values: Values, *, column: str, most: int) -> OneHotColumn:
        """Learn the `most` frequent categories; of equally frequent ones the first in the alphabet."""
        return cls(column, bool((values.keys.codes < 0).any()), values.keys.most_frequent(most))

    @property
    def features(self) -> tuple[str, ...]:
        """Such as `city=Riga`."""
        return tuple(f"{self.column}={key}" for key in self.categories)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (categories, n)."""
        place = {key: code for code, key in enumerate(self.categories)}
        narrow = np.int16 if len(place) < np.iinfo(np.int16).max else np.int64
        # The last entry is the one that the code -1 of missing cells picks.
        table = np.array([*(place.get(name, -1) for name in values.keys.names), -1], dtype=narrow)
        codes = table[values.keys.codes]
        for code in range(len(place)):
            out[code] = codes == code

    def cell(self) -> Callable[[object], list[float]]:
        """Make the single-cell path: value to one float per category."""
        count = len(self.categories)
        blank = [0.0] * count
        lines = {
            key: [1.0 if other == code else 0.0 for other in range(count)] for code, key in enumerate(self.categories)
        }

        def line_of(value: object) -> list[float]:
            key = value if type(value) is str else category_key(value)
            return blank if key is None else lines.get(key, blank)

        return line_of

    def pick(self, names: Collection[str]) -> Self:
        """Keep the categories whose features are named."""
        kept = tuple(key for key, name in zip(self.categories, self.features, strict=True) if name in names)
        return replace(self, categories=kept)

    def state(self) -> dict[str, Any]:
        """The categories in the order of their features."""
        return {"categories": list(self.categories)}

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        return cls(column, nullable, tuple(map(str, state["categories"])))
