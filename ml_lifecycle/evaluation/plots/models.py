"""Pictures of what a model leans on: importance, SHAP values, partial dependence, and what more rows would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.explanation.shap_summary import Explanation
from ml_lifecycle.evaluation.learning_curve import LearningCurve
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.plots.pictures import BLUE, CLASS_COLOURS, GREY, name_axes, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_BARS = 15
#: Features and rows of a swarm: more are not told apart.
_SWARM_FEATURES, _SWARM_ROWS = 10, 250
_SWARM_BINS = 25
_MOST_MARKS = 6


def plot_importance(axes: Axes, table: pd.DataFrame, metric: Metric) -> None:
    """What of the metric is lost by permutation; without that the model's own importance."""
    permuted = bool(table["loss"].notna().any())
    column = "loss" if permuted else "model_share"
    shown = table.dropna(subset=[column]).nlargest(_MOST_BARS, column).iloc[::-1]
    errors = shown["error"].fillna(0) if permuted else None
    axes.barh([shorten(name) for name in shown["feature"]], shown[column], color=BLUE, ecolor=GREY, xerr=errors)
    what = f"loss of {metric.name} when permuted" if permuted else "share of the model's importance"
    name_axes(axes, "Importance of columns" if permuted else "Importance of features", what, "")


def plot_contributions(axes: Axes, explained: Explanation) -> None:
    """Mean absolute SHAP value of the strongest features; with several classes stacked by class."""
    shown = explained.table.head(_MOST_BARS).iloc[::-1]
    places = np.arange(len(shown))
    if explained.by_class.empty:
        axes.barh(places, shown["mean_abs"], color=BLUE)
    else:
        _stack(axes, explained.by_class, list(shown["feature"]))
    axes.set_yticks(places, [shorten(name) for name in shown["feature"]])
    name_axes(axes, "Mean absolute SHAP value", explained.unit, "")


def plot_swarm(axes: Axes, explained: Explanation) -> None:
    """SHAP values of single rows, coloured from low (blue) to high (red) values of the feature, grey where missing."""
    place = {name: column for column, name in enumerate(explained.names)}
    names = list(explained.table["feature"].head(_SWARM_FEATURES))[::-1]
    rows = slice(None, None, -(-len(explained.contributions) // _SWARM_ROWS))
    columns = [place[name] for name in names]
    values, features = explained.contributions[rows][:, columns], explained.features[rows][:, columns]
    heights = np.column_stack([line + _jitter(column) for line, column in enumerate(values.T)])
    ranks = pd.DataFrame(features).rank(pct=True).to_numpy()
    axes.axvline(0, color=GREY, linewidth=1)
    lacking = np.isnan(ranks)
    axes.scatter(values[lacking], heights[lacking], s=5, color=GREY, linewidths=0)
    known = ~lacking
    axes.scatter(values[known], heights[known], s=5, c=ranks[known], cmap="coolwarm", linewidths=0, vmin=0, vmax=1)
    axes.set_yticks(np.arange(len(names)), [shorten(name) for name in names])
    name_axes(axes, "SHAP values of rows (red: high value)", explained.unit, "")


def plot_dependence(axes: Axes, table: pd.DataFrame) -> None:
    """Mean prediction along the values of one column; the band is the spread of single rows."""
    column = str(table["column"].iloc[0])
    single = len(table["class"].unique()) == 1
    for number, (name, part) in enumerate(table.groupby("class", sort=False)):
        colour = BLUE if single else CLASS_COLOURS[number % len(CLASS_COLOURS)]
        _follow(axes, part, colour, str(name), band=single)
    if not single:
        axes.legend(fontsize=6)
    name_axes(axes, shorten(column, 32), "", "mean prediction")


def plot_learning(axes: Axes, curve: LearningCurve) -> None:
    """The score by rows learnt from with intervals, and the law through it."""
    points = curve.points
    value = points["value"].to_numpy()
    ends = np.clip(np.vstack([value - points["low"], points["high"] - value]), 0, None)
    axes.errorbar(points["rows"], value, yerr=ends, fmt="o", color=BLUE, markersize=4, capsize=2)
    axes.plot(points["rows"], points["law"], color=GREY, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_xticks(points["rows"], [f"{rows:,}" for rows in points["rows"]])
    axes.minorticks_off()
    name_axes(axes, "Learning curve (dashed: power law)", "training rows", f"{curve.metric} on validation rows")


def _stack(axes: Axes, by_class: pd.DataFrame, names: list[str]) -> None:
    left = np.zeros(len(names))
    for number, (name, part) in enumerate(by_class.groupby("class", sort=False)):
        width = part.set_index("feature")["mean_abs"].reindex(names).to_numpy() / by_class["class"].nunique()
        colour = CLASS_COLOURS[number % len(CLASS_COLOURS)]
        label = shorten(name, 16) if number < len(CLASS_COLOURS) else None
        axes.barh(np.arange(len(names)), width, left=left, color=colour, label=label)
        left = left + width
    axes.legend(fontsize=7, loc="lower right")


def _follow(axes: Axes, part: pd.DataFrame, colour: str, label: str, *, band: bool) -> None:
    numbers = part["number"].to_numpy(dtype=np.float64)
    ordered = bool(np.isfinite(numbers).all()) and len(numbers) > 2  # noqa: PLR2004 - two values are categories
    along = numbers if ordered else np.arange(len(part), dtype=np.float64)
    if band:
        low, high = part["low"].to_numpy(), part["high"].to_numpy()
        if ordered:
            axes.fill_between(along, low, high, color=colour, alpha=0.2, linewidth=0)
        else:
            axes.vlines(along, low, high, color=colour, alpha=0.3, linewidth=4)
    axes.plot(along, part["mean"], "-" if ordered else "o", color=colour, label=shorten(label, 16), markersize=4)
    if not ordered:
        marks = np.unique(np.linspace(0, len(part) - 1, min(len(part), _MOST_MARKS)).astype(int))
        axes.set_xticks(marks, [shorten(part["value"].iloc[mark], 10) for mark in marks], rotation=30)


def _jitter(values: np.ndarray) -> np.ndarray:
    """Places points side by side where many have about the same value: a swarm's height is its density."""
    low, high = float(values.min()), float(values.max())
    bins = np.clip(((values - low) / (high - low or 1.0) * _SWARM_BINS).astype(int), 0, _SWARM_BINS - 1)
    order = np.argsort(bins, kind="stable")
    counts = np.bincount(bins, minlength=_SWARM_BINS)
    starts = np.cumsum(counts) - counts
    within = np.empty(len(values))
    within[order] = np.arange(len(values)) - starts[bins[order]]
    return np.asarray((within - (counts[bins] - 1) / 2) / max(counts.max(), 1) * 0.8)
