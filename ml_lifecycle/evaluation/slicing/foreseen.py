"""How wrong predictions let expect themselves to be: what a slice may cost without the model being at fault there.

Rows near a boundary of classes, or with a large expected value, are predicted worse than others by the best model too.
A slice of such rows is worth telling, but only what is worse than foreseen speaks against the model.
"""

from __future__ import annotations

import numpy as np

from ml_lifecycle.evaluation.measures import labels as label_measures
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.metrics import Metric

#: Bins of the prediction, in which the mean loss is taken for what was to be expected.
BINS = 20


def foreseen_losses(metric: Metric, scored: Scored) -> np.ndarray:
    """The loss of each row that its prediction lets expect, shape (n,).

    Of probabilities, the mean of the loss over the classes that they name. Else the mean loss of rows of about the same
    prediction; in ranking that of all queries.

    Args:
        metric: The metric, whose `row_losses` these are the expectation of.
        scored: Truth and predictions.
    """
    metric = metric.row_metric
    losses = metric.row_losses(scored)
    if scored.query is not None:
        return np.full(len(losses), np.nanmean(losses)) if np.isfinite(losses).any() else losses
    by_class = _BY_CLASS.get(metric.name)
    if by_class is not None and label_measures.are_probabilities(scored):
        p = scored.p if scored.p.ndim > 1 else np.column_stack([1 - scored.p, scored.p])
        return by_class(np.clip(p, 0, 1), label_measures.label(metric.score(scored.y, scored.p)))
    return _by_prediction(losses, scored.p if scored.p.ndim == 1 else scored.p.max(axis=1))


def _entropy(p: np.ndarray, predicted: np.ndarray) -> np.ndarray:  # noqa: ARG001 - all take both
    kept = np.clip(p, label_measures.CLIP, 1)
    return np.asarray(-np.einsum("ij,ij->i", p, np.log(kept)))


def _variance(p: np.ndarray, predicted: np.ndarray) -> np.ndarray:  # noqa: ARG001 - all take both
    spread = p.sum(axis=1) - np.einsum("ij,ij->i", p, p)
    return np.asarray(spread / 2 if p.shape[1] == 2 else spread)  # noqa: PLR2004 - the score of two classes counts one


def _mistake(p: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return np.asarray(1 - p[np.arange(len(p)), predicted])


_BY_CLASS = {"log_loss": _entropy, "brier": _variance, "accuracy": _mistake}


def _by_prediction(losses: np.ndarray, p: np.ndarray) -> np.ndarray:
    counted = np.isfinite(losses)
    if not counted.any():
        return losses
    place = np.searchsorted(np.unique(np.quantile(p, np.arange(1, BINS) / BINS)), p)
    rows = np.bincount(place[counted], minlength=BINS)
    sums = np.bincount(place[counted], losses[counted], BINS)
    means = np.where(rows > 0, sums / np.maximum(rows, 1), losses[counted].mean())
    return np.asarray(means[place])
