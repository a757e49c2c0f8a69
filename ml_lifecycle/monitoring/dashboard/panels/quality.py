"""The panel about the data of production: violations, volume, freshness, latency, a small chart each.

The table may be long (a row per window and measure, with value and limit) or wide (a column per measure).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from ml_lifecycle.monitoring.dashboard.charts.series import Line, draw_lines
from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.panels.panel import Figure, Panel, Table, places_of, small
from ml_lifecycle.monitoring.dashboard.windows import window_name
from ml_lifecycle.monitoring.dashboard.words import as_words, figure, percent

#: Columns that name the measure of a row, in a long table.
NAMES: Final = ("measure", "name", "check", "level", "metric")
#: Columns of a wide table that are limits, or the count of what a share tells already.
_LIMITS: Final = ("max_", "limit_", "volume_")
_ASIDE: Final = frozenset({"failed"})
_VOLUME: Final = "rows"
_TITLES: Final[Mapping[str, str]] = {
    "rows": "predictions",
    "failed_share": "rows that failed",
    "age_minutes": "age of the newest row, minutes",
    **{f"p{level}": f"latency p{level}, ms" for level in (50, 95, 99)},
}


def quality_panel(data: DashboardData) -> Panel | None:
    """The panel; None where quality was never looked at."""
    frame = data.shown(data.quality)
    if frame is None:
        return None
    told = as_long(frame)
    drawn = [_chart(data, str(name), part) for name, part in told.groupby("name", sort=False)]
    figures = sorted((one for one in drawn if one is not None), key=lambda one: not one.bad)
    bad = sum(one.bad for one in figures)
    said = f"{bad} of {len(figures)} measures are beyond their limit" if bad else "Every measure keeps to its limit"
    table = Table.of("Measures per window", _readable(frame.sort_values("window").iloc[::-1]))
    return Panel("quality", "Data quality", f"{said} in the newest window.", figures, tables=[table], shape="several")


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its window first, and without columns that say nothing."""
    return frame[["window", *(name for name in frame if name not in {"window", "start", "end"})]].dropna(
        axis=1, how="all"
    )


def as_long(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of measures as rows: window, name, value, limit, passed (missing where nothing was judged)."""
    name = next((column for column in NAMES if column in frame and "value" in frame), None)
    if name is not None:
        told = frame.rename(columns={name: "name"})
        return told.assign(
            limit=pd.to_numeric(told["limit"], errors="coerce") if "limit" in told else math.nan,
            passed=told.get("passed"),
        )[["window", "name", "value", "limit", "passed"]]
    columns = [str(name) for name in frame.select_dtypes("number").columns]
    measures = [name for name in columns if name not in _ASIDE and not name.startswith(_LIMITS) and name != "window"]
    parts = [_measure(frame, name) for name in measures]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["window", "name", "value", "limit"])


def _measure(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """A column of a wide table with its limit, and whether it keeps to that."""
    value = frame[name].astype(float)
    limits = (f"max_{name}", f"limit_{name}", f"{name}_limit")
    limit = next((frame[one].astype(float) for one in limits if one in frame), pd.Series(math.nan, index=frame.index))
    passed = ~(value > limit)
    if name == _VOLUME and "volume_low" in frame:
        passed &= ~(value < frame["volume_low"]) & ~(value > frame["volume_high"])
    return pd.DataFrame({"window": frame["window"], "name": name, "value": value, "limit": limit, "passed": passed})


def writer_of(name: str) -> Callable[[float], str]:
    """How values of a measure are written, by its name."""
    return percent if name.endswith(("share", "rate")) else figure


def _chart(data: DashboardData, name: str, part: pd.DataFrame) -> Figure | None:
    place = places_of(data.windows)
    part = part.sort_values("window")
    values = {
        place[str(window)]: float(value)
        for window, value in zip(part["window"], pd.to_numeric(part["value"], errors="coerce"), strict=True)
        if math.isfinite(value)
    }
    if not values:
        return None
    limit, write = float(part["limit"].iloc[-1]), writer_of(name)
    flagged = _flagged(part, place)
    newest = max(values)
    tips = {at: _tip(data.windows[at], values, at, write, limit=limit) for at in range(len(data.windows))}
    return small(
        data.windows,
        lambda plane, kind: draw_lines(
            plane,
            [Line(name, values, flagged)],
            label=f"{_TITLES.get(name, as_words(name))} per window",
            tips=tips,
            kind=kind,
            limit=limit,
            write=write,
        ),
        title=_TITLES.get(name, as_words(name)),
        now=write(values[newest]),
        bad=newest in flagged,
    )


def _flagged(part: pd.DataFrame, place: Mapping[str, int]) -> frozenset[int]:
    """Windows that were judged and did not pass; nothing is judged here."""
    return frozenset(
        place[str(window)]
        for window, passed in zip(part["window"], part["passed"], strict=True)
        if passed in (False, 0)
    )


def _tip(window: str, values: Mapping[int, float], at: int, write: Callable[[float], str], *, limit: float) -> str:
    said = write(values[at]) if at in values else "not measured"
    return f"{window_name(window)}\n{said}" + (f", limit {write(limit)}" if math.isfinite(limit) else "")
