"""What values from folds say: an interval of their mean, and whether one way of making a model is better than another.

Folds share training rows, so their values are not independent and the ordinary t-test is far too sure. Who makes the
values lives in `validation/cross_validation`.
"""

from __future__ import annotations

from math import isnan, nan, sqrt

import numpy as np

from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.inference.significance import PairedDifference

_FEWEST = 2


def corrected_interval(
    values: np.ndarray, train_rows: np.ndarray, judged_rows: np.ndarray, *, confidence: float = 0.95
) -> Interval:
    """The mean over folds, and the interval it lies in for another draw of training and judged rows.

    Args:
        values: A value per fold, shape (k,).
        train_rows: Rows that each fold learnt from, shape (k,).
        judged_rows: Rows that each was judged on, shape (k,).
        confidence: Level of the two-sided interval.
    """
    from scipy import special

    mean, error, count = _error_of_mean(values, train_rows, judged_rows)
    if isnan(error):
        return Interval(mean, nan, nan)
    reach = -float(special.stdtrit(count - 1, (1 - confidence) / 2)) * error
    return Interval(mean, mean - reach, mean + reach)


def compare_folds(
    a: np.ndarray,
    b: np.ndarray,
    train_rows: np.ndarray,
    judged_rows: np.ndarray,
    *,
    greater_is_better: bool,
    confidence: float = 0.95,
    margin: float = 0.0,
) -> PairedDifference:
    """Compare two ways of making a model by their values on the same folds.

    The corrected resampled t-test (Nadeau and Bengio 2003): the variance of the mean is that of the differences times
    1/k + judged/train. Folds of different sizes (walk-forward) count with the mean of judged/train.

    Args:
        a: Values of a per fold, shape (k,).
        b: Values of b on the same folds, shape (k,).
        train_rows: Rows that each fold learnt from, shape (k,).
        judged_rows: Rows that each was judged on, shape (k,).
        greater_is_better: The metric's direction.
        confidence: Level of the two-sided interval.
        margin: The p-value is against the hypothesis that a is not better by more than this.
    """
    from scipy import special

    differences = (np.asarray(a) - np.asarray(b)) * (1 if greater_is_better else -1)
    mean, error, count = _error_of_mean(differences, train_rows, judged_rows)
    of_a, of_b = float(np.mean(a)), float(np.mean(b))
    if isnan(error):
        return PairedDifference(mean, nan, nan, 1.0, of_a, of_b)
    if error == 0:
        return PairedDifference(mean, mean, mean, 0.0 if mean > margin else 1.0, of_a, of_b)
    reach = -float(special.stdtrit(count - 1, (1 - confidence) / 2)) * error
    p_value = float(special.stdtr(count - 1, (margin - mean) / error))
    return PairedDifference(mean, mean - reach, mean + reach, p_value, of_a, of_b)


def _error_of_mean(values: np.ndarray, train_rows: np.ndarray, judged_rows: np.ndarray) -> tuple[float, float, int]:
    values = np.asarray(values, dtype=np.float64)
    count, mean = len(values), float(np.mean(values))
    if count < _FEWEST or isnan(mean):
        return mean, nan, count
    ratio = float(np.mean(np.asarray(judged_rows, dtype=np.float64) / np.asarray(train_rows)))
    return mean, sqrt(float(values.var(ddof=1)) * (1 / count + ratio)), count
