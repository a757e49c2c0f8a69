"""Whether a text is a cron expression that a schedule can have: five fields, or `@daily` and its like.

What runs by it lives in `orchestration/schedules`.
"""

from __future__ import annotations

import re
from typing import Final

_NICKNAMES: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
#: Name, smallest and largest number of each field, and the names that stand for numbers from the smallest on.
_FIELDS: Final[tuple[tuple[str, int, int, tuple[str, ...]], ...]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
#: The longest month, by month.
_LENGTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
#: What stands for a day by its place in the month: the last one, the second Monday, the last Friday.
_PLACES: Final = {"day of the month": re.compile(r"l"), "day of the week": re.compile(r"(?:l[0-7]|\w+#[1-5])")}
_ITEM: Final = re.compile(r"(?P<span>[*?]|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


def find_cron_fault(text: str) -> str:
    """What is wrong with a cron expression; empty where nothing is.

    >>> find_cron_fault("15 0 * * mon-fri")
    ''
    >>> find_cron_fault("0 24 * * *")
    "the hour '24'"
    """
    fields = text.lower().split()
    if len(fields) == 1 and fields[0] in _NICKNAMES:
        return ""
    if len(fields) != len(_FIELDS):
        return f"{len(fields)} fields"
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        place = _PLACES.get(name)
        items = [item for item in field.split(",") if place is None or not place.fullmatch(item)]
        if not all(_is_item(item, low, high, names) for item in items):
            return f"the {name} {field!r}"
    return _find_day_that_never_comes(fields[2], fields[3])


def _is_item(item: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    match = _ITEM.fullmatch(item)
    if match is None or (match["step"] is not None and int(match["step"]) == 0):
        return False
    if match["span"] in {"*", "?"}:
        return True
    ends = [_number(end, low, names) for end in (match["first"], match["last"]) if end is not None]
    return all(end is not None and low <= end <= high for end in ends)  # a range may go past the end: fri-mon


def _number(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return low + names.index(text)
    return int(text) if text.isdecimal() else None


def _find_day_that_never_comes(day: str, month: str) -> str:
    """Such as 30 February; only where both are a single number or name."""
    number = _number(month, 1, _MONTHS)
    never = day.isdecimal() and number is not None and int(day) > _LENGTHS[number - 1]
    return f"the day {day} of month {month}, which never comes" if never else ""
