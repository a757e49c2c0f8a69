"""`CrossColumn`: the values of several columns together as one category."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.cells import category_key
from ml_lifecycle.features.columns import Columns, Keys, Values
from ml_lifecycle.features.derived.base import Derivation

_BETWEEN = " | "


@dataclass(frozen=True, slots=True)
class CrossColumn(Derivation):
    """One category for each combination of categories; missing where one of them is."""

    kind: ClassVar[str] = "cross"

    @classmethod
    def of(cls, inputs: Sequence[str], *, optional: Sequence[str]) -> CrossColumn:
        """Cross some columns; the new one is called such as `city__x__weekday`."""
        return cls(tuple(inputs), ("__x__".join(inputs),), tuple(optional))

    def derive(self, columns: Columns) -> Mapping[str, Values]:
        """Make the column of a batch."""
        first, *others = [values.keys.merged() for values in self.read(columns)]
        crossed = first
        for other in others:
            crossed = _cross(crossed, other)
        return {self.outputs[0]: Values.of_keys(crossed)}

    def row(self) -> Callable[[Sequence[object]], Sequence[object]]:
        """Make the path of a single row."""

        def cross(cells: Sequence[object]) -> Sequence[object]:
            keys = [category_key(cell) for cell in cells]
            return (None if None in keys else _BETWEEN.join(keys),)  # type: ignore[arg-type] # no None is left

        return cross

    def state(self) -> dict[str, Any]:
        """Nothing is learnt."""
        return {}

    @classmethod
    def from_state(cls, shape: Mapping[str, tuple[str, ...]], state: Mapping[str, Any]) -> Self:
        """Make a derivation of what `to_dict` gave."""
        del state
        return cls(**shape)


def _cross(left: Keys, right: Keys) -> Keys:
    import pandas as pd

    width = max(len(right.names), 1)
    together = left.codes * width + right.codes
    together[(left.codes < 0) | (right.codes < 0)] = -1
    codes, pairs = pd.factorize(together)
    known = pairs >= 0
    # The pair -1, a missing cell, is no category: the categories behind it move up.
    moved = np.append(np.where(known, np.cumsum(known) - 1, -1), -1)
    names = [f"{left.names[pair // width]}{_BETWEEN}{right.names[pair % width]}" for pair in pairs[known].tolist()]
    return Keys(moved[codes], names)
