"""Which pictures belong to an evaluation. How they look lives in `classes`, `errors` and `models`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.explanation.shap_summary import Explanation
from ml_lifecycle.evaluation.learning_curve import LearningCurve
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.plots import classes as class_plots
from ml_lifecycle.evaluation.plots import errors as error_plots
from ml_lifecycle.evaluation.plots import models as model_plots
from ml_lifecycle.evaluation.plots.pictures import Paint, draw_png

#: Panels beside each other in the picture of partial dependence.
_ACROSS = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is to draw besides truth and predictions; an empty table draws nothing.

    Args:
        reliability: The reliability table.
        importance: The table of importances.
        slices: The table of slices.
        dependence: The table of partial dependence.
        explanation: SHAP values.
        learning: The learning curve.
        times: Time of each row, shape (n,).
    """

    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)
    slices: pd.DataFrame = field(default_factory=pd.DataFrame)
    dependence: pd.DataFrame = field(default_factory=pd.DataFrame)
    explanation: Explanation = field(default_factory=Explanation.empty)
    learning: LearningCurve | None = None
    times: np.ndarray | None = None


def draw(
    kind: Kind,
    scored: Scored,
    metric: Metric,
    found: Findings,
    *,
    classes: Sequence[str] = (),
    labelled: Scored | None = None,
    judged: Scored | None = None,
) -> dict[str, bytes]:
    """Draw what belongs to a kind of problem.

    Args:
        kind: The kind.
        scored: Truth and predictions.
        metric: The primary metric.
        found: What was found out.
        classes: Names of the classes.
        labelled: The predictions as metrics of labels see them; the same by default.
        judged: The predictions as the primary metric sees them; the same by default.

    Returns:
        PNG bytes by name, in the order in which they are shown.
    """
    names = list(classes) or [str(code) for code in range(scored.p.shape[1] if scored.p.ndim > 1 else 2)]
    panels = {
        **_of_classes(kind, scored, names, found.reliability, labelled or scored),
        **_of_errors(kind, judged or scored, metric, found),
        **_of_model(metric, found),
    }
    pictures = {name: draw_png(*paints) for name, paints in panels.items()}
    if len(found.dependence):
        parts = [table for _, table in found.dependence.groupby("column", sort=False)]
        paints = [partial(model_plots.plot_dependence, table=part) for part in parts]
        pictures["partial_dependence"] = draw_png(*paints, columns=_ACROSS)
    return pictures


def _of_classes(
    kind: Kind, scored: Scored, names: Sequence[str], reliability: pd.DataFrame, labelled: Scored
) -> dict[str, list[Paint]]:
    found: dict[str, list[Paint]] = {}
    if kind in (Kind.BINARY, Kind.MULTICLASS):
        found["confusion_matrix"] = [partial(class_plots.plot_confusion, scored=labelled, names=names)]
    if kind is Kind.BINARY and 0 < scored.y.sum() < len(scored.y):
        found["roc_curve"] = [partial(class_plots.plot_roc, scored=scored)]
        found["precision_recall_curve"] = [partial(class_plots.plot_precision_recall, scored=scored)]
        found["gain_and_lift"] = [
            partial(class_plots.plot_gain, scored=scored),
            partial(class_plots.plot_lift, scored=scored),
        ]
    if len(reliability):
        found["calibration"] = [partial(class_plots.plot_calibration, table=reliability)]
    if kind in (Kind.BINARY, Kind.MULTICLASS):
        found["scores_by_class"] = [partial(class_plots.plot_scores, scored=scored, names=names)]
    return found


def _of_errors(kind: Kind, scored: Scored, metric: Metric, found: Findings) -> dict[str, list[Paint]]:
    drawn: dict[str, list[Paint]] = {}
    if kind is Kind.REGRESSION:
        drawn["predicted_and_true"] = [partial(error_plots.plot_against_truth, scored=scored)]
        drawn["residuals"] = [
            partial(error_plots.plot_residuals, scored=scored),
            partial(error_plots.plot_residuals_by_prediction, scored=scored),
        ]
        if found.times is not None and not np.isnat(found.times).all():
            over_time = partial(error_plots.plot_residuals_over_time, scored=scored, times=found.times)
            drawn["residuals_over_time"] = [over_time]
    if kind is Kind.RANKING:
        drawn["per_query"] = [partial(error_plots.plot_queries, scored=scored, metric=metric)]
    if len(found.slices):
        whole = metric.function.value(scored)
        drawn["slices"] = [partial(error_plots.plot_slices, table=found.slices, metric=metric, whole=whole)]
    return drawn


def _of_model(metric: Metric, found: Findings) -> dict[str, list[Paint]]:
    drawn: dict[str, list[Paint]] = {}
    if len(found.importance):
        drawn["importance"] = [partial(model_plots.plot_importance, table=found.importance, metric=metric)]
    explained = found.explanation
    if len(explained.table):
        drawn["shap_summary"] = [partial(model_plots.plot_contributions, explained=explained)]
        if explained.contributions.ndim == 2:  # noqa: PLR2004 - one output: rows by features
            drawn["shap_summary"].insert(0, partial(model_plots.plot_swarm, explained=explained))
    if found.learning is not None and len(found.learning.points):
        drawn["learning_curve"] = [partial(model_plots.plot_learning, curve=found.learning)]
    return drawn
