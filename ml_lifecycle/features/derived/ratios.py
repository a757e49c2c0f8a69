"""`RatioColumn`: one column of numbers divided by another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.cells import FLOAT32_LIMIT, number_of
from ml_lifecycle.features.columns import Columns, Values, name_column, naming
from ml_lifecycle.features.derived.base import Derivation


@dataclass(frozen=True, slots=True)
class RatioColumn(Derivation):
    """Numerator over denominator; missing where one of them is, or where the denominator is 0."""

    kind: ClassVar[str] = "ratio"

    def derive(self, columns: Columns) -> Mapping[str, Values]:
        """Make the column of a batch."""
        above, below = (_numbers(name, values) for name, values in zip(self.inputs, self.read(columns), strict=True))
        with np.errstate(all="ignore"):
            found = np.where(below == 0, math.nan, above / below)
        return {self.outputs[0]: Values(pd.Series(found))}

    def row(self) -> Callable[[Sequence[object]], Sequence[object]]:
        """Make the path of a single row."""

        def divide(cells: Sequence[object]) -> Sequence[object]:
            above, below = (_number(name, cell) for name, cell in zip(self.inputs, cells, strict=True))
            return (above / below if below else math.nan,)

        return divide

    def state(self) -> dict[str, Any]:
        """Nothing is learnt."""
        return {}

    @classmethod
    def from_state(cls, shape: Mapping[str, tuple[str, ...]], state: Mapping[str, Any]) -> Self:
        """Make a derivation of what `to_dict` gave."""
        del state
        return cls(**shape)


def _numbers(name: str, values: Values) -> np.ndarray:
    with naming(name):
        numbers = values.numbers()
    return np.where(np.abs(numbers) < FLOAT32_LIMIT, numbers, math.nan)


def _number(name: str, cell: object) -> float:
    try:
        return number_of(cell)
    except DataError as error:
        raise name_column(error, name) from error
