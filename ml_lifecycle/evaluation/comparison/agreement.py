"""How far the order of predictions agrees with the order of outcomes, whatever the kind of problem.

It tells a model that has become worse from labels that are turned round; how good a model is say the metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, isnan, nan, sqrt, tanh

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.inference.resampling import Units

#: Variance of Fisher's z of a rank correlation, times the units (Fieller, Hartley and Pearson 1957).
_RANK_VARIANCE = 1.06
_FEWEST = 4
_CERTAIN = 1 - 1e-12


@dataclass(frozen=True, slots=True)
class Agreement:
    """A rank correlation from -1 to 1, NaN where there is none, and how many independent units it is of."""

    value: float
    units: int

    def highest(self, alpha: float) -> float:
        """The upper end of its one-sided interval at `1 - alpha`; NaN for a handful of units."""
        from scipy import special

        if self.units < _FEWEST or isnan(self.value):
            return nan
        z = atanh(float(np.clip(self.value, -_CERTAIN, _CERTAIN)))
        return tanh(z + special.ndtri(1 - alpha) * sqrt(_RANK_VARIANCE / (self.units - 3)))


def agree(
    kind: Kind, y: np.ndarray, p: np.ndarray, query: np.ndarray | None = None, groups: np.ndarray | None = None
) -> Agreement:
    """Spearman's rank correlation of predictions and outcomes.

    Of several classes it is the mean over those that occur, each against the rest; in ranking both are taken as they
    differ from their query's mean.

    Args:
        kind: The kind of problem.
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).

    >>> found = agree(Kind.BINARY, np.array([0, 0, 1, 1, 1]), np.array([0.9, 0.8, 0.3, 0.2, 0.1]))
    >>> found.value < 0, found.units
    (True, 5)
    """
    units = Units.of(len(y), query if groups is None else groups).count
    if kind is Kind.MULTICLASS:
        found = [_rank_correlation(y == code, p[:, code]) for code in np.unique(y).astype(int) if code < p.shape[1]]
        known = [value for value in found if not isnan(value)]
        return Agreement(float(np.mean(known)) if known else nan, units)
    if query is not None:
        y, p = _within(y, query), _within(p, query)
    return Agreement(_rank_correlation(y, p), units)


def _within(values: np.ndarray, query: np.ndarray) -> np.ndarray:
    codes = np.unique(query, return_inverse=True)[1]
    means = np.bincount(codes, values) / np.bincount(codes)
    return np.asarray(values - means[codes])


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import rankdata

    ranks = [rankdata(np.asarray(values, dtype=float)) for values in (a, b)]
    spread = [float(np.std(values)) for values in ranks]
    if len(a) < _FEWEST or min(spread) == 0:
        return nan
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
