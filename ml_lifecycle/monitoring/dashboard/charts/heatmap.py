"""Drift over time: a row per feature, a cell per window, its shade by how near the value is to its limit.

What has drifted is a dot as well as a colour, so that nobody has to tell shades apart.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ml_lifecycle.monitoring.dashboard.charts.svg import Plane, picture, tag, together
from ml_lifecycle.monitoring.dashboard.words import shorten

#: Shares of the limit at which another shade begins; the first shade lies below all of them, 1 is the limit itself.
SHADES: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.5)
#: Height of a row.
ROW_HEIGHT: Final = 22.0
_PADDING: Final = 1.0
_LETTER_WIDTH: Final = 8.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A feature in a window.

    Args:
        ratio: Its value as a share of its limit.
        drifted: Whether it has drifted.
        tip: What is said of it.
    """

    ratio: float
    drifted: bool
    tip: str


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A feature over time.

    Args:
        feature: Its name.
        cells: By the window's place; windows without it are absent.
        now: Its newest ratio, as it is written at the end of the row.
        drifted: Whether it has drifted in the newest window.
    """

    feature: str
    cells: Mapping[int, Cell]
    now: str
    drifted: bool


def draw_heatmap(plane: Plane, rows: Sequence[FeatureRow], *, changes: Mapping[int, str], kind: str) -> Markup:
    """Draw the chart; the plane is as high as `height_for` says. `changes`: see `Plane.changes`."""
    drifted = sum(row.drifted for row in rows)
    said = f"Drift of {len(rows)} features over {len(plane.windows)} windows; drifted in the newest: {drifted}"
    cells = together(_row(plane, number, row) for number, row in enumerate(rows))
    return picture(plane, cells, plane.changes(changes), plane.axis(), label=said, kind=kind)


def height_for(rows: int, plane: Plane) -> float:
    """How high a plane must be."""
    return plane.top + plane.bottom + rows * ROW_HEIGHT


def shade(ratio: float) -> int:
    """The number of a shade.

    >>> shade(0.1), shade(0.99), shade(1.01), shade(9.0)
    (0, 3, 4, 6)
    """
    return bisect_right(SHADES, ratio)


def _row(plane: Plane, number: int, row: FeatureRow) -> Markup:
    top = plane.top + number * ROW_HEIGHT
    middle = top + ROW_HEIGHT / 2
    name = shorten(row.feature, max(6, int((plane.left - 14) / _LETTER_WIDTH)))
    mark = " drifted" if row.drifted else ""
    return together((
        tag("text", name, x=plane.left - 10, y=middle + 4, class_=f"feature{mark}", text_anchor="end"),
        together(_cell(plane, place, top, cell) for place, cell in sorted(row.cells.items())),
        tag("text", row.now, x=plane.width - plane.right + 8, y=middle + 4, class_=f"now{mark}"),
    ))  # fmt: skip


def _cell(plane: Plane, place: int, top: float, cell: Cell) -> Markup:
    width = max(plane.band - _PADDING, 0.8)
    x, y, height = plane.x(place) - width / 2, top + _PADDING, ROW_HEIGHT - 2 * _PADDING
    kind = "unknown" if math.isnan(cell.ratio) else f"h{shade(cell.ratio)}"
    box = tag("rect", x=x, y=y, width=width, height=height, rx=2, class_=f"mark cell {kind}", data_tip=cell.tip)
    if not cell.drifted:
        return box
    size = min(3.0, max(1.2, plane.band * 0.2))
    return together((box, tag("circle", cx=plane.x(place), cy=top + ROW_HEIGHT / 2, r=size, class_="flag")))
