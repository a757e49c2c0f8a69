"""Classification metrics that are functions of sums: those of labels, and mean losses of probabilities.

Those that depend on the order of the probabilities live in `curves`.
"""

from __future__ import annotations

import numpy as np

from ml_lifecycle.errors import ModelError
from ml_lifecycle.evaluation.measures.forms import Combine, Scored, Sums, divide, ratio

#: Probabilities are clipped this far from 0 and 1 in the logarithmic loss, as scikit-learn does for float64.
CLIP = float(np.finfo(np.float64).eps)
#: Bins of equal width in the expected calibration error (Naeini et al. 2015 use 10).
CALIBRATION_BINS = 10


def label(scored: Scored) -> np.ndarray:
    """Predicted class codes: by the threshold in the binary case, the most probable class else."""
    if scored.p.ndim == 1:
        return np.asarray(scored.p >= scored.threshold).astype(np.intp)
    return np.asarray(np.argmax(scored.p, axis=1))


def codes(scored: Scored) -> np.ndarray:
    """True class codes as integers."""
    return scored.y.astype(np.intp, copy=False)


def are_probabilities(scored: Scored) -> bool:
    """Whether the predictions lie between 0 and 1."""
    return bool(scored.p.min() >= -CLIP and scored.p.max() <= 1 + 1e-6)  # float32 soft-max may end a hair above 1


def probabilities(scored: Scored) -> np.ndarray:
    """The predictions, if they are probabilities.

    Raises:
        ModelError: Some lie outside 0 to 1.
    """
    if not are_probabilities(scored):
        low, high = float(scored.p.min()), float(scored.p.max())
        raise ModelError(
            "the predictions are no probabilities",
            expected="numbers from 0 to 1",
            got=f"numbers from {low:g} to {high:g}",
            advice="predict probabilities, or choose a metric that takes scores, such as roc_auc",
        )
    return scored.p


def _hits(scored: Scored) -> np.ndarray:
    hit = label(scored) == codes(scored)
    return np.column_stack([hit, np.ones(len(hit))]).astype(np.float64)


def label_counts(scored: Scored) -> np.ndarray:
    """Per row and class: predicted rightly, true, predicted; shape (n, 3k)."""
    predicted, true = label(scored), codes(scored)
    k = 2 if scored.p.ndim == 1 else scored.p.shape[1]
    rows = np.arange(len(true))
    out = np.zeros((len(true), 3, k))
    out[rows, 1, true] = 1
    out[rows, 2, predicted] = 1
    hit = predicted == true
    out[rows[hit], 0, true[hit]] = 1
    return out.reshape(len(true), 3 * k)


def _split(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = sums.reshape(*sums.shape[:-1], 3, -1)
    return parts[..., 0, :], parts[..., 1, :], parts[..., 2, :]


def _over_classes(scores: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """The mean over the classes that count: those that occur among the truths or the predictions."""
    return divide(np.where(counted, scores, 0).sum(axis=-1), counted.sum(axis=-1))


def _for_positive_or_macro(scores: np.ndarray, counted: np.ndarray) -> np.ndarray:
    return scores[..., 1] if scores.shape[-1] == 2 else _over_classes(scores, counted)  # noqa: PLR2004 - two classes


def _balanced_accuracy(sums: np.ndarray) -> np.ndarray:
    hit, true, _ = _split(sums)
    return _over_classes(divide(hit, true, 0), true > 0)


def _precision(sums: np.ndarray) -> np.ndarray:
    hit, true, predicted = _split(sums)
    return _for_positive_or_macro(divide(hit, predicted, 0), true + predicted > 0)


def _recall(sums: np.ndarray) -> np.ndarray:
    hit, true, predicted = _split(sums)
    return _for_positive_or_macro(divide(hit, true, 0), true + predicted > 0)


def _f1(sums: np.ndarray) -> np.ndarray:
    hit, true, predicted = _split(sums)
    return _for_positive_or_macro(divide(2 * hit, true + predicted, 0), true + predicted > 0)


def _f1_macro(sums: np.ndarray) -> np.ndarray:
    hit, true, predicted = _split(sums)
    return _over_classes(divide(2 * hit, true + predicted, 0), true + predicted > 0)


def _f1_weighted(sums: np.ndarray) -> np.ndarray:
    hit, true, predicted = _split(sums)
    return divide((divide(2 * hit, true + predicted, 0) * true).sum(axis=-1), true.sum(axis=-1))


def _mcc(sums: np.ndarray) -> np.ndarray:
    """Matthews' correlation in the form of Gorodkin (2004) for any number of classes."""
    hit, true, predicted = _split(sums)
    right, rows = hit.sum(axis=-1), true.sum(axis=-1)
    above = right * rows - (true * predicted).sum(axis=-1)
    below = (rows**2 - (predicted**2).sum(axis=-1)) * (rows**2 - (true**2).sum(axis=-1))
    return divide(above, np.sqrt(np.maximum(below, 0)), 0)


def _log_loss(scored: Scored) -> np.ndarray:
    p, true = probabilities(scored), codes(scored)
    own = np.where(true == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(len(true)), true]
    return np.column_stack([-np.log(np.clip(own, CLIP, 1 - CLIP)), np.ones(len(true))])


def _brier(scored: Scored) -> np.ndarray:
    p, true = probabilities(scored), codes(scored)
    rows = np.arange(len(true))
    # with classes: the sum over them of (p - 1[class is true])^2, without a one-hot matrix
    loss = (p - true) ** 2 if p.ndim == 1 else np.einsum("ij,ij->i", p, p) - 2 * p[rows, true] + 1
    return np.column_stack([loss, np.ones(len(true))])


def confidence_and_hit(scored: Scored) -> tuple[np.ndarray, np.ndarray]:
    """What calibration compares: the positive class and its probability, or the top class and whether it is right."""
    p, true = probabilities(scored), codes(scored)
    if p.ndim == 1:
        return p, true.astype(np.float64)
    return p.max(axis=1), (np.argmax(p, axis=1) == true).astype(np.float64)


def _calibration_gaps(scored: Scored) -> np.ndarray:
    confidence, hit = confidence_and_hit(scored)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    out = np.zeros((len(hit), CALIBRATION_BINS + 1))
    out[np.arange(len(hit)), bins] = hit - confidence
    out[:, -1] = 1
    return out


def _calibration_error(sums: np.ndarray) -> np.ndarray:
    return divide(np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1])


def _binary_share(below: int) -> Sums:
    """Precision (2) or recall (1): a share of rows in the binary case, a macro mean else."""

    def share(scored: Scored) -> np.ndarray | None:
        if scored.p.ndim != 1:
            return None
        counts = label_counts(scored).reshape(-1, 3, 2)[..., 1]
        return np.column_stack([counts[:, 0], counts[:, below]])

    combine: Combine = _precision if below == 2 else _recall  # noqa: PLR2004 - the column of `label_counts`
    return Sums(label_counts, combine, share)


ACCURACY = Sums(_hits, ratio, _hits)
BALANCED_ACCURACY = Sums(label_counts, _balanced_accuracy)
PRECISION = _binary_share(2)
RECALL = _binary_share(1)
F1 = Sums(label_counts, _f1)
F1_MACRO = Sums(label_counts, _f1_macro)
F1_WEIGHTED = Sums(label_counts, _f1_weighted)
MCC = Sums(label_counts, _mcc)
LOG_LOSS = Sums(_log_loss, ratio)
BRIER = Sums(_brier, ratio)
ECE = Sums(_calibration_gaps, _calibration_error, is_distance=True)
