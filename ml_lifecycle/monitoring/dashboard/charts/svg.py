"""SVG elements with everything escaped, and the plane that a chart is drawn on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from ml_lifecycle.monitoring.dashboard.windows import axis_labels

#: Beyond this share of the axis, names stand to the left of what they name.
_LATE: Final = 0.6


def tag(name: str, *children: str, **attributes: object) -> Markup:
    """An element; text and attributes are escaped, elements are taken as they are.

    >>> str(tag("text", "a < b", x=1.25, class_="tick"))
    '<text x="1.2" class="tick">a &lt; b</text>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(str(escape(child)) for child in children)
    return Markup(f"<{name}{told}>{inner}</{name}>")  # noqa: S704 - every part of it is escaped above


def _plain(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def together(parts: Iterable[str]) -> Markup:
    """Elements one after another."""
    return Markup("").join(parts)


@dataclass(frozen=True, slots=True)
class Plane:
    """Where a chart is drawn: its size, its margins, and the windows along its axis, in units of the SVG.

    Args:
        windows: The windows from left to right.
        width: Of the whole.
        height: Of the whole.
        left: Margin for names of values.
        right: Margin.
        top: Margin.
        bottom: Margin for names of windows.
        labels: Most windows that are named.
    """

    windows: Sequence[str]
    width: float
    height: float
    left: float = 48
    right: float = 12
    top: float = 20
    bottom: float = 26
    labels: int = 8

    @property
    def band(self) -> float:
        """Width of a window."""
        return (self.width - self.left - self.right) / max(1, len(self.windows))

    @property
    def floor(self) -> float:
        """The lower end of the plane."""
        return self.height - self.bottom

    def x(self, place: float) -> float:
        """The middle of a window."""
        return self.left + self.band * (place + 0.5)

    def axis(self) -> Markup:
        """Names of windows below the plane; the last one ends where the plane ends."""
        named = axis_labels(self.windows, self.labels)
        last, edge = len(self.windows) - 1, self.width - self.right
        return together(
            tag("text", text, x=edge, y=self.height - 6, class_="tick", text_anchor="end")
            if place == last and last > 0
            else tag("text", text, x=self.x(place), y=self.height - 6, class_="tick", text_anchor="middle")
            for place, text in named.items()
        )

    def changes(self, versions: Mapping[int, str]) -> Markup:
        """Lines where another version takes over, with its name; `versions` by the place of its first window."""
        return together(
            together((
                tag("line", x1=self.x(at - 0.5), x2=self.x(at - 0.5), y1=self.top, y2=self.floor, class_="change"),
                self._named(at, f"version {name}"),
            ))
            for at, name in versions.items()
        )  # fmt: skip

    def _named(self, at: int, text: str) -> Markup:
        """The name of a change, above the plane and on the side where there is room."""
        late = at > len(self.windows) * _LATE
        x, anchor = self.x(at - 0.5), "end" if late else "start"
        return tag("text", text, x=x + (-3 if late else 3), y=self.top - 7, class_="name changed", text_anchor=anchor)

    def hover(self, tips: Mapping[int, str]) -> Markup:
        """What is said of a window when one points at it: a rectangle that is not seen over its whole height."""
        return together(
            tag(
                "rect",
                x=self.left + self.band * place,
                y=self.top,
                width=max(self.band, 1.0),
                height=self.floor - self.top,
                class_="hit",
                data_tip=tip,
            )
            for place, tip in tips.items()
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """Values as heights on a plane.

    Args:
        low: The value at the plane's floor.
        high: The value at its top.
        step: From one named value to the next.
        plane: The plane.
    """

    low: float
    high: float
    step: float
    plane: Plane

    @classmethod
    def over(cls, values: Iterable[float], plane: Plane, *, from_zero: bool = False) -> Scale:
        """A scale that holds all values, with round ends."""
        known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = (0.0 if from_zero else min(known)), max(known)
        if high <= low:
            high = low + (abs(low) * 0.1 or 1.0)
        step = _step(high - low, 4)
        return cls(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step, plane)

    def y(self, value: float) -> float:
        """The height of a value; what lies outside is drawn at the edge."""
        inside = min(max(value, self.low), self.high)
        return self.plane.floor - (inside - self.low) / (self.high - self.low) * (self.plane.floor - self.plane.top)

    def ticks(self) -> list[float]:
        """Round values from the floor to the top."""
        return [self.low + self.step * number for number in range(round((self.high - self.low) / self.step) + 1)]

    def grid(self, write: Callable[[float], str]) -> Markup:
        """Lines at round values, with their names."""
        plane = self.plane
        return together(
            together((
                tag("line", x1=plane.left, x2=plane.width - plane.right, y1=self.y(at), y2=self.y(at), class_="grid"),
                tag("text", write(at), x=plane.left - 7, y=self.y(at) + 4, class_="tick", text_anchor="end"),
            ))
            for at in self.ticks()
        )  # fmt: skip

    def level(self, value: float, kind: str, text: str = "") -> Markup:
        """A line across the plane at a value."""
        plane, at = self.plane, self.y(value)
        end = plane.width - plane.right
        line = tag("line", x1=plane.left, x2=end, y1=at, y2=at, class_=f"level {kind}")
        return together((line, tag("text", text, x=end + 6, y=at + 4, class_=f"name {kind}"))) if text else line


def _step(span: float, most: int) -> float:
    """A round step that makes at most `most` of a span."""
    rough = span / most
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * part for part in (1.0, 2.0, 2.5, 5.0, 10.0) if size * part >= rough * (1 - 1e-9))


def picture(plane: Plane, *parts: str, label: str, kind: str) -> Markup:
    """A whole chart.

    Args:
        plane: What it is drawn on.
        parts: Its elements.
        label: What it shows, for those who do not see it.
        kind: `wide` or `narrow`: which page it is for.
    """
    box = f"0 0 {plane.width:g} {plane.height:g}"
    return tag("svg", *parts, viewBox=box, role="img", aria_label=label, class_=f"chart {kind}")
