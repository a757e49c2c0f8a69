"""Predictions per window by version, stacked; below them, rows that got an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from ml_lifecycle.monitoring.dashboard.charts.svg import Plane, Scale, picture, tag, together

#: The colour of versions that were in production long ago.
OLDER: Final = 4
_GAP: Final = 0.18
_ERROR_HEIGHT: Final = 18.0


def draw_traffic(
    plane: Plane,
    rows: Mapping[str, Mapping[int, int]],
    failures: Mapping[int, int],
    *,
    colours: Mapping[str, int],
    tips: Mapping[int, str],
    kind: str,
) -> Markup:
    """Draw the chart.

    Args:
        plane: What it is drawn on.
        rows: Predictions by version, and by the window's place.
        failures: Rows that got an error, by the window's place.
        colours: The colour of each version, see `colours_of`.
        tips: What is said of each window.
        kind: `wide` or `narrow`.
    """
    totals = [sum(one.get(place, 0) for one in rows.values()) for place in range(len(plane.windows))]
    scale = Scale.over(totals, plane, from_zero=True)
    heights = [0.0] * len(plane.windows)
    bars = []
    for version, counts in rows.items():
        for place, count in sorted(counts.items()):
            top, base = scale.y(heights[place] + count), scale.y(heights[place])
            bars.append(_bar(plane, place, top, base - top, f"mark s{colours[version]}"))
            heights[place] += count
    said = f"Predictions per window by version: {sum(totals):,} in {len(plane.windows)} windows"
    parts = (scale.grid(_count), together(bars), _errors(plane, failures), plane.axis(), plane.hover(tips))
    return picture(plane, *parts, label=said, kind=kind)


def colours_of(champions: Sequence[str], others: Sequence[str]) -> dict[str, int]:
    """A colour for each version.

    Args:
        champions: Those that are or were in production, the newest first; all but two share a colour.
        others: Those that answered beside them, the newest first; all but one share a colour.

    >>> colours_of(["3", "2", "1", "0"], ["4 (canary)"])
    {'3': 0, '2': 1, '1': 4, '0': 4, '4 (canary)': 2}
    """
    plain = {name: number if number < 2 else OLDER for number, name in enumerate(champions)}  # noqa: PLR2004 - as said above
    return plain | {name: 2 + min(number, 1) for number, name in enumerate(others)}


def _bar(plane: Plane, place: int, top: float, height: float, kind: str) -> Markup:
    width = max(plane.band * (1 - _GAP), 0.8)
    return tag("rect", x=plane.x(place) - width / 2, y=top, width=width, height=max(height, 0.0), class_=kind)


def _errors(plane: Plane, failures: Mapping[int, int]) -> Markup:
    """Errors hang from the top, in red: they are few beside the predictions, so they have a scale of their own."""
    most = max(failures.values(), default=0)
    if not most:
        return Markup("")
    bars = [
        _bar(plane, place, plane.top, max(2.0, _ERROR_HEIGHT * count / most), "mark error")
        for place, count in sorted(failures.items())
        if count
    ]
    return together(bars)


def _count(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:,.0f}"  # noqa: PLR2004 - where zeros begin to be noise
