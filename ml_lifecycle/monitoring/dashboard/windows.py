"""Windows as an axis: which of their names are written below a chart, and how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

_DAY, _HOUR = "%Y-%m-%d", "%Y-%m-%d-%H:%M"
_FORMS: Final = (_DAY, _HOUR)


def window_name(window: str) -> str:
    """A window in words, whole.

    >>> window_name("2026-03-01"), window_name("2026-03-01-04:00"), window_name("batch 7")
    ('1 Mar 2026', '1 Mar 2026, 04:00', 'batch 7')
    """
    at, form = _parse(window)
    if at is None:
        return window
    return f"{at.day} {at:%b %Y}" if form == _DAY else f"{at.day} {at:%b %Y, %H:%M}"


def axis_labels(windows: Sequence[str], most: int) -> dict[int, str]:
    """Which places of an axis are labelled, evenly spaced from the newest backwards, and with what.

    >>> axis_labels(["2026-03-01", "2026-03-02", "2026-03-03"], 2)
    {0: '1 Mar', 2: '3 Mar'}
    """
    count = len(windows)
    if count == 0:
        return {}
    step = max(1, -(-(count - 1) // max(1, most - 1)))
    places = sorted(range(count - 1, -1, -step))
    return {place: _short(windows[place]) for place in places}


def _short(window: str) -> str:
    at, form = _parse(window)
    if at is None:
        return window[-8:]
    return f"{at.day} {at:%b}" if form == _DAY else f"{at.day} {at:%b %H:%M}"


def _parse(window: str) -> tuple[datetime | None, str]:
    for form in _FORMS:
        try:
            return datetime.strptime(window, form), form  # noqa: DTZ007 - only read, never compared with a clock
        except ValueError:
            continue
    return None, ""
