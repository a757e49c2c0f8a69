"""The figures at a glance: performance, drift and traffic of the newest window."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.drift_rows import FEATURE, severity_of
from ml_lifecycle.monitoring.dashboard.windows import window_name
from ml_lifecycle.monitoring.dashboard.words import figure


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure.

    Args:
        what: What it is.
        value: The figure.
        note: What it is to be compared with.
        tone: `plain`, or `warn` or `bad` where it is beyond its limit.
    """

    what: str
    value: str
    note: str
    tone: str = "plain"


def list_tiles(data: DashboardData) -> list[Tile]:
    """The figures that are known."""
    return [tile for tile in (_performance(data), _drift(data), _traffic(data)) if tile is not None]


def _performance(data: DashboardData) -> Tile | None:
    frame = data.shown(data.performance)
    judged = None if frame is None else frame[frame["status"] != "not judged"]
    if judged is None or judged.empty:
        return None
    row = _telling(judged.sort_values("window"))
    note = f"tolerated {figure(row['tolerated'])}, test {figure(row['reference'])}"
    return Tile(f"{row['metric']}, {row['status']}", figure(row["value"]), note, "bad" if row["lost"] else "plain")


def _telling(judged: pd.DataFrame) -> pd.Series:
    """The newest window, unless the newest measured one says that performance is lost: no estimate undoes that."""
    measured = judged[judged["status"] == "measured"]
    return measured.iloc[-1] if len(measured) and bool(measured.iloc[-1]["lost"]) else judged.iloc[-1]


def _drift(data: DashboardData) -> Tile | None:
    frame = data.shown(data.drift)
    features = None if frame is None else frame[frame["role"] == FEATURE]
    if features is None or features.empty:
        return None
    newest = features[features["window"] == features["window"].max()]
    ratio = severity_of(newest)
    drifted = int(newest["drifted"].sum())
    note = "not judged"
    if ratio.notna().any():
        note = f"farthest: {newest.loc[ratio.idxmax(), 'feature']}, {ratio.max():.2f} of limit"
    return Tile("Features drifted", f"{drifted} of {len(newest)}", note, "warn" if drifted else "plain")


def _traffic(data: DashboardData) -> Tile | None:
    traffic = data.shown(data.traffic)
    if traffic is None:
        return None
    newest = traffic["window"].max()
    rows = int(traffic.loc[(traffic["window"] == newest) & (traffic["role"] == "champion"), "rows"].sum())
    return Tile("Predictions", f"{rows:,}", f"in the newest window, {window_name(str(newest))}")
