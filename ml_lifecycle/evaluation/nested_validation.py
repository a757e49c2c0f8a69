"""Nested cross-validation: a search anew inside every fold, the honest estimate of search and fit together.

The chosen configuration on folds, and the record of both, is `cross_validation`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.evaluation.cross_validation import CrossValidation, run_folds
from ml_lifecycle.evaluation.inner_split import split_inside
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.modeling.estimators import FittedModel, Goal
from ml_lifecycle.modeling.samples import Samples


def cross_validate_search(
    train: Samples,
    folds: Folds,
    *,
    goal: Goal,
    config: ModelingConfig,
    metric: Metric,
    seconds: float,
    metrics: Sequence[Metric] = (),
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    augmentation: AugmentationConfig | None = None,
    keep_predictions: bool = False,
) -> CrossValidation:
    """Search anew inside every fold, and judge what was found on the rows the fold left out (Cawley and Talbot 2010).

    Inside a fold the rows to learn from are divided once more: the newest of folds in time, whole groups or queries
    where there are any, else random rows are what its search is judged on.

    Args:
        train: Training rows with the selected features, not augmented.
        folds: Folds of them.
        goal: What is fitted.
        config: Family, space and budget of the search.
        metric: The primary metric, which the search optimises.
        seconds: Seconds of the search in each fold.
        metrics: What else is computed; all metrics of the kind of problem by default.
        groups: Group of each training row where rows are not independent, shape (n,).
        confidence: Level of the intervals.
        augmentation: What is done about rare classes; only in the rows that are learnt from.
        keep_predictions: Whether predictions out of fold are kept.

    Raises:
        DataError: A fold has no row of `train` on one side.
    """
    from ml_lifecycle.modeling.tuning import tune

    search = config.search.model_copy(update={"seconds": seconds, "validation": "holdout", "warm_start": False})
    config = config.model_copy(update={"search": search})
    group_of = None if groups is None else pd.Series(groups, index=train.row_ids)

    def make(learning: Samples, number: int) -> tuple[FittedModel, float | None]:
        inside = None if group_of is None else group_of.loc[learning.row_ids].to_numpy()
        inner, judged = split_inside(learning, in_time=folds.method in {"rolling", "purged"}, groups=inside, goal=goal)
        with tempfile.TemporaryDirectory() as folder:
            found = tune(
                learning.take(inner),
                learning.take(judged),
                kind=goal.kind,
                classes=goal.classes,
                config=config,
                score=metric,
                storage=Path(folder),
                study_name=f"fold_{number}",
                augmentation=augmentation,
            )
        return found.model, found.score

    return run_folds(
        train, folds, make, goal, metric, metrics=metrics, confidence=confidence, keep_predictions=keep_predictions
    )
