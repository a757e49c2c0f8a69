"""DeLong's test: which of two models has the larger area under the ROC curve, on the same rows, without draws.

For two classes only. Any other metric is compared by the paired bootstrap of `significance`.
"""

from __future__ import annotations

from math import hypot, isnan, nan

import numpy as np

from ml_lifecycle.evaluation.inference.resampling import Units
from ml_lifecycle.evaluation.inference.significance import PairedDifference

_FEWEST = 2  # rows of each class, below which there is no variance


def compare_areas(
    y: np.ndarray,
    p_a: np.ndarray,
    p_b: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    margin: float = 0.0,
) -> PairedDifference:
    """Compare two areas under the ROC curve.

    The covariance of DeLong, DeLong and Clarke-Pearson (1988) by midranks in O(n log n) (Sun and Xu 2014). Student's t
    takes the place of the normal distribution, with the degrees of freedom of Welch over the two classes (as Brunner
    and Munzel 2000 do for one area), so that few positive rows do not look surer than they are. Rows in groups: the
    components are summed by group first (Obuchowski 1997).

    Args:
        y: 1 for positive rows, 0 else, shape (n,).
        p_a: Scores of model a, shape (n,).
        p_b: Scores of model b, shape (n,).
        groups: Group of each row where rows are not independent, shape (n,).
        confidence: Level of the two-sided interval; for a one-sided test at alpha ask for 1 - 2 alpha and read `low`.
        margin: The p-value is against the hypothesis that a is not better by more than this.
    """
    from scipy import special

    positive = np.asarray(y) == 1
    counts = int(positive.sum()), int((~positive).sum())
    if min(counts) < _FEWEST:
        return PairedDifference(nan, nan, nan, 1.0, nan, nan)
    (a, above_a), (b, above_b) = (_place(positive, np.asarray(p, dtype=np.float64)) for p in (p_a, p_b))
    difference = a - b
    error, freedom = _spread(above_a - above_b - difference, positive, groups)
    if error == 0 and difference != 0:
        error = abs(difference) * hypot(1 / (counts[0] + 1), 1 / (counts[1] + 1))  # as if one more row of each tied
    if isnan(error):
        return PairedDifference(difference, nan, nan, 1.0, a, b)
    reach = -float(special.stdtrit(freedom, (1 - confidence) / 2)) * error
    p_value = float(special.stdtr(freedom, (margin - difference) / error)) if error > 0 else 1.0
    return PairedDifference(difference, difference - reach, difference + reach, p_value, a, b)


def _place(positive: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray]:
    """The area, and for each row the share of the other class that it is ranked rightly against."""
    overall, within = _midranks(score), np.empty(len(score))
    within[positive], within[~positive] = _midranks(score[positive]), _midranks(score[~positive])
    count, rest = positive.sum(), (~positive).sum()
    right = np.where(positive, (overall - within) / rest, 1 - (overall - within) / count)
    return float(right[positive].mean()), right


def _midranks(score: np.ndarray) -> np.ndarray:
    """Ranks from 1, the mean rank for tied scores.

    >>> _midranks(np.array([0.3, 0.1, 0.3])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)])


def _spread(centred: np.ndarray, positive: np.ndarray, groups: np.ndarray | None) -> tuple[float, float]:
    """Standard error of the difference, and its degrees of freedom."""
    if groups is not None:
        units = Units.of(len(centred), groups)
        share = np.where(positive, 1 / positive.sum(), 1 / (~positive).sum())
        sums = units.sum((centred * share)[:, None])[:, 0]
        if units.count < _FEWEST:
            return nan, nan
        return float(np.sqrt(units.count / (units.count - 1) * (sums**2).sum())), units.count - 1.0
    parts = [centred[positive], centred[~positive]]
    variances = [float((part**2).sum() / (len(part) - 1) / len(part)) for part in parts]
    total = sum(variances)
    below = sum(variance**2 / (len(part) - 1) for variance, part in zip(variances, parts, strict=True))
    return float(np.sqrt(total)), total**2 / below if below > 0 else float(min(map(len, parts)) - 1)
