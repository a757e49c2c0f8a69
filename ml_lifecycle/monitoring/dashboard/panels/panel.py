"""`Panel`: a part of the page as the template wants it: charts, what they mean, and the tables behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
from markupsafe import Markup

from ml_lifecycle.monitoring.dashboard.charts.svg import Plane
from ml_lifecycle.monitoring.dashboard.words import as_words, cell

#: Rows of a table that the page shows.
MOST_ROWS: Final = 400
#: The sizes that a chart is drawn in: of a wide page beside its heading, and of a phone.
WIDE, NARROW = "wide", "narrow"


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text.

    Args:
        title: What it holds, as its fold says.
        header: Names of the columns.
        rows: Cells as text.
        numeric: Which columns are numbers.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]

    @classmethod
    def of(cls, title: str, frame: pd.DataFrame) -> Table:
        """A frame as a table; its newest rows where it has too many."""
        shown = frame.tail(MOST_ROWS)
        columns = [shown.iloc[:, place] for place in range(shown.shape[1])]
        numeric = [pd.api.types.is_numeric_dtype(column) and column.dtype != bool for column in columns]
        rows = [[cell(value) for value in row] for row in zip(*(column.tolist() for column in columns), strict=True)]
        return cls(title, [as_words(str(name)) for name in shown.columns], rows, numeric)


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: how the mark looks (a class of the style sheet), and what it means."""

    look: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart in both sizes.

    Args:
        title: What it shows; empty where the panel's own title says it.
        wide: For a wide page.
        narrow: For a phone.
        now: The newest value in words.
        bad: Whether the newest value is beyond its limit.
    """

    title: str
    wide: Markup
    narrow: Markup
    now: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page.

    Args:
        key: Its name in addresses.
        title: Its heading.
        text: What it says, in a sentence.
        figures: Its charts.
        legend: What their marks mean.
        tables: The tables behind the charts.
        shape: `plot` (beside its heading), `broad` (below it), or `several` (small charts beside each other).
    """

    key: str
    title: str
    text: str
    figures: Sequence[Figure] = ()
    legend: Sequence[Key] = ()
    tables: Sequence[Table] = field(default=())
    shape: str = "plot"


def both_sizes(windows: Sequence[str], draw: Callable[[Plane, str], Markup], *, height: float = 210) -> Figure:
    """A chart beside its heading, and the same for a phone."""
    wide = Plane(windows, 900, height, right=92)
    narrow = Plane(windows, 340, height, left=40, right=36, labels=4)
    return Figure("", draw(wide, WIDE), draw(narrow, NARROW))


def small(
    windows: Sequence[str], draw: Callable[[Plane, str], Markup], *, title: str, now: str = "", bad: bool = False
) -> Figure:
    """A small chart, which is as wide on a phone as on a page."""
    drawn = draw(Plane(windows, 340, 130, left=44, right=8, labels=4), "small")
    return Figure(title, drawn, Markup(""), now, bad)


def places_of(windows: Sequence[str]) -> Mapping[str, int]:
    """The place of each window on the axis."""
    return {window: place for place, window in enumerate(windows)}


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as plain mappings."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
