"""Values that look like codes for "missing": ?, unknown, 999, -1, a zero that stands apart, 1900-01-01."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent, as_rows
from ml_lifecycle.discovery.audit.table import Table
from ml_lifecycle.discovery.audit.values import names_rows, shorten

_CODE_TEXTS: Final = frozenset(
    {
        *(
            "",
            "?",
            "??",
            "-",
            "--",
            "---",
            ".",
            "..",
            "*",
            "#",
            "n.a.",
            "n.a",
            "n/a",
            "na",
            "nan",
            "nil",
            "null",
            "none",
        ),
        *(
            "#n/a",
            "#na",
            "#ref!",
            "#value!",
            "#div/0!",
            "unknown",
            "unk",
            "unkown",
            "not known",
            "missing",
            "not available",
        ),
        *(
            "not applicable",
            "not specified",
            "unspecified",
            "undefined",
            "undef",
            "tbd",
            "tba",
            "to be determined",
            "xxx",
        ),
        *(
            "dummy",
            "no data",
            "nodata",
            "no value",
            "no answer",
            "not stated",
            "not provided",
            "refused",
            "<na>",
            "(null)",
        ),
        *("unbekannt", "keine angabe", "k.a.", "k. a.", "inconnu", "non renseigné", "desconocido", "sconosciuto"),
    }
)
"""What people write instead of nothing, without regard to case and blanks."""

_WORDS_OF_NOTHING: Final = frozenset({"", "-", "none", "na", ".", "*", "#", "dummy"})
"""Texts that mean something where they are frequent ("none" of several kinds), so they are only noted."""

_CODE_NUMBER = re.compile(r"-?(9{2,}|8{3,}|7{3,})(\.9+)?|-[19]|-?1e\+?(9|10|1\d|2\d|3\d)")
_DEFAULT_DAYS: Final = (
    "1899-12-30",
    "1899-12-31",
    "1900-01-01",
    "1970-01-01",
    "1753-01-01",
    "2099-12-31",
    "9999-12-31",
)
_LEAST_DIFFERENT = 10  # in a short scale such as -1, 0, 1 every step means something
_APART = 0.5  # a number is apart when its gap to the rest is this part of the rest's span
_SPIKE = 20.0  # or when it has so many times the rows of its neighbours
_ZERO_STEPS = 5.0  # a zero is apart when the next number is so many usual steps away
_ZERO_SHARE = 0.5  # where most rows are zero, zero is the normal case
_NEAR = 10  # neighbours that say what a usual step is


def find_codes(column: Column, table: Table) -> Iterator[Finding]:
    """Values that may stand for "missing" and are not declared as such."""
    if column.name in {table.roles.id, table.roles.target} or names_rows(column, table):
        return
    for value, rows, why, severity in _suspects(column, table):
        shown = shorten(value)
        if table.roles.declares(column.name, shown.strip("'")) or table.roles.declares(column.name, str(value)):
            continue
        share = rows / max(column.present + sum(column.odd.values()), 1)
        yield Finding(
            "missing_code",
            (column.name,),
            severity,
            f"{shown} in {column.name} ({as_rows(rows)}, {as_percent(share)}) may stand for missing: {why}.",
            f"if it does, declare it under dataset.cleaning.missing_values: {{{column.name}: [{shown}]}}",
            {"value": shown, "rows": rows, "share": share},
        )


_Suspect = tuple[Any, int, str, FindingSeverity]


def _suspects(column: Column, table: Table) -> Iterator[_Suspect]:
    for text, rows in column.odd.items():
        if is_code_text(text):
            kind = "times" if column.is_time else "numbers"
            yield text, rows, f"all else are {kind}", FindingSeverity.WARNING
    if column.is_text:
        yield from _text_codes(column)
    elif column.is_time:
        yield from _default_days(column)
    elif column.is_number and column.different >= _LEAST_DIFFERENT and column.name not in table.roles.keys:
        yield from _number_codes(column)


def is_code_text(text: str) -> bool:
    """Whether a text is what people write instead of nothing.

    >>> is_code_text(" Unknown "), is_code_text("cook")
    (True, False)
    """
    return text.strip().casefold() in _CODE_TEXTS


def _text_codes(column: Column) -> Iterator[_Suspect]:
    for value, count in zip(*column.levels, strict=True):
        if is_code_text(value) and value not in column.odd:
            plain = value.strip().casefold()
            mild = plain in _WORDS_OF_NOTHING and plain != ""
            why = "the cell is empty text" if plain == "" else "it says so"
            yield value, int(count), why, FindingSeverity.NOTE if mild else FindingSeverity.WARNING


def _default_days(column: Column) -> Iterator[_Suspect]:
    values, counts = column.levels
    days = pd.DatetimeIndex(values).normalize()
    for day in _DEFAULT_DAYS:
        hits = days == pd.Timestamp(day) if int(day[:4]) < 2262 else np.zeros(len(days), dtype=bool)  # noqa: PLR2004 - the last year of nanoseconds
        if hits.any() and not hits.all() and _is_far(pd.DatetimeIndex(values[~hits]), pd.Timestamp(day)):
            yield np.datetime64(day), int(counts[hits].sum()), "programs write it for no date", FindingSeverity.WARNING


def _is_far(others: pd.DatetimeIndex, day: pd.Timestamp) -> bool:
    """Whether a day lies outside the others by a year at least."""
    year = pd.Timedelta(days=365)
    return bool(day < others.min() - year or day > others.max() + year)


def _number_codes(column: Column) -> Iterator[_Suspect]:
    values, counts = column.levels
    numbers = values.astype(np.float64)
    for place in _candidates(numbers):
        why = _why_apart(numbers, counts, place)
        if why:
            severity = FindingSeverity.NOTE if why.startswith("it has") else FindingSeverity.WARNING
            yield numbers[place], int(counts[place]), why, severity
    why = _why_zero(numbers, counts)
    if why:
        place = int(np.searchsorted(numbers, 0.0))
        yield 0.0, int(counts[place]), why, FindingSeverity.NOTE


def _candidates(numbers: npt.NDArray[np.float64]) -> list[int]:
    """Places of numbers that are written as codes are, at the ends and among repeated nines."""
    ends = {0, 1, len(numbers) - 2, len(numbers) - 1}
    nines = [number for digits in range(2, 7) for number in (10.0**digits - 1, 1 - 10.0**digits)]
    places = np.searchsorted(numbers, nines)
    inside = {
        int(place) for place, nine in zip(places, nines, strict=True) if place < len(numbers) and numbers[place] == nine
    }
    return sorted(place for place in ends | inside if _CODE_NUMBER.fullmatch(_written(numbers[place])))


def _written(number: float) -> str:
    return f"{number:.0f}" if float(number).is_integer() and abs(number) < 1e9 else f"{number:g}"  # noqa: PLR2004 - longer ones are read as powers of ten


def _why_apart(numbers: npt.NDArray[np.float64], counts: npt.NDArray[np.intp], place: int) -> str:
    """Why a number that is written as codes are is none of the others' kind; empty where it is."""
    rest, at_end = np.delete(numbers, place), place in {0, len(numbers) - 1}
    number = numbers[place]
    if counts[place] < 2:  # noqa: PLR2004 - a code comes back
        return ""
    usual = (
        rest[~np.isin(rest, [-number, -1.0, *(number * 10.0**shift for shift in (-2, -1, 1, 2))])] if at_end else rest
    )
    span = float(rest[-1] - rest[0])
    if at_end and span > 0 and float(np.abs(usual - number).min(initial=np.inf)) >= _APART * span:
        return f"all others lie between {rest[0]:g} and {rest[-1]:g}"
    if number < 0 and place == 0 and rest[0] >= 0:
        return "it is the only number below zero"
    near = counts[max(0, place - 3) : place + 4]
    others = (near.sum() - counts[place]) / max(len(near) - 1, 1)
    if abs(number) >= 99 and counts[place] >= _SPIKE * max(others, 1.0):  # noqa: PLR2004 - shorter codes are counts
        return f"it has {counts[place] / others:.0f} times the rows of its neighbours"
    return ""


def _why_zero(numbers: npt.NDArray[np.float64], counts: npt.NDArray[np.intp]) -> str:
    """Why a zero is no measurement: the next number is far, and zero is more frequent than it, yet not the rule."""
    if numbers[0] != 0 or counts[0] > _ZERO_SHARE * counts.sum() or len(numbers) < 2 * _NEAR:
        return ""
    steps = np.diff(numbers[1 : 2 + _NEAR])
    step = float(np.median(steps))
    if counts[0] < 3 * np.median(counts[1 : 1 + _NEAR]) or numbers[1] < _ZERO_STEPS * step:
        return ""
    return f"the next number is {numbers[1]:g}, and between numbers there is about {step:g}"
