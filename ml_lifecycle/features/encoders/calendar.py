"""Parts of moments in UTC: of one moment, and of many at once. Which of them are features is said in `datetimes`.

Cycles are the sine and the cosine of a part that comes round again: December is next to January.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypeAlias, get_args

import numpy as np
import pandas as pd

from ml_lifecycle.config.features import DatetimePart

#: All parts, in the order of the configuration.
PARTS: Final[tuple[str, ...]] = get_args(DatetimePart)
#: Parts that come round again: how many steps a round has, and the first step.
PERIODS: Final[dict[str, tuple[int, int]]] = {
    "quarter": (4, 1),
    "month": (12, 1),
    "week": (53, 1),
    "day": (31, 1),
    "weekday": (7, 0),
    "hour": (24, 0),
    "minute": (60, 0),
}
#: What can be taken from a moment: parts, and their cycles such as `hour_sin`.
READABLE: Final[frozenset[str]] = frozenset(PARTS) | {f"{part}_{wave}" for part in PERIODS for wave in ("sin", "cos")}

_DAY_SECONDS = 86_400
_SATURDAY = 5
_THURSDAY_1970 = 3  # the weekday of day 0
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - moments are naive UTC here
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# Day by day a table is computed of all days between the first and the last: of so many years at most.
_TABLE_DAYS = 366 * 1_000

Reader: TypeAlias = Callable[[Any], float]


def days_since_1970(moment: datetime) -> float:
    """Days with their fraction, of whole seconds. As float32 it tells moments three minutes apart."""
    passed: timedelta = moment - _EPOCH
    return (passed.days * _DAY_SECONDS + passed.seconds) / _DAY_SECONDS


_READERS: Final[dict[str, Reader]] = {
    "year": lambda moment: float(moment.year),
    "quarter": lambda moment: float((moment.month + 2) // 3),
    "month": lambda moment: float(moment.month),
    "week": lambda moment: float(moment.isocalendar()[1]),
    "day": lambda moment: float(moment.day),
    "weekday": lambda moment: float(moment.weekday()),
    "hour": lambda moment: float(moment.hour),
    "minute": lambda moment: float(moment.minute),
    "is_weekend": lambda moment: float(moment.weekday() >= _SATURDAY),
    "timestamp": days_since_1970,
}


def part_reader(name: str) -> Reader:
    """Make the function that takes a part, or a cycle such as `hour_sin`, from one naive moment.

    >>> part_reader("hour")(datetime(2026, 1, 1, 6)), part_reader("hour_sin")(datetime(2026, 1, 1, 6))
    (6.0, 1.0)
    """
    if name in _READERS:
        return _READERS[name]
    part, wave = name.rsplit("_", maxsplit=1)
    read, table, first = _READERS[part], _cycle(part, wave), PERIODS[part][1]
    return lambda moment: table[int(read(moment)) - first]


@cache
def _cycle(part: str, wave: str) -> tuple[float, ...]:
    """Sine or cosine at each step of a round; batch and single cells take it from here."""
    steps = PERIODS[part][0]
    function = math.sin if wave == "sin" else math.cos
    return tuple(function(2 * math.pi * step / steps) for step in range(steps))


class Moments:
    """Many moments, of which several parts are taken.

    Args:
        series: A column of some type datetime64, with or without a zone.
    """

    def __init__(self, series: pd.Series) -> None:
        index = pd.DatetimeIndex(series)
        ticks = index.asi8
        self._missing = np.asarray(index.isna())
        self._any_missing = bool(self._missing.any())
        seconds = ticks // _PER_SECOND[index.unit]
        if self._any_missing:
            seconds = np.where(self._missing, 0, seconds)
        self._seconds = seconds
        self._days = seconds // _DAY_SECONDS
        self._within: np.ndarray | None = None

    def write(self, name: str, out: np.ndarray) -> None:
        """Write one part or cycle into `out`, float32 of shape (n,); NaN where missing."""
        if name == "timestamp":
            out[:] = self._seconds / _DAY_SECONDS
        elif name in PARTS:
            self._write_part(name, out, lambda part: part)
        else:
            part, wave = name.rsplit("_", maxsplit=1)
            table, first = np.array(_cycle(part, wave)), PERIODS[part][1]
            self._write_part(part, out, lambda steps: table[steps - first])
        if self._any_missing:
            out[self._missing] = math.nan

    def _write_part(self, part: str, out: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> None:
        if part == "hour":
            out[:] = change(self._second_of_day // 3_600)
        elif part == "minute":
            out[:] = change(self._second_of_day // 60 % 60)
        elif len(self._days):
            first, last = int(self._days.min()), int(self._days.max())
            if last - first < _TABLE_DAYS:
                table = change(_part_of_days(part, np.arange(first, last + 1))).astype(np.float32)
                np.take(table, self._days - first, out=out)
            else:
                out[:] = change(_part_of_days(part, self._days))

    @property
    def _second_of_day(self) -> np.ndarray:
        if self._within is None:
            self._within = (self._seconds - self._days * _DAY_SECONDS).astype(np.int32)
        return self._within


def _part_of_days(part: str, days: np.ndarray) -> np.ndarray:
    """A part of whole days, counted from 1970; int of shape (n,)."""
    weekday = (days + _THURSDAY_1970) % 7
    if part == "weekday":
        return weekday
    if part == "is_weekend":
        return (weekday >= _SATURDAY).astype(np.int64)
    if part == "week":  # ISO 8601: the week belongs to the year that its Thursday lies in
        thursday = days - weekday + _THURSDAY_1970
        return np.asarray((thursday - _starts_of_years(thursday)) // 7 + 1)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    if part == "year":
        return np.asarray(dates.astype("datetime64[Y]").astype(np.int64) + 1970)
    if part == "day":
        return np.asarray(days - months.astype("datetime64[D]").astype(np.int64) + 1)
    month = months.astype(np.int64) % 12 + 1
    return month if part == "month" else (month + 2) // 3


def _starts_of_years(days: np.ndarray) -> np.ndarray:
    years = days.astype("datetime64[D]").astype("datetime64[Y]")
    return np.asarray(years.astype("datetime64[D]").astype(np.int64))
