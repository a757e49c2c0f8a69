"""Ranking metrics: means over queries. How they are resampled lives in `inference/resampling`.

A query in which nothing is relevant cannot be ranked well or badly: it is left out.
A query's value stands on its first row, so that resampling by query works as for any other grouped rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml_lifecycle.errors import TargetError
from ml_lifecycle.evaluation.measures.forms import Scored, Sums, divide, ratio

#: Above this grade the gain 2^grade leaves no digits for the others.
_LARGEST_GRADE = 50


class _Ranked:
    """Rows by query and falling key; tied rows in an order that knows neither target nor position in the table."""

    def __init__(self, scored: Scored, key: np.ndarray) -> None:
        if scored.query is None:
            msg = "expected the query of each row for a ranking metric, got none"
            raise ValueError(msg)
        chance = np.random.default_rng(0).permutation(len(key))
        self.order = np.lexsort((chance, -key, scored.query))
        query = scored.query[self.order]
        first = np.r_[True, query[1:] != query[:-1]]
        self.starts = np.flatnonzero(first)
        self.place = np.arange(len(key)) - self.starts[np.cumsum(first) - 1]
        ordered = key[self.order]
        self.tie_starts = np.flatnonzero(first | np.r_[True, ordered[1:] != ordered[:-1]])

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sums per query of values in this order."""
        return np.add.reduceat(values, self.starts)

    def even(self, values: np.ndarray) -> np.ndarray:
        """Values in this order, with the mean of tied rows for each of them."""
        sizes = np.diff(np.r_[self.tie_starts, len(values)])
        return np.repeat(np.add.reduceat(values, self.tie_starts) / sizes, sizes)


def _grades(scored: Scored) -> np.ndarray:
    low, high = float(scored.y.min()), float(scored.y.max())
    if low < 0 or high > _LARGEST_GRADE:
        raise TargetError(
            "the target cannot be ranked by",
            expected=f"grades of relevance from 0 to {_LARGEST_GRADE}, such as 0 to 4",
            got=f"numbers from {low:g} to {high:g}",
            advice="turn the target into few grades, or make the task a regression",
        )
    return scored.y.astype(np.float64)


def _per_query(scored: Scored, values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    assert scored.query is not None, "a ranked set of rows has queries"  # noqa: S101 - `_Ranked` refused it before
    first = np.unique(scored.query, return_index=True)[1]
    out = np.zeros((len(scored.y), 2))
    out[first, 0] = np.where(counted, values, 0)
    out[first, 1] = counted
    return out


def ndcg(at: int) -> Sums:
    """Normalised discounted cumulative gain of the first rows of each query.

    Gain 2^grade - 1 and discount 1/log2(1 + place), as LightGBM has it; tied rows share the mean of their discounts
    (McSherry and Najork 2008), so that a constant score gets what chance gets.

    Args:
        at: How many first rows count.
    """

    def discounted(ranked: _Ranked, gain: np.ndarray) -> np.ndarray:
        discount = np.where(ranked.place < at, 1 / np.log2(ranked.place + 2), 0)
        return ranked.sum(gain[ranked.order] * ranked.even(discount))

    def figures(scored: Scored) -> np.ndarray:
        grades = _grades(scored)
        gain = np.exp2(grades) - 1
        reached = discounted(_Ranked(scored, scored.p), gain)
        ideal = discounted(_Ranked(scored, grades), gain)
        return _per_query(scored, divide(reached, ideal, 0), ideal > 0)

    return Sums(figures, ratio)


def _of_relevant(value: Callable[[_Ranked, np.ndarray], np.ndarray]) -> Sums:
    def figures(scored: Scored) -> np.ndarray:
        ranked = _Ranked(scored, scored.p)
        relevant = (_grades(scored) > 0)[ranked.order].astype(np.float64)
        return _per_query(scored, value(ranked, relevant), ranked.sum(relevant) > 0)

    return Sums(figures, ratio)


def _reciprocal_rank(ranked: _Ranked, relevant: np.ndarray) -> np.ndarray:
    return np.maximum.reduceat(relevant / (ranked.place + 1), ranked.starts)


def _average_precision(ranked: _Ranked, relevant: np.ndarray) -> np.ndarray:
    found = np.cumsum(relevant)
    before = np.repeat((found - relevant)[ranked.starts], np.diff(np.r_[ranked.starts, len(relevant)]))
    precision = (found - before) / (ranked.place + 1)
    return divide(ranked.sum(precision * relevant), ranked.sum(relevant), 0)


def precision(at: int) -> Sums:
    """The share of relevant rows among the first rows of each query; tied rows share their places evenly.

    Args:
        at: How many first rows count; a query with fewer rows cannot reach 1.
    """
    return _of_relevant(lambda ranked, relevant: ranked.sum(relevant * ranked.even(1.0 * (ranked.place < at))) / at)


MRR = _of_relevant(_reciprocal_rank)
MAP = _of_relevant(_average_precision)
