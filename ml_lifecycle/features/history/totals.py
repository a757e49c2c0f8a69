"""`Totals`: what is kept of values that are no longer kept themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

import numpy as np
import pandas as pd

_NAN = math.nan


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of an entity's values in their order, and the statistics that follow from them.

    Args:
        number: How many values.
        total: Their sum.
        shift: The first of them; deviations are taken from it, so that large values of small spread keep their digits.
        shifted: Sum of deviations.
        squared: Sum of squared deviations.
        least: The smallest.
        most: The largest.
    """

    NAMES: ClassVar[tuple[str, ...]] = ("number", "total", "shift", "shifted", "squared", "least", "most")

    number: float = 0.0
    total: float = 0.0
    shift: float = 0.0
    shifted: float = 0.0
    squared: float = 0.0
    least: float = _NAN
    most: float = _NAN

    @property
    def line(self) -> tuple[float, ...]:
        """All of it, in the order of `NAMES`."""
        return (self.number, self.total, self.shift, self.shifted, self.squared, self.least, self.most)

    def plus(self, values: Iterable[float]) -> Totals:
        """The totals with further values, added one after the other."""
        number, total, shift, shifted, squared, least, most = self.line
        for value in values:
            if not number:
                shift = least = most = value
            deviation = value - shift
            number += 1
            total += value
            shifted += deviation
            squared += deviation * deviation
            least, most = min(least, value), max(most, value)
        return Totals(number, total, shift, shifted, squared, least, most)

    def count(self) -> float:
        """How many values."""
        return self.number

    def sum(self) -> float:
        """Their sum; 0 of none."""
        return self.total

    def mean(self) -> float:
        """Their mean; NaN of none."""
        return self.total / self.number if self.number else _NAN

    def min(self) -> float:
        """The smallest; NaN of none."""
        return self.least

    def max(self) -> float:
        """The largest; NaN of none."""
        return self.most

    def std(self) -> float:
        """Their standard deviation, n - 1 below; NaN of one or none."""
        if self.number <= 1:
            return _NAN
        spread = (self.squared - self.shifted * self.shifted / self.number) / (self.number - 1)
        return math.sqrt(max(spread, 0.0))

    @classmethod
    def by_entity(cls, table: pd.DataFrame) -> dict[str, Totals]:
        """Read what `table` gave."""
        numbers = (table[name].to_numpy(dtype=float).tolist() for name in cls.NAMES)
        return {entity: cls(*line) for entity, *line in zip(table["entity"], *numbers, strict=True)}

    @classmethod
    def table(cls, newest: pd.Series, before: Mapping[str, Totals], due: pd.DataFrame) -> pd.DataFrame:
        """The totals of all entities after further values.

        Args:
            newest: Last event time in nanoseconds by entity: all entities there are.
            before: Totals so far.
            due: The further values, by entity and in order: `entity` and `value`, which may be missing.
        """
        after = dict(before)
        known = due.loc[due["value"].notna()]
        entities, values = known["entity"].to_numpy(dtype=object), known["value"].tolist()
        bounds = [0, *(np.flatnonzero(entities[1:] != entities[:-1]) + 1).tolist(), len(entities)]
        for start, stop in pairwise(bounds):
            if start < stop:
                entity = entities[start]
                after[entity] = after.get(entity, _NOTHING).plus(values[start:stop])
        lines = [after.get(entity, _NOTHING).line for entity in newest.index]
        made = pd.DataFrame(lines, columns=list(cls.NAMES), dtype=float)
        made.insert(0, "entity", newest.index.to_numpy(dtype=object))
        made.insert(1, "newest", newest.to_numpy(dtype="int64"))
        return made


_NOTHING: Final = Totals()
