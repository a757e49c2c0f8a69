"""The panel about performance: the metric per window with its interval, measured or estimated."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from ml_lifecycle.monitoring.dashboard.charts.performance import Judged, draw_performance
from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.panels.panel import Key, Panel, Table, both_sizes, places_of, records
from ml_lifecycle.monitoring.dashboard.windows import window_name
from ml_lifecycle.monitoring.dashboard.words import cell, figure, is_true

_COLUMNS = ("window", "metric", "status", "value", "low", "high", "reference", "tolerated", "rows", "labelled", "lost")


def performance_panel(data: DashboardData) -> Panel | None:
    """The panel; None where no window was ever reported."""
    frame = data.shown(data.performance)
    if frame is None:
        return None
    place = places_of(data.windows)
    frame = frame.sort_values("window")
    rows = [row for row in records(frame) if row["status"] != "not judged" and math.isfinite(row["value"])]
    table = Table.of("Performance per window", frame[[name for name in _COLUMNS if name in frame]].iloc[::-1])
    if not rows:
        text = f"No window could be judged: {frame.iloc[-1].get('reason', 'too few rows')}."
        return Panel("performance", "Performance", text, tables=[table])
    metric, better = str(rows[-1]["metric"]), "higher" if rows[-1].get("greater_is_better", True) else "lower"
    rows = [row for row in rows if row["metric"] == metric]
    judged = [_judged(row, place[str(row["window"])], data) for row in rows]
    tips = {at: f"{window_name(window)}\nnot judged" for window, at in place.items()}
    tips |= {one.place: _tip(row, one) for row, one in zip(rows, judged, strict=True)}
    draw = partial(draw_performance, judged=judged, metric=metric, changes=data.changes, tips=tips)
    drawn = both_sizes(data.windows, lambda plane, kind: draw(plane, kind=kind), height=250)
    text = f"{metric} of the version in production with its interval; {better} is better."
    return Panel("performance", "Performance", text, [drawn], _legend(judged), [table])


def _judged(row: dict[str, Any], place: int, data: DashboardData) -> Judged:
    numbers = {name: float(row[name]) for name in ("value", "low", "high", "reference", "tolerated")}
    version = cell(row.get("model_version")) or data.version_of.get(str(row["window"]), "")
    guess = float(row.get("estimate") or math.nan) if row["status"] == "measured" else math.nan
    return Judged(
        place, **numbers, estimated=row["status"] == "estimated", lost=bool(row["lost"]), version=version, guess=guess
    )


def _legend(judged: list[Judged]) -> list[Key]:
    keys = [Key("dot", "measured")] if any(not one.estimated for one in judged) else []
    keys += (
        [Key("dot hollow", "estimated without outcomes")]
        if any(one.estimated or math.isfinite(one.guess) for one in judged)
        else []
    )
    keys += [Key("dot diamond lost", "performance lost")] if any(one.lost for one in judged) else []
    return [
        *keys,
        Key("whisker", "its interval"),
        Key("stroke reference", "on the test split"),
        Key("stroke tolerated", "tolerated"),
    ]


def _tip(row: dict[str, Any], one: Judged) -> str:
    lines = [
        window_name(str(row["window"])) + (f", version {one.version}" if one.version else ""),
        f"{row['metric']} {figure(one.value)} ({figure(one.low)} to {figure(one.high)}), {row['status']}",
        f"{int(row.get('rows', 0)):,} predictions, {int(row.get('labelled', 0)):,} with outcome",
    ]
    lines += [f"without outcomes it was estimated {figure(one.guess)}"] if math.isfinite(one.guess) else []
    lines += ["the relation to the target changes"] if is_true(row.get("concept_drift")) else []
    return "\n".join([*lines, *(["performance lost"] if one.lost else [])])
