"""Lines over windows with a limit: prediction drift, latency, volume, and whatever else is one number per window."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ml_lifecycle.monitoring.dashboard.charts.svg import Plane, Scale, picture, tag, together
from ml_lifecycle.monitoring.dashboard.words import figure


@dataclass(frozen=True, slots=True)
class Line:
    """One number over time.

    Args:
        name: What it is.
        points: Its values by the window's place.
        flagged: Places whose value is beyond its limit.
        colour: Which colour of the page it has.
    """

    name: str
    points: Mapping[int, float]
    flagged: frozenset[int] = frozenset()
    colour: int = 0


def draw_lines(
    plane: Plane,
    lines: Sequence[Line],
    *,
    label: str,
    tips: Mapping[int, str],
    kind: str,
    limit: float = math.nan,
    changes: Mapping[int, str] | None = None,
    write: Callable[[float], str] = figure,
) -> Markup:
    """Draw lines from zero, and their common limit where there is one."""
    values = [value for line in lines for value in line.points.values()]
    scale = Scale.over([*values, *([limit] if math.isfinite(limit) else [])], plane, from_zero=min(values) >= 0)
    parts = [scale.grid(write)]
    if math.isfinite(limit):
        parts.append(scale.level(limit, "tolerated", "limit" if kind == "wide" else ""))
    parts.append(plane.changes(changes or {}))
    parts += [_line(plane, scale, line) for line in lines]
    return picture(plane, *parts, plane.axis(), plane.hover(tips), label=label, kind=kind)


def _line(plane: Plane, scale: Scale, line: Line) -> Markup:
    """A line with its points; it breaks where a window is missing."""
    places = sorted(place for place, value in line.points.items() if math.isfinite(value))
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    threads = [
        tag(
            "polyline",
            points=" ".join(_point(plane, scale, line, place) for place in run),
            class_=f"line l{line.colour}",
        )
        for run in runs
        if len(run) > 1
    ]
    return together((*threads, together(_dot(plane, scale, line, place) for place in places)))


def _point(plane: Plane, scale: Scale, line: Line, place: int) -> str:
    return f"{plane.x(place):.1f},{scale.y(line.points[place]):.1f}"


def _dot(plane: Plane, scale: Scale, line: Line, place: int) -> Markup:
    flagged = place in line.flagged
    size = min(3.5, max(1.4, plane.band * 0.25)) * (1.3 if flagged else 1.0)
    kind = "mark dot lost" if flagged else f"mark point l{line.colour}"
    return tag("circle", cx=plane.x(place), cy=scale.y(line.points[place]), r=size, class_=kind)
