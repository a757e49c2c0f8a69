"""Pictures of a classification: confusions, curves over thresholds, calibration, gain, and scores by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.measures.labels import codes, label
from ml_lifecycle.evaluation.plots.pictures import BLUE, CLASS_COLOURS, GREY, RED, name_axes, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of a curve: more are not seen.
_POINTS = 400
_MOST_LABELS = 12
_BINS = 40
_TENTH = 0.1


def plot_confusion(axes: Axes, scored: Scored, names: Sequence[str]) -> None:
    """How often each class is taken for which."""
    k = len(names)
    counts = np.bincount(codes(scored) * k + label(scored), minlength=k * k).reshape(k, k)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    if k <= _MOST_LABELS:
        ticks = list(range(k))
        axes.set_xticks(ticks, [shorten(name, 12) for name in names], rotation=45 if k > len("abc") else 0)
        axes.set_yticks(ticks, [shorten(name, 12) for name in names])
    if k <= _MOST_LABELS // 2:
        for row, column in np.ndindex(k, k):
            colour = "white" if shares[row, column] > 1 / 2 else "black"
            text = f"{counts[row, column]:,}\n{shares[row, column]:.0%}"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    name_axes(axes, "Confusion matrix (share of the true class)", "predicted", "true")


def plot_roc(axes: Axes, scored: Scored) -> None:
    """True against false positives over all thresholds."""
    found, alarms, _ = _cumulate(scored)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.plot(np.r_[0, alarms / (scored.y == 0).sum()], np.r_[0, found / (scored.y == 1).sum()], color=BLUE)
    name_axes(axes, "ROC curve", "false positive rate", "true positive rate")


def plot_precision_recall(axes: Axes, scored: Scored) -> None:
    """Precision against recall over all thresholds."""
    found, _, seen = _cumulate(scored)
    axes.axhline(float(scored.y.mean()), color=GREY, linestyle="--", linewidth=1)
    axes.plot(found / (scored.y == 1).sum(), found / seen, color=BLUE)
    axes.set_ylim(0, 1.02)
    name_axes(axes, "Precision and recall", "recall", "precision")


def plot_gain(axes: Axes, scored: Scored) -> None:
    """Share of the positives among the rows with the highest scores; dashed: at random, dotted: a perfect model."""
    found, _, seen = _cumulate(scored)
    positives = (scored.y == 1).sum()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.plot([0, positives / len(scored.y), 1], [0, 1, 1], color=GREY, linestyle=":", linewidth=1)
    axes.plot(np.r_[0, seen / len(scored.y)], np.r_[0, found / positives], color=BLUE)
    name_axes(axes, "Cumulative gain", "share of rows, highest scores first", "share of positives found")


def plot_lift(axes: Axes, scored: Scored) -> None:
    """How many times more positives than at random the highest scores hold; tenths of the rows are marked."""
    found, _, seen = _cumulate(scored)
    lift = found / seen / scored.y.mean()
    enough = seen >= min(len(scored.y), max(10, len(scored.y) // 1000))  # the first rows alone are chance
    axes.axhline(1, color=GREY, linestyle="--", linewidth=1)
    axes.plot(seen[enough] / len(scored.y), lift[enough], color=BLUE)
    tenths = np.arange(1, 11) * _TENTH
    axes.plot(tenths, np.interp(tenths, seen / len(scored.y), lift), "o", color=BLUE, markersize=3)
    axes.set_ylim(bottom=0)
    name_axes(axes, "Lift", "share of rows, highest scores first", "lift")


def plot_scores(axes: Axes, scored: Scored, names: Sequence[str]) -> None:
    """How the scores of each class are distributed: of the positive class, else of the row's true class."""
    true = codes(scored)
    shown = scored.p if scored.p.ndim == 1 else scored.p[np.arange(len(true)), true]
    edges = np.linspace(0, 1, _BINS + 1)
    frequent = np.argsort(-np.bincount(true, minlength=len(names)), kind="stable")[: len(CLASS_COLOURS)]
    for code in sorted(frequent):
        counts = np.histogram(shown[true == code], edges)[0]
        shares = counts / max(counts.sum(), 1)
        axes.stairs(shares, edges, color=CLASS_COLOURS[code % len(CLASS_COLOURS)], label=shorten(names[code], 16))
    if scored.p.ndim == 1:
        axes.axvline(scored.threshold, color=RED, linestyle="--", linewidth=1)
    axes.legend(fontsize=7, title="true class", title_fontsize=7)
    what = "probability of the positive class" if scored.p.ndim == 1 else "probability of the true class"
    name_axes(axes, "Scores by class", what, "share of the class")


def plot_calibration(axes: Axes, table: pd.DataFrame) -> None:
    """Observed frequency against predicted probability, with intervals."""
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    above, below = table["high"] - table["observed"], table["observed"] - table["low"]
    ends = np.clip(np.vstack([below, above]), 0, None)
    axes.errorbar(table["predicted"], table["observed"], yerr=ends, fmt="o-", color=BLUE, markersize=4, capsize=2)
    name_axes(axes, "Calibration (bins of equal size)", "predicted probability", "observed frequency")


def _cumulate(scored: Scored) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Found positives, false alarms and where a new score begins, by falling score, thinned out."""
    order = np.argsort(-scored.p, kind="stable")
    hit = scored.y[order] == 1
    last = np.flatnonzero(np.r_[np.diff(scored.p[order]) != 0, True])
    last = last[np.unique(np.linspace(0, len(last) - 1, min(len(last), _POINTS)).astype(int))]
    return np.cumsum(hit)[last], np.cumsum(~hit)[last], last + 1
