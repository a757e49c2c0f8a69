"""Predictions of training rows by models that did not learn from them, fold after fold.

The folds are made in `dataset/folds`; what is fitted on such predictions are a `calibrator` (`modeling.calibrate_on:
folds`) and whatever else must not see a model praise the rows it has learnt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.kept_fits import KeptFit, KeptFits, identify_refit
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.training import refit


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Predictions of rows that the predicting model had not seen.

    Args:
        row_ids: `_row_id` of the rows, shape (n,), fold after fold.
        y: Their encoded targets, shape (n,).
        predictions: float64, shape (n,), or (n, k) for k classes.
        fold: Number of the fold that judged the row, from 0, shape (n,).
        query: Ranking: the query of each row.
    """

    row_ids: np.ndarray
    y: np.ndarray
    predictions: np.ndarray
    fold: np.ndarray
    query: np.ndarray | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.y)


def predict_out_of_fold(
    train: Samples,
    folds: Iterable[tuple[np.ndarray, np.ndarray]],
    model: FittedModel,
    *,
    augment: Callable[[Samples], Samples] | None = None,
    kept: KeptFits | None = None,
) -> OutOfFold:
    """Fit a model's configuration on each fold, and predict the rows that the fold judges.

    Parameters, seed and number of rounds are the model's; nothing is stopped early, so that the judged rows decide
    nothing. The time is about that of fitting the model once for each fold. Rows that no fold judges (the first block
    of rolling folds, guessed labels) are left out.

    Args:
        train: Training rows as they are, not augmented.
        folds: `_row_id` of the rows to learn from and of those to judge, such as `dataset.folds.Folds`.
        model: The model whose configuration is meant; a blend is fitted again with its members and weights.
        augment: Augments the rows to learn from; the judged ones keep their true shares.
        kept: Where the models of finished folds are kept, so that a killed step goes on after them.

    Raises:
        ModelError: No fold holds rows of `train` on both sides, or the rows of a fold teach nothing.
    """
    parts, kept = [], kept or KeptFits()
    for number, (learnt_from, judged) in enumerate(folds):
        learning, judging = _pick(train, learnt_from), _pick(train, judged)
        if len(learning) == 0 or len(judging) == 0:
            continue
        fitted = refit_once(model, learning if augment is None else augment(learning), kept).model
        parts.append((number, judging, fitted.predict_matrix(judging.matrix)))
    kept.prune()
    if not parts:
        raise ModelError(
            "nothing can be predicted out of fold",
            expected="folds with training rows on both sides",
            got="none",
            advice="make the folds of the same rows, or set modeling.calibrate_on to validation",
        )
    queries = [judging.query for _, judging, _ in parts if judging.query is not None]
    return OutOfFold(
        row_ids=np.concatenate([judging.row_ids for _, judging, _ in parts]),
        y=np.concatenate([judging.y for _, judging, _ in parts]),
        predictions=np.concatenate([predictions for *_, predictions in parts]),
        fold=np.concatenate([np.full(len(judging), number) for number, judging, _ in parts]),
        query=np.concatenate(queries) if queries else None,
    )


def refit_once(model: FittedModel, train: Samples, kept: KeptFits) -> KeptFit:
    """Fit a model's configuration on other rows, or take the model of an earlier such fit.

    Args:
        model: The model whose configuration is meant.
        train: The rows to learn from.
        kept: Where finished fits are kept.

    Raises:
        ModelError: The rows teach nothing.
    """
    key = "" if kept.folder is None else identify_refit(model, train)
    found = kept.find(key)
    if found is None:
        began = time.monotonic()
        found = KeptFit(refit(model, train), time.monotonic() - began)
        kept.keep(key, found)
    return found


def _pick(samples: Samples, row_ids: np.ndarray) -> Samples:
    return samples.take(np.flatnonzero(np.isin(samples.row_ids, row_ids)))
