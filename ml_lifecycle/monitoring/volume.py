"""How many predictions a window usually brings, by those before it. What else is judged of a window is `quality`."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np
from scipy import stats

from ml_lifecycle.config.quality import QualityConfig


@dataclass(frozen=True, slots=True)
class UsualVolume:
    """What a window's rows are compared with.

    Args:
        expected: Mean of the windows compared with; NaN where they are too few.
        low: Fewer rows are unusual.
        high: More are.
        windows: How many windows that rests on.
        alike: What they have in common with the window: `weekday`, `hour`, or nothing.
    """

    expected: float
    low: float
    high: float
    windows: int
    alike: str

    @property
    def judged(self) -> bool:
        """Whether there are windows enough."""
        return not math.isnan(self.expected)

    def holds(self, rows: int) -> bool:
        """Whether so many rows are usual; all are while nothing is known."""
        return not self.judged or self.low <= rows <= self.high


class PastVolumes:
    """How many rows windows have had; those of the same weekday, or hour, lie together.

    Args:
        hourly: Whether windows are hours; days otherwise.
    """

    def __init__(self, *, hourly: bool) -> None:
        self._hourly = hourly
        self._groups: dict[tuple[int, ...], list[tuple[datetime, int]]] = {}

    def add(self, start: datetime, rows: int) -> None:
        """Keep the rows of a window; what was kept of it before is replaced."""
        for group in ((), self._likeness(start)):
            kept = self._groups.setdefault(group, [])
            place = bisect_left(kept, (start, -1))
            there = place < len(kept) and kept[place][0] == start
            kept[place : place + there] = [(start, rows)]

    def before(self, start: datetime, most: int, *, alike: bool) -> list[int]:
        """The rows of so many windows before another; only of those like it, if asked."""
        kept = self._groups.get(self._likeness(start) if alike else (), [])
        place = bisect_left(kept, (start, -1))
        return [rows for _, rows in kept[max(0, place - most) : place]]

    def usual(self, start: datetime, config: QualityConfig) -> UsualVolume:
        """The volume to be expected of a window.

        Windows of the same weekday (of the same hour, where windows are hours) are compared with where there are
        enough of them, else all. Counts vary more than chance alone would have it, since customers come in crowds: the
        limits are those of a quasi-Poisson count (McCullagh & Nelder 1989, 6.2), whose variance is `dispersion` times
        its mean. The dispersion is estimated from few windows, so Student's t takes the place of the normal quantile.

        Args:
            start: The first moment of the window.
            config: False-alarm rate, and how many windows are looked at and needed.
        """
        same = self.before(start, config.volume_history, alike=True)
        alike = len(same) >= config.volume_min_history
        chosen = np.array(same if alike else self.before(start, config.volume_history, alike=False), dtype=np.float64)
        if len(chosen) < config.volume_min_history:
            return UsualVolume(_NAN, _NAN, _NAN, len(chosen), "nothing")
        mean = float(chosen.mean())
        floor = max(mean, 1.0)  # a mean of zero would leave no room for a single row
        dispersion = max(1.0, float(chosen.var(ddof=1)) / floor)
        spread = math.sqrt(dispersion * floor * (1 + 1 / len(chosen)))
        width = _quantile(1 - config.volume_false_alarm_rate / 2, len(chosen) - 1) * spread
        name = ("hour" if self._hourly else "weekday") if alike else "nothing"
        return UsualVolume(mean, max(0.0, mean - width), mean + width, len(chosen), name)

    def _likeness(self, start: datetime) -> tuple[int, ...]:
        weekday = start.weekday()
        return (start.hour, int(weekday < _SATURDAY)) if self._hourly else (weekday,)


@cache
def _quantile(level: float, freedom: int) -> float:
    return float(stats.t.ppf(level, freedom))


_SATURDAY, _NAN = 5, float("nan")
