"""Figures, times and names as people read them."""

from __future__ import annotations

import math
import re
from datetime import datetime
from numbers import Integral, Real
from typing import Any, Final

_LARGE: Final = 1e5
_LETTERS: Final = 300
_RUN: Final = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


def as_words(name: str) -> str:
    """A name of ours in words.

    >>> as_words("rolled_back")
    'rolled back'
    """
    return name.replace("_", " ").strip()


def figure(value: float) -> str:
    """A number with as many digits as matter.

    >>> figure(0.123456), figure(1234567.0), figure(float("nan")), figure(12.0), figure(0.9)
    ('0.123', '1,234,567', '', '12', '0.9')
    """
    if math.isnan(value):
        return ""
    if abs(value) >= _LARGE or value == int(value if math.isfinite(value) else 0):
        return f"{value:,.0f}"
    return f"{value:,.3g}"


def percent(share: float) -> str:
    """A share in percent, with a digit where it is small.

    >>> percent(0.25), percent(0.004), percent(0.0), percent(0.9996)
    ('25%', '0.4%', '0%', '99.96%')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    digits = 2 if share > 0.99 else 1 if share < 0.1 else 0  # noqa: PLR2004 - where digits begin to matter
    return f"{share:.{digits}%}"


def moment(at: datetime | None) -> str:
    """A moment to the minute.

    >>> moment(datetime(2026, 3, 1, 4, 5))
    '1 Mar 2026, 04:05'
    """
    return "" if at is None or at != at else f"{at.day} {at:%b %Y, %H:%M}"  # noqa: PLR0124 - NaT is not itself


def short_run(text: str) -> str:
    """A text with the ids of runs as the UI shows them.

    >>> short_run("drift, run 455a5361-23fd-4df6-a524-2cbffbd71592")
    'drift, run 455a5361'
    """
    return _RUN.sub(r"\1", text)


def is_true(value: Any) -> bool:  # noqa: ANN401 - whatever stands in a table
    """Whether a cell says yes; one that is missing, as in windows from before its column came, does not.

    >>> is_true(True), is_true(None), is_true(float("nan"))
    (True, False, False)
    """
    return value is not None and value == value and bool(value)  # noqa: PLR0124 - NaN is not itself


def shorten(text: str, letters: int) -> str:
    """A text that is not longer than some letters; its middle is left out, since names differ at both ends.

    >>> shorten("loan_amount_requested", 11)
    'loan_…ested'
    """
    if len(text) <= letters:
        return text
    head = (letters - 1) // 2
    return f"{text[:head]}…{text[len(text) - (letters - 1 - head) :]}"


def cell(value: Any) -> str:  # noqa: ANN401 - whatever stands in a table
    """A value of a table; what is missing is empty.

    >>> cell(True), cell(None), cell(3), cell(0.5), cell(["a", "b"])
    ('yes', '', '3', '0.5', 'a, b')
    """
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set) or type(value).__name__ == "ndarray":
        return ", ".join(cell(item) for item in value)
    if value is None or value != value:  # noqa: PLR0124 - NaN and NaT are not themselves
        return ""
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        return figure(float(value))
    if isinstance(value, datetime):
        return moment(value)
    text = str(value)
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"
