"""The panels about drift: features over time as a heatmap, and the model's output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ml_lifecycle.monitoring.dashboard.charts.heatmap import Cell, FeatureRow, draw_heatmap, height_for
from ml_lifecycle.monitoring.dashboard.charts.series import Line, draw_lines
from ml_lifecycle.monitoring.dashboard.charts.svg import Plane
from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.drift_rows import FEATURE, causes_of, severity_of, subject_of
from ml_lifecycle.monitoring.dashboard.panels.panel import (
    NARROW,
    WIDE,
    Figure,
    Key,
    Panel,
    Table,
    both_sizes,
    places_of,
    records,
)
from ml_lifecycle.monitoring.dashboard.windows import window_name
from ml_lifecycle.monitoring.dashboard.words import figure, percent

_LEGEND = (Key("scale", "value as a share of its limit"), Key("dot drifted", "drifted"))


def drift_panel(data: DashboardData) -> Panel | None:
    """Features over time, the worst first; None where drift was never looked for."""
    frame = _of_roles(data, features=True)
    if frame is None:
        return None
    place = places_of(data.windows)
    ranked = _rank(frame)
    rows = [_row(str(name), frame[frame["feature"] == name], place, data.windows[-1]) for name in ranked["feature"]]
    shown, folded = rows[: data.most_features], ranked.iloc[data.most_features :]
    tables = [Table.of(f"{len(folded)} more features, which moved less", folded)] if len(folded) else []
    tables += [Table.of("Features in the newest window", _newest_table(frame))]
    return Panel("drift", "Drift by feature", _sentence(frame), [_heatmap(data, shown)], _LEGEND, tables, "broad")


def output_panel(data: DashboardData) -> Panel | None:
    """The model's output and whatever else is not a feature, over time; None where it is not on record."""
    frame = _of_roles(data, features=False)
    if frame is None:
        return None
    place = places_of(data.windows)
    rows = [
        {**row, "name": subject_of(row), "place": place[str(row["window"])]}
        for row in records(frame.sort_values("role", key=lambda role: role != "prediction", kind="stable"))
    ]
    names = list(dict.fromkeys(str(row["name"]) for row in rows))
    lines = [_line(name, number, [row for row in rows if row["name"] == name]) for number, name in enumerate(names)]
    lines = [line for line in lines if line.points]
    if not lines:
        return None
    tips = {at: "\n".join([window_name(window), *_said(rows, at)]) for window, at in place.items()}
    drawn = both_sizes(
        data.windows,
        lambda plane, kind: draw_lines(
            plane,
            lines,
            label="Prediction drift as a share of its limit",
            tips=tips,
            kind=kind,
            limit=1.0,
            changes=data.changes,
        ),
        height=150,
    )
    legend = [Key(f"stroke l{line.colour}", line.name) for line in lines] + (
        [Key("dot lost", "drifted")] if any(line.flagged for line in lines) else []
    )
    table = frame[["window", "feature", "role", "statistic", "value", "limit", "drifted"]].iloc[::-1]
    title = "Prediction drift" if set(frame["role"]) == {"prediction"} else "Drift beyond single features"
    text = "How far distributions have moved, as a share of their limits."
    return Panel("output", title, text, [drawn], legend, [Table.of(f"{title} per window", table)])


def _of_roles(data: DashboardData, *, features: bool) -> pd.DataFrame | None:
    frame = data.shown(data.drift)
    if frame is None:
        return None
    rows = frame[(frame["role"] == FEATURE) == features]
    if rows.empty:
        return None
    return rows.assign(ratio=severity_of(rows)).sort_values("window", kind="stable")


def _rank(frame: pd.DataFrame) -> pd.DataFrame:
    """Features, the worst first: those drifted in the newest window, then by the largest share of a limit ever."""
    newest = frame[frame["window"] == frame["window"].max()].drop_duplicates("feature").set_index("feature")
    largest = frame.groupby("feature", sort=False)["ratio"].max().rename("largest share of limit")
    table = largest.to_frame()
    table["drifted now"] = newest["drifted"].astype(bool).reindex(table.index, fill_value=False)
    table["share of limit now"] = newest["ratio"].reindex(table.index)
    order = ["drifted now", "largest share of limit"]
    ranked: pd.DataFrame = table.sort_values(order, ascending=False, kind="stable").reset_index()
    return ranked


def _row(name: str, part: pd.DataFrame, place: Mapping[str, int], newest: str) -> FeatureRow:
    cells = {
        place[str(row["window"])]: Cell(float(row["ratio"]), bool(row["drifted"]), _tip(name, row))
        for row in records(part)
    }
    last = records(part)[-1]
    now = f"{last['ratio']:.2f}" if str(last["window"]) == newest and math.isfinite(last["ratio"]) else ""
    return FeatureRow(name, cells, now, bool(last["drifted"]) and str(last["window"]) == newest)


def _tip(name: str, row: Mapping[str, Any]) -> str:
    lines = [f"{name}, {window_name(str(row['window']))}"]
    lines.append(f"{row['statistic']} {figure(float(row['value']))}, limit {figure(float(row['limit']))}")
    for column, said in (("missing_share", "missing"), ("other_share", "never seen before")):
        share = float(row.get(column, math.nan))
        if share > 0:
            lines.append(f"{percent(share)} {said}")
    return "\n".join([*lines, *([_drifted(row)] if row["drifted"] else [])])


def _drifted(row: Mapping[str, Any]) -> str:
    causes = causes_of(row)
    return f"drifted by {causes}" if causes else "drifted"


def _heatmap(data: DashboardData, rows: Sequence[FeatureRow]) -> Figure:
    planes = {
        WIDE: Plane(data.windows, 1160, 0, left=200, right=52),
        NARROW: Plane(data.windows, 340, 0, left=108, right=36, labels=3),
    }
    drawn = {
        kind: draw_heatmap(replace(plane, height=height_for(len(rows), plane)), rows, changes=data.changes, kind=kind)
        for kind, plane in planes.items()
    }
    return Figure("", drawn[WIDE], drawn[NARROW])


def _sentence(frame: pd.DataFrame) -> str:
    newest = frame[frame["window"] == frame["window"].max()]
    drifted = int(newest["drifted"].sum())
    said = f"{drifted} of {len(newest)} features drifted" if drifted else f"None of {len(newest)} features drifted"
    return (
        f"{said} in the newest window, {window_name(str(newest.iloc[0]['window']))}. Last column: share of the limit."
    )


def _newest_table(frame: pd.DataFrame) -> pd.DataFrame:
    newest = frame[frame["window"] == frame["window"].max()]
    order = newest["ratio"].sort_values(ascending=False, kind="stable").index
    wanted = [
        "feature",
        "kind",
        "ratio",
        "drifted",
        "causes",
        "statistic",
        "value",
        "limit",
        "missing_share",
        "other_share",
    ]
    table: pd.DataFrame = newest.loc[order, [name for name in wanted if name in newest]]
    return table.rename(columns={"ratio": "share of limit"})


def _line(name: str, number: int, rows: Sequence[Mapping[str, Any]]) -> Line:
    values = {int(row["place"]): float(row["ratio"]) for row in rows if math.isfinite(row["ratio"])}
    flagged = frozenset(int(row["place"]) for row in rows if row["drifted"])
    return Line(name, values, flagged, number % 5)


def _said(rows: Sequence[Mapping[str, Any]], place: int) -> list[str]:
    return [
        f"{row['name']}: {row['statistic']} {figure(float(row['value']))}, "
        f"limit {figure(float(row['limit']))}{', drifted' if row['drifted'] else ''}"
        for row in rows
        if row["place"] == place
    ] or ["not judged"]
