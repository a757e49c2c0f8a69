"""Pictures of an evaluation as small PNG files. What they show is computed here only where no other module needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.label_measures import codes, label
from ml_lifecycle.evaluation.measures import Scored
from ml_lifecycle.evaluation.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (4.6, 3.6)
_DPI = 90
_BLUE, _GREY, _RED = "#2b6cb0", "#a0aec0", "#c53030"
#: Points of a curve: more are not seen.
_POINTS = 400
_MOST_LABELS = 12
_MOST_BARS = 15


def draw(
    kind: Kind,
    scored: Scored,
    metric: Metric,
    *,
    reliability: pd.DataFrame,
    importance: pd.DataFrame,
    classes: Sequence[str] = (),
) -> dict[str, bytes]:
    """Draw what belongs to a kind of problem.

    Args:
        kind: The kind.
        scored: Truth and predictions.
        metric: The primary metric.
        reliability: The reliability table; without rows where there are no probabilities.
        importance: The table of importances.
        classes: Names of the classes.

    Returns:
        PNG bytes by name.
    """
    names = list(classes) or [str(code) for code in range(scored.p.shape[1] if scored.p.ndim > 1 else 2)]
    found: dict[str, Callable[[Axes], None]] = {}
    if kind in (Kind.BINARY, Kind.MULTICLASS):
        found["confusion_matrix"] = lambda axes: _confusion(axes, scored, names)
    if kind is Kind.BINARY and 0 < scored.y.sum() < len(scored.y):
        found["roc_curve"] = lambda axes: _roc(axes, scored)
        found["precision_recall_curve"] = lambda axes: _precision_recall(axes, scored)
    if len(reliability):
        found["calibration"] = lambda axes: _calibration(axes, reliability)
    if kind is Kind.REGRESSION:
        found["predicted_and_true"] = lambda axes: _against_truth(axes, scored)
        found["residuals"] = lambda axes: _residuals(axes, scored)
    if kind is Kind.RANKING:
        found["per_query"] = lambda axes: _per_query(axes, scored, metric)
    if len(importance):
        found["importance"] = lambda axes: _importance(axes, importance, metric)
    return {name: _png(paint) for name, paint in found.items()}


def _png(paint: Callable[[Axes], None]) -> bytes:
    """One picture; the figure belongs to no global state, so that threads do not meet in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.tick_params(labelsize=8)
    paint(axes)
    axes.title.set_fontsize(10)
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _label(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)


def _confusion(axes: Axes, scored: Scored, names: Sequence[str]) -> None:
    k = len(names)
    counts = np.bincount(codes(scored) * k + label(scored), minlength=k * k).reshape(k, k)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    if k <= _MOST_LABELS:
        ticks = list(range(k))
        axes.set_xticks(ticks, [name[:12] for name in names], rotation=45 if k > len("abc") else 0)
        axes.set_yticks(ticks, [name[:12] for name in names])
        for row, column in np.ndindex(k, k):
            colour = "white" if shares[row, column] > 1 / 2 else "black"
            text = f"{counts[row, column]:,}\n{shares[row, column]:.0%}" if k <= _MOST_LABELS // 2 else ""
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    _label(axes, "Confusion matrix (share of the true class)", "predicted", "true")


def _cumulated(scored: Scored) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Found positives, false alarms and where a new score begins, by falling score, thinned out."""
    order = np.argsort(-scored.p, kind="stable")
    hit = scored.y[order] == 1
    last = np.flatnonzero(np.r_[np.diff(scored.p[order]) != 0, True])
    last = last[np.unique(np.linspace(0, len(last) - 1, min(len(last), _POINTS)).astype(int))]
    return np.cumsum(hit)[last], np.cumsum(~hit)[last], last + 1


def _roc(axes: Axes, scored: Scored) -> None:
    found, alarms, _ = _cumulated(scored)
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1)
    axes.plot(np.r_[0, alarms / (scored.y == 0).sum()], np.r_[0, found / (scored.y == 1).sum()], color=_BLUE)
    _label(axes, "ROC curve", "false positive rate", "true positive rate")


def _precision_recall(axes: Axes, scored: Scored) -> None:
    found, _, seen = _cumulated(scored)
    axes.axhline(float(scored.y.mean()), color=_GREY, linestyle="--", linewidth=1)
    axes.plot(found / (scored.y == 1).sum(), found / seen, color=_BLUE)
    axes.set_ylim(0, 1.02)
    _label(axes, "Precision and recall", "recall", "precision")


def _calibration(axes: Axes, table: pd.DataFrame) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1)
    above, below = table["high"] - table["observed"], table["observed"] - table["low"]
    ends = np.clip(np.vstack([below, above]), 0, None)
    axes.errorbar(table["predicted"], table["observed"], yerr=ends, fmt="o-", color=_BLUE, markersize=4, capsize=2)
    _label(axes, "Calibration (bins of equal size)", "predicted probability", "observed frequency")


def _against_truth(axes: Axes, scored: Scored) -> None:
    axes.hexbin(scored.p, scored.y, gridsize=35, cmap="Blues", mincnt=1, bins="log")
    ends = [float(min(scored.p.min(), scored.y.min())), float(max(scored.p.max(), scored.y.max()))]
    axes.plot(ends, ends, color=_RED, linestyle="--", linewidth=1)
    _label(axes, "Predicted and true", "predicted", "true")


def _residuals(axes: Axes, scored: Scored) -> None:
    residuals = scored.y - scored.p
    low, high = np.quantile(residuals, [0.001, 0.999])
    inside = residuals[(residuals >= low) & (residuals <= high)]
    axes.hist(inside, bins=40, color=_BLUE)
    axes.axvline(0, color=_RED, linestyle="--", linewidth=1)
    _label(axes, "Residuals (without the outermost 0.2 %)", "true - predicted", "rows")


def _per_query(axes: Axes, scored: Scored, metric: Metric) -> None:
    rows = metric.function.linear(scored).rows
    values = rows[rows[:, 1] > 0, 0]
    axes.hist(values, bins=20, range=(0, 1), color=_BLUE)
    axes.axvline(float(values.mean()) if len(values) else 0.0, color=_RED, linestyle="--", linewidth=1)
    _label(axes, f"{metric.name} per query (dashed: mean)", metric.name, "queries")


def _importance(axes: Axes, table: pd.DataFrame, metric: Metric) -> None:
    permuted = bool(table["loss"].notna().any())
    column = "loss" if permuted else "model_share"
    shown = table.dropna(subset=[column]).nlargest(_MOST_BARS, column).iloc[::-1]
    errors = shown["error"].fillna(0) if permuted else None
    axes.barh([str(name)[:24] for name in shown["feature"]], shown[column], color=_BLUE, ecolor=_GREY, xerr=errors)
    what = f"loss of {metric.name} when permuted" if permuted else "share of the model's importance"
    _label(axes, "Importance of columns" if permuted else "Importance of features", what, "")
