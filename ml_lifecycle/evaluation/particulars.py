"""`Particulars`: what may be known of held-out rows and their model, all of it optional; `report` asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypedDict

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.decided import Decide
from ml_lifecycle.evaluation.learning_curve import LearningCurve
from ml_lifecycle.evaluation.measures.costs import CostMatrix
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import FittedModel

#: Told the name of each part of an evaluation and the seconds it took.
OnPart: TypeAlias = Callable[[str, float], None]


class Particulars(TypedDict, total=False):
    """What `report.evaluate` may be told besides the rows.

    Args:
        predictions: Predictions of the rows where they are at hand; else they are made.
        metric: The primary metric; the kind's default where none is given.
        query: Query of each row, shape (n,); ranking only.
        groups: Group (or entity) of each row where rows are not independent, shape (n,); queries are so by themselves.
        columns: Columns the model is made from: disturbed, permuted, and sliced by where the limits name none; all
            columns of the rows by default.
        importance: The model's own importance by feature.
        classes: Names of the classes.
        seed: Seed of everything random; 0 by default.
        costs: Classification: what mistakes cost; `cost` is then among the metrics.
        extra: Names of further metrics, besides those of the configuration.
        threshold: Binary: the model's own threshold; that of the configuration by default.
        decide: Makes classes of predictions where the model has its own way (a threshold, thresholds by group, costs);
            metrics of labels, fairness and the confusion matrix heed it.
        times: Time of each row, shape (n,), datetime64; regression shows residuals over it.
        row_ids: What each row is called in the table of worst rows, shape (n,); its place by default.
        model: The fitted model, for SHAP values; without it there are none.
        extract: From raw rows to the model's features, for SHAP values.
        learn: Gives the learning curve, which is traced on training and validation rows; called where the
            configuration wants one.
        on_part: Told the seconds of each part.
    """

    predictions: np.ndarray | None
    metric: Metric | None
    query: np.ndarray | None
    groups: np.ndarray | None
    columns: Sequence[str]
    importance: Mapping[str, float] | None
    classes: Sequence[str]
    seed: int
    costs: CostMatrix | None
    extra: Sequence[str]
    threshold: float | None
    decide: Decide | None
    times: np.ndarray | None
    row_ids: np.ndarray | None
    model: FittedModel | None
    extract: Callable[[pd.DataFrame], FeatureMatrix] | None
    learn: Callable[[], LearningCurve] | None
    on_part: OnPart | None
