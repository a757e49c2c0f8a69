"""`LoggedWindows`: rolling windows of the prediction log, one after the other, each row read once.

Windows overlap and there may be thousands of them: rows are read in portions ahead of the window that is asked for,
and let go when no later window can hold them. What a single line becomes is the business of `log_frames`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
import pandas as pd

#: Rows that are read at once, about; how much time that is is learnt as it goes.
_ROWS: Final = 50_000
_EVENT_TIME: Final = "event_time"


class WindowLog(Protocol):
    """What is asked of the prediction log."""

    def window(self, project: str, start: datetime, end: datetime) -> pd.DataFrame:
        """The predictions of a stretch of event time, in its order."""
        ...

    def start_of_last(self, project: str, before: datetime, rows: int) -> datetime | None:
        """The event time of the oldest of so many last predictions before a moment."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """A window: from its first moment, or so many of the last rows, to a moment that it does not hold.

    Args:
        start: The first moment; that of the partition, where rows are counted.
        end: The moment after the last.
        rows: So many of the last rows; None where all from the start on count.
    """

    start: datetime
    end: datetime
    rows: int | None = None


class LoggedWindows:
    """Reads windows in the order of their ends.

    Args:
        log: The prediction log.
        project: The project.
        until: The end of the last window that will be asked for: nothing after it is read.
    """

    def __init__(self, log: WindowLog, project: str, until: datetime) -> None:
        self._log = log
        self._project = project
        self._until = until
        self._frame = pd.DataFrame()
        self._times = np.empty(0, dtype="datetime64[us]")
        self._from: datetime | None = None
        self._to: datetime | None = None
        self._span: float = 0.0

    def read(self, bounds: Bounds) -> pd.DataFrame:
        """The rows of a window, in the order of time.

        Raises:
            StateError: The log cannot be read.
        """
        first = bounds.start
        if bounds.rows is not None:
            if self._to is None or self._to < bounds.end or self._before(bounds.end) < bounds.rows:
                oldest = self._log.start_of_last(self._project, bounds.end, bounds.rows)
                first = bounds.end if oldest is None else oldest
            else:
                first = self._from or bounds.start
        self._hold(min(first, bounds.end), bounds.end)
        end = self._before(bounds.end)
        if bounds.rows is not None:
            return self._cut(max(0, end - bounds.rows), end)
        return self._cut(self._before(bounds.start), end)

    def _before(self, moment: datetime) -> int:
        """How many of the rows at hand lie before a moment."""
        return int(np.searchsorted(self._times, np.datetime64(moment, "us"), side="left"))

    def _cut(self, start: int, end: int) -> pd.DataFrame:
        rows = self._frame.iloc[start:end]
        rows.index = pd.RangeIndex(len(rows))  # of this view; nothing is copied
        return rows

    def _hold(self, start: datetime, end: datetime) -> None:
        """See to it that the rows from a moment to another are at hand, and some after them."""
        if self._from is None or self._to is None or start < self._from or start > self._to:
            self._take(self._log.window(self._project, start, end), start, end)
            return
        if end <= self._to:
            return
        until = min(max(end, self._to + (end - self._to) * self._ahead(end)), max(end, self._until))
        new = self._log.window(self._project, self._to, until)
        kept = self._frame.iloc[self._before(start) :]
        both = new if kept.empty else kept if new.empty else pd.concat([kept, new], ignore_index=True)
        self._span = len(new) / max((until - self._to).total_seconds(), 1e-6)
        self._take(both, start, until)

    def _ahead(self, end: datetime) -> float:
        """So many times the stretch that is missing are read at once."""
        assert self._to is not None and self._from is not None  # noqa: PT018, S101 - the caller has seen to it
        rate = self._span or len(self._frame) / max((self._to - self._from).total_seconds(), 1e-6)
        rows = rate * (end - self._to).total_seconds()
        return max(1.0, _ROWS / max(rows, 1.0))

    def _take(self, frame: pd.DataFrame, start: datetime, end: datetime) -> None:
        self._frame, self._from, self._to = frame, start, end
        self._times = frame[_EVENT_TIME].to_numpy(dtype="datetime64[us]")


#: How a window of the log is read: its bounds to its rows.
Read = Callable[[Bounds], pd.DataFrame]
