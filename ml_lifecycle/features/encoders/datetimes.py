"""`DatetimeColumn`: parts and cycles of a date. What the parts are lives in `calendar`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from ml_lifecycle.features.cells import moment_of
from ml_lifecycle.features.columns import Values, naming
from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.encoders.calendar import PERIODS, READABLE, Moments, part_reader


@dataclass(frozen=True, slots=True)
class DatetimeColumn(Encoder):
    """A column of dates: one float32 feature per part (UTC; Monday is 0), NaN where missing.

    Args:
        parts: Parts such as `hour`, and cycles such as `hour_sin`.
    """

    kind: ClassVar[str] = "datetime"
    several: ClassVar[bool] = True

    parts: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Such as `opened__month`."""
        return tuple(f"{self.column}__{part}" for part in self.parts)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (parts, n)."""
        if pd.api.types.is_datetime64_any_dtype(values.series.dtype):
            moments = Moments(values.series)
            for line, part in zip(out, self.parts, strict=True):
                moments.write(part, line)
        else:
            with naming(self.column):
                out[:] = values.each(self.cell()).T

    def cell(self) -> Callable[[object], list[float]]:
        """Make the single-cell path: value to one float per part."""
        readers = [part_reader(part) for part in self.parts]
        blank = [math.nan] * len(readers)

        def parts_of(value: object) -> list[float]:
            moment = moment_of(value)
            return blank if moment is None else [read(moment) for read in readers]

        return parts_of

    def pick(self, names: Collection[str]) -> Self:
        """Keep the parts whose features are named."""
        kept = tuple(part for part, name in zip(self.parts, self.features, strict=True) if name in names)
        return replace(self, parts=kept)

    def state(self) -> dict[str, Any]:
        """The parts."""
        return {"parts": list(self.parts)}

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        parts = tuple(map(str, state["parts"]))
        if not set(parts) <= READABLE:
            msg = f"expected an encoder of parts among {sorted(READABLE)}, got {sorted(set(parts) - READABLE)}"
            raise ValueError(msg)
        return cls(column, nullable, parts)


def with_cycles(parts: Sequence[str]) -> tuple[str, ...]:
    """The parts, and behind them sine and cosine of each that comes round again.

    >>> with_cycles(["year", "hour"])
    ('year', 'hour', 'hour_sin', 'hour_cos')
    """
    cycles = [f"{part}_{wave}" for part in parts if part in PERIODS for wave in ("sin", "cos")]
    return (*parts, *cycles)
