"""McNemar's test: which of two classifiers is right more often, judged by the rows that only one of them gets right.

For accuracy only. Any other metric is compared by the paired bootstrap of `significance`.
"""

from __future__ import annotations

from math import isnan, nan, sqrt

import numpy as np

from ml_lifecycle.evaluation.inference.resampling import Units
from ml_lifecycle.evaluation.inference.significance import PairedDifference

#: Fewer rows than this that only one model gets right are judged by the binomial distribution itself.
EXACT_BELOW = 100


def compare_hits(
    y: np.ndarray,
    p_a: np.ndarray,
    p_b: np.ndarray,
    *,
    threshold: float = 0.5,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    margin: float = 0.0,
) -> PairedDifference:
    """Compare how often two classifiers are right.

    The p-value is the binomial mid-p for few discordant rows (Fagerland, Lydersen and Laake 2013), else the normal
    approximation with continuity correction (Edwards 1948). With a margin, and for the interval: the adjusted Wald
    interval of Bonett and Price (2012). Rows in groups: sums by group, with Student's t (Durkalski et al. 2003).

    Args:
        y: Encoded classes, shape (n,).
        p_a: Probabilities of model a, shape (n,) or (n, k).
        p_b: Those of model b, same shape.
        threshold: Binary: probability from which the class is positive.
        groups: Group of each row where rows are not independent, shape (n,).
        confidence: Level of the two-sided interval; for a one-sided test at alpha ask for 1 - 2 alpha and read `low`.
        margin: The p-value is against the hypothesis that a is not right more often by more than this share of rows.
    """
    right_a, right_b = (_hits(y, np.asarray(p), threshold) for p in (p_a, p_b))
    n, a, b = len(right_a), float(right_a.mean()), float(right_b.mean())
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    if groups is not None:
        lead = right_a.astype(np.float64) - right_b
        low, high, p_value = _by_group(lead, Units.of(n, groups), (1 - confidence) / 2, margin)
    else:
        low, high, by_margin = _adjusted(only_a, only_b, n, (1 - confidence) / 2, margin)
        p_value = by_margin if margin else _p_of_discordant(only_a, only_b)
    return PairedDifference(a - b, low, high, p_value, a, b)


def _hits(y: np.ndarray, p: np.ndarray, threshold: float) -> np.ndarray:
    said = p >= threshold if p.ndim == 1 else p.argmax(axis=1)
    return np.asarray(said == np.asarray(y))


def _p_of_discordant(only_a: int, only_b: int) -> float:
    """One-sided: how likely so many or more of the discordant rows are a's where both are as good.

    >>> _p_of_discordant(0, 0), _p_of_discordant(3, 0)
    (1.0, 0.0625)
    """
    from scipy import special

    total = only_a + only_b
    if total == 0:
        return 1.0
    if total < EXACT_BELOW:
        at_least, more = special.bdtrc([only_a - 1, only_a], total, 0.5)
        return float((at_least + more) / 2)
    lead = only_a - only_b
    return float(special.ndtr(-(lead - np.sign(lead)) / sqrt(total)))


def _adjusted(only_a: int, only_b: int, n: int, tail: float, margin: float) -> tuple[float, float, float]:
    """The interval with one row added to each discordant count, and the p-value against a margin."""
    from scipy import special

    share_a, share_b = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    lead = share_a - share_b
    error = sqrt(max(share_a + share_b - lead**2, 0.0) / (n + 2))
    reach = -float(special.ndtri(tail)) * error
    p_value = float(special.ndtr((margin - lead) / error)) if error > 0 else 1.0
    return max(lead - reach, -1.0), min(lead + reach, 1.0), p_value


def _by_group(lead: np.ndarray, units: Units, tail: float, margin: float) -> tuple[float, float, float]:
    """The same from sums per group; a group's rows count once for how sure the difference is."""
    from scipy import special

    n, mean = len(lead), float(lead.mean())
    sums = units.sum((lead - mean)[:, None])[:, 0] / n
    error = sqrt(units.count / (units.count - 1) * float((sums**2).sum())) if units.count > 1 else nan
    if isnan(error) or error == 0:
        return (mean, mean, 1.0) if error == 0 and mean == 0 else (nan, nan, 1.0)
    freedom = units.count - 1
    reach = -float(special.stdtrit(freedom, tail)) * error
    return mean - reach, mean + reach, float(special.stdtr(freedom, (margin - mean) / error))
