"""What one cell of a table means: which cells are missing, which category a cell names, which number it holds.

The law of a single cell, from which `columns` makes both the row path and the batch path.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time

import numpy as np
import pandas as pd

from ml_lifecycle.errors import DataError

#: The least magnitude that float32 rounds to infinity: halfway between its largest number and the next power of two.
FLOAT32_LIMIT = (2 - 2**-24) * 2.0**127

_NAN = math.nan
_DATE_LENGTH = len("2026-01-31")


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or pandas' NA, of whichever type.

    >>> [is_missing(value) for value in (None, float("nan"), pd.NA, pd.NaT, "", 0)]
    [True, True, True, True, False, False]
    """
    if value is None or value is pd.NA:
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - only NaN and NaT differ from themselves
    except (TypeError, ValueError):  # an array or a list-like compares cell by cell: it is something
        return False


def category_key(value: object) -> str | None:
    """Name the category of a cell, equally for values that a table may store in several ways; None where missing.

    A whole number is the same category as integer, as float (a column with gaps) and as its digits in text.

    >>> category_key(1), category_key(1.0), category_key("1"), category_key(1.5), category_key(True)
    ('1', '1', '1', '1.5', 'True')
    """
    if isinstance(value, str):
        return str.__str__(value)
    if is_missing(value):
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    return str(value)


def number_of(value: object) -> float:
    """Read a number; NaN where the cell is missing, infinite, or too large for float32.

    Raises:
        DataError: The cell holds something else, such as text; also text of digits, since a column that changed its
            type is for the schema to mend, not for the model to guess.

    >>> number_of(True), number_of(2), number_of(None)
    (1.0, 2.0, nan)
    """
    if type(value) is float:  # by far the most frequent; NaN compares as false
        return value if -FLOAT32_LIMIT < value < FLOAT32_LIMIT else _NAN
    if isinstance(value, int):
        return float(value) if -FLOAT32_LIMIT < value < FLOAT32_LIMIT else _NAN
    if is_missing(value):
        return _NAN
    if isinstance(value, str | bytes | date | np.datetime64 | np.timedelta64):
        raise _not(value, "a number")
    try:
        number = float(value)  # type: ignore[arg-type] # what has no float() is refused below
    except (TypeError, ValueError) as error:
        raise _not(value, "a number") from error
    return number if -FLOAT32_LIMIT < number < FLOAT32_LIMIT else _NAN


def moment_of(value: object) -> datetime | None:
    """Read a date or a time as a naive UTC datetime; None where missing.

    Text is read as ISO 8601. Times without a zone count as UTC.

    Raises:
        DataError: The cell is neither a date nor ISO 8601 text; a bare number could be seconds, days or a year.

    >>> moment_of("2026-01-31T23:30:00-02:00")
    datetime.datetime(2026, 2, 1, 1, 30)
    """
    if is_missing(value):
        return None
    if isinstance(value, str):
        moment = _parse(value)
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time())
    elif isinstance(value, np.datetime64):
        moment = pd.Timestamp(value)
    else:
        raise _not(value, "a date")
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:  # the first or last hours of the calendar
        raise _not(value, "a date within the calendar") from error


def _parse(text: str) -> datetime:
    # The plain forms go to the standard library, which is a hundred times faster than pandas on a single value.
    if text[4:5] == "-" and text[7:8] == "-" and text[_DATE_LENGTH : _DATE_LENGTH + 1] in ("", "T", " "):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    try:
        moment = pd.to_datetime(text, format="ISO8601", utc=True)
    except ValueError as error:
        raise _not(text, "an ISO 8601 date") from error
    if pd.isna(moment):
        raise _not(text, "an ISO 8601 date")
    return moment.to_pydatetime(warn=False)


def _not(value: object, wanted: str) -> DataError:
    return DataError(
        "a cell cannot be read",
        expected=f"{wanted}, as in the training rows",
        got=f"{value!r:.80} ({type(value).__name__})",
        advice="mend the value or coerce the column in the schema",
    )
