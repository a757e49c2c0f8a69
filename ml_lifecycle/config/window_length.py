"""How long a monitoring window is, as the YAML says it: in partitions, in time, or in rows.

Which rows that makes of the prediction log is the knowledge of `serving/logged_windows`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

#: Length of a monitoring partition.
Cadence: TypeAlias = Literal["daily", "hourly"]

_SAID: Final = re.compile(r"\s*(\d+)\s*(partitions?|days?|hours?|rows?)?\s*", re.IGNORECASE)
_EXPECTED: Final = 'a number of partitions such as 7, or "7 days", "24 hours" or "1000 rows"'
_PARTITION: Final[dict[Cadence, timedelta]] = {"daily": timedelta(days=1), "hourly": timedelta(hours=1)}
_UNITS: Final = {"day": timedelta(days=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class WindowLength:
    """The rows that are judged together.

    Args:
        time: The stretch of time that ends with the partition; None where rows are counted.
        rows: So many of the last rows up to the end of the partition; None where time counts.
    """

    time: timedelta | None = None
    rows: int | None = None


def read_window_length(said: int | str, cadence: Cadence) -> WindowLength:
    """Understand `monitoring.window`.

    Args:
        said: As it stands in the YAML.
        cadence: How long a partition is.

    Raises:
        ValueError: It is no length, or shorter than a partition, so that rows would be in no window.

    >>> read_window_length("24 hours", "hourly").time
    datetime.timedelta(days=1)
    >>> read_window_length("1000 rows", "daily").rows
    1000
    >>> read_window_length("6 hours", "daily")
    Traceback (most recent call last):
    ...
    ValueError: expected a window of at least one partition (1 day, 0:00:00), got '6 hours'
    """
    match = _SAID.fullmatch(str(said))
    number = int(match[1]) if match else 0
    if match is None or number < 1:
        msg = f"expected {_EXPECTED}, got {said!r}"
        raise ValueError(msg)
    unit = (match[2] or "partition").lower().removesuffix("s")
    if unit == "row":
        return WindowLength(rows=number)
    partition = _PARTITION[cadence]
    try:
        time = number * (partition if unit == "partition" else _UNITS[unit])
    except OverflowError:
        time = timedelta.max
    if time < partition:
        msg = f"expected a window of at least one partition ({partition}), got {said!r}"
        raise ValueError(msg)
    if time > _LONGEST:
        msg = f"expected a window of at most {_LONGEST.days} days, got {said!r}"
        raise ValueError(msg)
    return WindowLength(time=time)


#: Longer ones would begin before the times that databases know.
_LONGEST: Final = timedelta(days=3_660)
