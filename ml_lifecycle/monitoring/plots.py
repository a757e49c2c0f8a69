"""Pictures of monitoring over time, as PNG bytes: drift by feature, performance with its interval."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE, _DPI, _MOST_TICKS = (8.0, 3.6), 90, 12


def drift_plot(history: pd.DataFrame, *, most: int = 8) -> bytes:
    """Drift over time: the features that came farthest relative to their limit, which is the line at 1.

    Args:
        history: One row per window and column: `window`, `feature`, `value`, `limit`, and `severity`, the farthest
            statistic in units of its limit (value / limit where an older window lacks it).
        most: Features to draw.

    Returns:
        A PNG.
    """
    relative = history.assign(relative=history["value"] / history["limit"])
    if "severity" in history:
        relative["relative"] = history["severity"].fillna(relative["relative"])
    windows = sorted(history["window"].unique())
    table = relative.pivot_table(index="window", columns="feature", values="relative", aggfunc="last")
    table = table.reindex(windows)
    top = table.max().sort_values(ascending=False).index[:most]
    figure = _figure("farthest statistic / limit")
    axes = figure.axes[0]
    for name in top:
        axes.plot(range(len(windows)), table[name], marker="o", markersize=3, linewidth=1.4, label=str(name)[:28])
    axes.axhline(1.0, color="black", linestyle="--", linewidth=1, label="limit")
    _label_windows(figure, windows)
    return _png(figure)


def performance_plot(history: pd.DataFrame) -> bytes:
    """Performance over time, with intervals; estimates are hollow, the tolerated value is a dashed line.

    Where the truth of an estimated window has come, both are shown: the truth full, the estimate hollow beside it.

    Args:
        history: One row per window: `window`, `value`, `low`, `high`, `reference`, `tolerated`, `estimated`, `metric`,
            and where they are known `estimate`, `estimate_low`, `estimate_high`, `concept_drift`.

    Returns:
        A PNG.
    """
    rows = history.sort_values("window").reset_index(drop=True)
    estimated = rows["estimated"].astype(bool)
    figure = _figure(str(rows["metric"].iloc[-1]) if len(rows) else "")
    axes = figure.axes[0]
    _points(axes, rows[~estimated & rows["value"].notna()], ("value", "low", "high"), "measured")
    _points(axes, rows[estimated & rows["value"].notna()], ("value", "low", "high"), "estimated")
    if "estimate" in rows.columns:
        later = rows[~estimated & rows["value"].notna() & rows["estimate"].notna()]
        _points(axes, later, ("estimate", "estimate_low", "estimate_high"), "as estimated", aside=0.25)
    if "concept_drift" in rows.columns:
        drifted = rows[rows["concept_drift"].eq(other=True) & rows["value"].notna()]
        axes.plot(
            drifted.index, drifted["value"], "x", color="tab:red", label="concept drift" if len(drifted) else None
        )
    axes.plot(rows.index, rows["reference"], color="tab:green", linewidth=1, label="test split")
    axes.plot(rows.index, rows["tolerated"], color="black", linestyle="--", linewidth=1, label="tolerated")
    _label_windows(figure, rows["window"].astype(str).tolist())
    return _png(figure)


def _points(axes: Axes, part: pd.DataFrame, names: tuple[str, str, str], label: str, *, aside: float = 0.0) -> None:
    """Values with their intervals; hollow unless they are measured."""
    if part.empty:
        return
    value, low, high = (part[name].to_numpy(dtype=np.float64) for name in names)
    color = "tab:gray" if aside else "tab:blue"
    axes.errorbar(
        part.index.to_numpy() + aside,
        value,
        yerr=np.clip([value - low, high - value], 0, None),
        label=label,
        fmt="o",
        color=color,
        markerfacecolor=color if label == "measured" else "white",
        capsize=2,
        markersize=5,
    )


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
