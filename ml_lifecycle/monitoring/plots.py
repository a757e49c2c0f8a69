"""Pictures of monitoring over time, as PNG bytes: drift by feature, performance with its interval."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE, _DPI, _MOST_TICKS = (8.0, 3.6), 90, 12


def drift_plot(history: pd.DataFrame, *, most: int = 8) -> bytes:
    """Drift over time: the features that came farthest relative to their limit, which is the line at 1.

    Args:
        history: One row per window and feature: `window`, `feature`, `value`, `limit`.
        most: Features to draw.

    Returns:
        A PNG.
    """
    relative = history.assign(relative=history["value"] / history["limit"])
    windows = sorted(history["window"].unique())
    table = relative.pivot_table(index="window", columns="feature", values="relative", aggfunc="last")
    table = table.reindex(windows)
    top = table.max().sort_values(ascending=False).index[:most]
    figure = _figure("population stability index / limit")
    axes = figure.axes[0]
    for name in top:
        axes.plot(range(len(windows)), table[name], marker="o", markersize=3, linewidth=1.4, label=str(name)[:28])
    axes.axhline(1.0, color="black", linestyle="--", linewidth=1, label="limit")
    _label_windows(figure, windows)
    return _png(figure)


def performance_plot(history: pd.DataFrame) -> bytes:
    """Performance over time, with intervals; estimated windows are hollow, the tolerated value is a dashed line.

    Args:
        history: One row per window: `window`, `value`, `low`, `high`, `reference`, `tolerated`, `estimated`, `metric`.

    Returns:
        A PNG.
    """
    rows = history.sort_values("window").reset_index(drop=True)
    estimated = rows["estimated"].astype(bool)
    figure = _figure(str(rows["metric"].iloc[-1]) if len(rows) else "")
    axes = figure.axes[0]
    for chosen, fill, label in ((~estimated, "tab:blue", "measured"), (estimated, "white", "estimated")):
        part = rows[chosen & rows["value"].notna()]
        if len(part):
            spans = np.clip([part["value"] - part["low"], part["high"] - part["value"]], 0, None)
            axes.errorbar(
                part.index,
                part["value"],
                yerr=spans,
                label=label,
                fmt="o",
                color="tab:blue",
                markerfacecolor=fill,
                capsize=2,
                markersize=5,
            )
    axes.plot(rows.index, rows["reference"], color="tab:green", linewidth=1, label="test split")
    axes.plot(rows.index, rows["tolerated"], color="black", linestyle="--", linewidth=1, label="tolerated")
    _label_windows(figure, rows["window"].astype(str).tolist())
    return _png(figure)


def _figure(title: str) -> Figure:
    """An empty picture that needs no screen and no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_ylabel(title)
    axes.grid(alpha=0.3)
    return figure


def _label_windows(figure: Figure, windows: list[str]) -> None:
    axes = figure.axes[0]
    step = max(1, -(-len(windows) // _MOST_TICKS))
    axes.set_xticks(range(0, len(windows), step), [str(name) for name in windows[::step]], rotation=30, ha="right")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
