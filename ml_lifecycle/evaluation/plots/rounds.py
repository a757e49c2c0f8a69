"""The picture of a model's scores by rounds, on training and on validation rows. How they are had: `round_scores`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ml_lifecycle.evaluation.plots.pictures import BLUE, GREY, draw_png, name_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_rounds(scores: pd.DataFrame, metric: str) -> dict[str, bytes]:
    """Draw both scores by rounds.

    Args:
        scores: `round`, `train` and `valid`, as `modeling.round_scores.trace_rounds` gives them.
        metric: What the score is.

    Returns:
        PNG bytes under `learning_by_rounds`; nothing where there are no scores.
    """
    if not len(scores):
        return {}

    def paint(axes: Axes) -> None:
        axes.plot(scores["round"], scores["train"], color=GREY, linewidth=1.2, label="training rows")
        axes.plot(scores["round"], scores["valid"], color=BLUE, linewidth=1.2, label="validation rows")
        axes.legend(fontsize=7, frameon=False, labelspacing=0.2)
        name_axes(axes, "Final model by rounds", "round", metric)

    return {"learning_by_rounds": draw_png(paint)}
