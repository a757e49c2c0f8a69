"""Pictures of a search: its course, which hyperparameters mattered, what good trials have in common, the final curve.

How trials are read lives in `search_table`; how a picture is made, in `pictures`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.plots.pictures import BLUE, GREY, RED, Paint, draw_png, name_axes, shorten
from ml_lifecycle.evaluation.plots.search_table import Searched, complete_trials, parameter_importance, read_parameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_BARS = 12
_MOST_AXES = 7
_MOST_LINES = 200
_POINTS = 400
#: Few trials far behind the others would flatten the rest: the picture's range leaves out so many of the worst.
_WORST_SHARE = 0.1
_FEW_TICKS = 3
#: What stands behind a figure that lines would cross.
_PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5}


def draw_search(
    trials: pd.DataFrame,
    *,
    greater_is_better: bool,
    metric: str = "score",
    curve: np.ndarray | pd.DataFrame | None = None,
    importance: pd.DataFrame | None = None,
) -> dict[str, bytes]:
    """Draw a search.

    Args:
        trials: One row per trial: `number`, `state`, `value`, `params` (JSON); trials on fewer `rows` than others are
            shown, not compared.
        greater_is_better: Whether a larger value is a better one.
        metric: What the value is.
        curve: Scores of the final fit after each round, shape (rounds,), NaN where none was taken; or a table with
            them in its last column, and maybe `round`.
        importance: `parameter` and `share`, where the search has computed them; else they are computed here.

    Returns:
        PNG bytes by name: `search_history`, `parameter_importance`, `parallel_coordinates`, `loss_curve`; what there
        are too few trials for is left out.
    """
    if importance is None or not len(importance):
        importance = parameter_importance(trials)
    done = complete_trials(trials)
    found: dict[str, Paint] = {}
    if len(trials):
        found["search_history"] = lambda axes: _history(axes, trials, done, metric, up=greater_is_better)
    if len(importance):
        shares = importance
        found["parameter_importance"] = lambda axes: _importance(axes, shares)
    searched = _by_importance(read_parameters(done), importance)
    if len(done) > 1 and searched:
        found["parallel_coordinates"] = lambda axes: _parallel(axes, done, searched, metric, up=greater_is_better)
    rounds, scores = _read_curve(curve)
    if len(scores):
        found["loss_curve"] = lambda axes: _curve(axes, rounds, scores, metric, up=greater_is_better)
    return {name: draw_png(paint) for name, paint in found.items()}


def _history(axes: Axes, trials: pd.DataFrame, done: pd.DataFrame, metric: str, *, up: bool) -> None:
    """Values by trial, the best so far, and where trials were stopped early."""
    ordered = done.sort_values("number")
    partial = trials[(trials["state"] == "complete") & ~trials["number"].isin(done["number"])]
    ended = trials[trials["state"] != "complete"]
    if len(ordered):
        so_far = ordered["value"].cummax() if up else ordered["value"].cummin()
        axes.scatter(ordered["number"], ordered["value"], s=14, color=BLUE, label="trial")
        axes.step(ordered["number"], so_far, where="post", color=RED, linewidth=1.2, label="best so far")
        _focus(axes, ordered["value"].to_numpy(), up=up)
    if len(partial):
        axes.scatter(
            partial["number"], partial["value"], s=14, facecolors="none", edgecolors=BLUE, label="on fewer rows"
        )
    if len(ended):
        low, high = axes.get_ylim()
        heights = ended["value"].fillna(low).clip(low, high) if len(ordered) else ended["value"].fillna(0)
        axes.scatter(ended["number"], heights, s=16, marker="x", color=GREY, clip_on=False, label="ended early")
    axes.legend(fontsize=7, frameon=False, labelspacing=0.2)
    name_axes(axes, "Search: trials and the best so far", "trial", metric)


def _focus(axes: Axes, values: np.ndarray, *, up: bool) -> None:
    """Let the few worst trials leave the picture rather than flatten the others."""
    low, high = float(values.min()), float(values.max())
    if up:
        low = float(np.quantile(values, _WORST_SHARE))
    else:
        high = float(np.quantile(values, 1 - _WORST_SHARE))
    room = (high - low) * _WORST_SHARE or max(abs(high), 1.0) * 0.01
    axes.set_ylim(low - room, high + room)


def _importance(axes: Axes, table: pd.DataFrame) -> None:
    shown = table.nlargest(_MOST_BARS, "share").iloc[::-1]
    axes.barh([shorten(name) for name in shown["parameter"]], shown["share"], color=BLUE)
    name_axes(axes, "Importance of hyperparameters", "share", "")


def _by_importance(searched: list[Searched], importance: pd.DataFrame) -> list[Searched]:
    share = dict(zip(importance["parameter"], importance["share"], strict=True)) if len(importance) else {}
    return sorted(searched, key=lambda item: -share.get(item.name, 0.0))[:_MOST_AXES]


def _parallel(axes: Axes, done: pd.DataFrame, searched: list[Searched], metric: str, *, up: bool) -> None:
    """A line per trial through its hyperparameters; the darker the better, the best one red."""
    from matplotlib.collections import LineCollection

    order = np.argsort(done["value"].to_numpy() * (1 if up else -1), kind="stable")[-_MOST_LINES:]  # the best last
    heights = np.column_stack([_scale(item.codes) for item in searched])[order]
    places = np.arange(len(searched))
    lines = [np.column_stack([places, row])[~np.isnan(row)] for row in heights]
    shade = np.linspace(0.1, 0.9, len(lines))
    widths, colours = [0.8] * len(lines), [(0.17, 0.42, 0.69, alpha) for alpha in shade]
    widths[-1], colours[-1] = 2.0, (0.77, 0.19, 0.19, 1.0)
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=widths))
    axes.set_xlim(-0.2, len(searched) - 0.5)
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([])
    axes.set_xticks(places, [shorten(item.name, 14) for item in searched], rotation=30, ha="right")
    for place, item in enumerate(searched):
        axes.axvline(place, color=GREY, linewidth=0.8, zorder=0)
        for height, text in _ticks(item):
            axes.text(place + 0.03, height, shorten(text, 10), fontsize=7, va="center", bbox=_PLATE)
    name_axes(axes, f"Trials by hyperparameters (dark: better {metric}; red: best)", "", "")


def _scale(codes: np.ndarray) -> np.ndarray:
    low, high = np.nanmin(codes), np.nanmax(codes)
    return np.asarray((codes - low) / (high - low))


def _ticks(item: Searched) -> list[tuple[float, str]]:
    """Heights and what is written there."""
    low, high = float(np.nanmin(item.codes)), float(np.nanmax(item.codes))
    if item.labels:
        used = np.unique(item.codes[~np.isnan(item.codes)])
        return [((code - low) / (high - low), item.labels[int(code)]) for code in used]
    write: Callable[[float], str] = lambda code: f"{10**code if item.log else code:.3g}"  # noqa: E731 - said once
    return [(share, write(low + share * (high - low))) for share in np.linspace(0, 1, _FEW_TICKS)]


def _read_curve(curve: np.ndarray | pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Rounds from 1 and their scores, without those that were not taken."""
    if curve is None or not len(curve):
        return np.empty(0), np.empty(0)
    if isinstance(curve, pd.DataFrame):
        scores = curve.iloc[:, -1].to_numpy(dtype=np.float64)
        rounds = curve["round"].to_numpy() if "round" in curve.columns else np.arange(1, len(scores) + 1)
    else:
        scores = np.asarray(curve, dtype=np.float64).ravel()
        rounds = np.arange(1, len(scores) + 1)
    known = np.isfinite(scores)
    return rounds[known], scores[known]


def _curve(axes: Axes, rounds: np.ndarray, scores: np.ndarray, metric: str, *, up: bool) -> None:
    best = int(np.argmax(scores) if up else np.argmin(scores))
    thin = np.unique(np.r_[np.linspace(0, len(scores) - 1, min(len(scores), _POINTS)).astype(int), best])
    axes.plot(rounds[thin], scores[thin], color=BLUE, marker="o" if len(scores) == 1 else "", linewidth=1.2)
    axes.axvline(float(rounds[best]), color=RED, linestyle="--", linewidth=1)
    name_axes(axes, f"Final fit by rounds (best: {scores[best]:.5g} at {rounds[best]:,})", "round", metric)
