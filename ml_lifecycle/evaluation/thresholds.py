"""Models that call a row positive from different probabilities on, judged by one metric.

How a model's threshold is chosen lives in `modeling/threshold`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ml_lifecycle.evaluation.metrics import Metric

#: Metrics of what a row is called; all others read the probability itself.
BY_LABEL: Final = frozenset(
    {"accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1_macro", "f1_weighted", "mcc", "cost"}
)
_TINY: Final = 1e-12


def at_one_threshold(p: np.ndarray, metric: Metric, *, own: float | None, common: float) -> np.ndarray:
    """Predictions of a binary model, moved so that its own threshold lies where the metric looks for one.

    The log odds are shifted, so that the order stays. Only metrics of labels are meant: where the metric reads the
    probability itself, where nothing was chosen, and with several classes, the predictions stay as they are.

    Args:
        p: Predictions, shape (n,) or (n, k).
        metric: What is judged.
        own: The model's own threshold; None where nothing was chosen.
        common: The threshold that the metric is computed at.

    >>> from ml_lifecycle.evaluation.metrics import get_metric
    >>> at_one_threshold(np.array([0.2, 0.4]), get_metric("f1"), own=0.3, common=0.5).round(2).tolist()
    [0.37, 0.61]
    """
    if own is None or own == common or p.ndim > 1 or metric.name not in BY_LABEL:
        return p
    odds = _odds(np.clip(p, _TINY, 1 - _TINY)) * float(_odds(np.array(common)) / _odds(np.array(own)))
    moved = np.asarray(odds / (1 + odds))
    # Rounding must not change what a row is called.
    return np.where((p >= own) == (moved >= common), moved, np.where(p >= own, common, np.nextafter(common, 0)))


def _odds(p: np.ndarray) -> np.ndarray:
    return np.asarray(p / (1 - p))
