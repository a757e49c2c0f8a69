"""The metric per window with its interval: filled where measured, hollow where estimated, against what is tolerated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ml_lifecycle.monitoring.dashboard.charts.svg import Plane, Scale, picture, tag, together
from ml_lifecycle.monitoring.dashboard.words import figure

#: Margins wider than this have room for words beside a figure.
_ROOM: Final = 60


@dataclass(frozen=True, slots=True)
class Judged:
    """A window's performance.

    Args:
        place: Its place on the axis.
        value: The metric.
        low: Lower end of its interval.
        high: Upper end.
        reference: The metric on the test split.
        tolerated: The worst value that is accepted.
        estimated: Whether it was estimated without outcomes.
        lost: Whether performance is lost.
        version: The version that it is about.
        guess: What was estimated before the outcomes were known; NaN if nothing was.
    """

    place: int
    value: float
    low: float
    high: float
    reference: float
    tolerated: float
    estimated: bool
    lost: bool
    version: str
    guess: float = math.nan


def draw_performance(
    plane: Plane,
    judged: Sequence[Judged],
    *,
    metric: str,
    changes: Mapping[int, str],
    tips: Mapping[int, str],
    kind: str,
) -> Markup:
    """Draw the chart; windows that could not be judged are left empty.

    Args:
        plane: What it is drawn on.
        judged: The windows, oldest first.
        metric: What was measured.
        changes: Where another version takes over, see `Plane.changes`.
        tips: What is said of each window.
        kind: `wide` or `narrow`.
    """
    values = [
        value for one in judged for value in (one.value, one.low, one.high, one.reference, one.tolerated, one.guess)
    ]
    scale = Scale.over(values, plane)
    spans = _spans(judged)
    parts = [
        scale.grid(figure),
        together(_span(plane, scale, span, named=number == len(spans) - 1) for number, span in enumerate(spans)),
        plane.changes(changes),
        together(_line(plane, scale, span) for span in spans),
        together(_mark(plane, scale, one) for one in judged),
        plane.axis(),
        plane.hover(tips),
    ]
    last = judged[-1]
    said = f"{metric} per window with intervals; last: {figure(last.value)}, tolerated: {figure(last.tolerated)}"
    return picture(plane, *parts, label=said, kind=kind)


def _spans(judged: Sequence[Judged]) -> list[list[Judged]]:
    """Stretches of windows that are about one version."""
    spans: list[list[Judged]] = []
    for one in judged:
        if spans and spans[-1][-1].version == one.version:
            spans[-1].append(one)
        else:
            spans.append([one])
    return spans


def _span(plane: Plane, scale: Scale, span: Sequence[Judged], *, named: bool) -> Markup:
    """The test value and the tolerated line of a version, over its own windows; the last ones are named beside it."""
    begin, end = plane.x(span[0].place - 0.5), plane.x(span[-1].place + 0.5)
    drawn = []
    for kind, text in (("reference", "test"), ("tolerated", "tolerated")):
        value = getattr(span[-1], kind)
        if not math.isfinite(value):
            continue
        at = scale.y(value)
        drawn.append(tag("line", x1=begin, x2=end, y1=at, y2=at, class_=f"level {kind}"))
        if named:
            words = f"{text} {figure(value)}" if plane.right > _ROOM else figure(value)
            drawn.append(tag("text", words, x=end + 6, y=at + 4, class_=f"name {kind}"))
    return together(drawn)


def _line(plane: Plane, scale: Scale, span: Sequence[Judged]) -> Markup:
    points = " ".join(f"{plane.x(one.place):.1f},{scale.y(one.value):.1f}" for one in span)
    return tag("polyline", points=points, class_="thread")


def _mark(plane: Plane, scale: Scale, one: Judged) -> Markup:
    """The interval, and the value: a circle, or a diamond where performance is lost."""
    x, y = plane.x(one.place), scale.y(one.value)
    state = " lost" if one.lost else ""
    hollow = " hollow" if one.estimated else ""
    size = min(4.5, max(1.8, plane.band * 0.32))
    guess = Markup("")
    if math.isfinite(one.guess):
        guess = tag("circle", cx=x, cy=scale.y(one.guess), r=size * 0.8, class_="dot hollow guess")
    whisker = tag("line", x1=x, x2=x, y1=scale.y(one.low), y2=scale.y(one.high), class_=f"whisker{state}")
    if one.lost:
        size *= 1.3
        corners = f"{x:.1f},{y - size:.1f} {x + size:.1f},{y:.1f} {x:.1f},{y + size:.1f} {x - size:.1f},{y:.1f}"
        return together((whisker, guess, tag("polygon", points=corners, class_=f"mark dot{state}{hollow}")))
    return together((whisker, guess, tag("circle", cx=x, cy=y, r=size, class_=f"mark dot{hollow}")))
