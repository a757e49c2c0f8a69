"""Pictures of errors: residuals of a regression, queries of a ranking, and slices. Tables of them live elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.plots.pictures import BLUE, GREY, RED, name_axes, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of a cloud: more are not seen, and take long.
_CLOUD = 20_000
_BINS = 40
_PARTS = 30
_MOST_SLICES = 12


def plot_against_truth(axes: Axes, scored: Scored) -> None:
    """True values against predicted ones."""
    part = _thin(len(scored.y))
    p, y = scored.p[part], scored.y[part]
    axes.hexbin(p, y, gridsize=35, cmap="Blues", mincnt=1, bins="log")
    ends = [float(min(p.min(), y.min())), float(max(p.max(), y.max()))]
    axes.plot(ends, ends, color=RED, linestyle="--", linewidth=1)
    name_axes(axes, "Predicted and true", "predicted", "true")


def plot_residuals(axes: Axes, scored: Scored) -> None:
    """How the residuals are distributed."""
    residuals = scored.p - scored.y
    low, high = np.quantile(residuals, [0.001, 0.999])
    counts, edges = np.histogram(residuals[(residuals >= low) & (residuals <= high)], _BINS)
    axes.stairs(counts, edges, fill=True, color=BLUE)
    axes.axvline(0, color=RED, linestyle="--", linewidth=1)
    name_axes(axes, "Residuals (without the outermost 0.2 %)", "predicted - true", "rows")


def plot_residuals_by_prediction(axes: Axes, scored: Scored) -> None:
    """Residuals along the predicted value: their median and the middle 80 %."""
    _plot_band(axes, scored.p, scored.p - scored.y)
    name_axes(axes, "Residuals by predicted value (band: 80 %)", "predicted", "predicted - true")


def plot_residuals_over_time(axes: Axes, scored: Scored, times: np.ndarray) -> None:
    """Residuals along time: their median and the middle 80 %."""
    moments = np.asarray(times).astype("datetime64[ns]")
    known = ~np.isnat(moments)
    nanoseconds = moments[known].astype(np.int64).astype(np.float64)
    middles = _plot_band(axes, nanoseconds, (scored.p - scored.y)[known])
    marks = middles[np.unique(np.linspace(0, len(middles) - 1, 4).astype(int))]
    unit = "D" if np.ptp(nanoseconds) > 4 * 86_400e9 else "m"  # days tell nothing about a few hours
    axes.set_xticks(marks, [str(np.datetime64(int(mark), "ns").astype(f"datetime64[{unit}]")) for mark in marks])
    name_axes(axes, "Residuals over time (band: 80 %)", "", "predicted - true")


def plot_queries(axes: Axes, scored: Scored, metric: Metric) -> None:
    """How the metric is distributed over queries."""
    rows = metric.function.linear(scored).rows
    values = rows[rows[:, 1] > 0, 0]
    counts, edges = np.histogram(values, 20, (0, 1))
    axes.stairs(counts, edges, fill=True, color=BLUE)
    axes.axvline(float(values.mean()) if len(values) else 0.0, color=RED, linestyle="--", linewidth=1)
    name_axes(axes, f"{metric.name} per query (dashed: mean)", metric.name, "queries")


def plot_slices(axes: Axes, table: pd.DataFrame, metric: Metric, whole: float) -> None:
    """The metric in the worst slices with its interval; dashed: on the whole."""
    shown = table.head(_MOST_SLICES).iloc[::-1]
    places = np.arange(len(shown))
    value = shown["value"].to_numpy(dtype=np.float64)
    ends = np.vstack([value - shown["low"], shown["high"] - value]).astype(np.float64)
    axes.errorbar(
        value, places, xerr=np.clip(np.nan_to_num(ends), 0, None), fmt="o", color=BLUE, ecolor=GREY, capsize=2
    )
    axes.axvline(whole, color=RED, linestyle="--", linewidth=1)
    labels = zip(shown["slice"], shown["rows"], strict=True)
    axes.set_yticks(places, [f"{shorten(name, 30)} ({rows:,})" for name, rows in labels])
    name_axes(axes, "Worst slices (dashed: the whole)", metric.name, "")


def _plot_band(axes: Axes, along: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Median and middle 80 % of values in parts of equally many rows; gives the middles of the parts."""
    order = np.argsort(along, kind="stable")
    parts = [part for part in np.array_split(order, min(_PARTS, max(1, len(order) // 10))) if len(part)]
    middles = np.array([np.median(along[part]) for part in parts])
    low, middle, high = np.array([np.quantile(values[part], [0.1, 0.5, 0.9]) for part in parts]).T
    axes.fill_between(middles, low, high, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(middles, middle, color=BLUE)
    axes.axhline(0, color=RED, linestyle="--", linewidth=1)
    return middles


def _thin(rows: int) -> np.ndarray:
    """Positions of a bounded number of rows."""
    if rows <= _CLOUD:
        return np.arange(rows)
    return np.random.default_rng(0).choice(rows, _CLOUD, replace=False)
