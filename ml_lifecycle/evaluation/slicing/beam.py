"""The beam search for conjunctions of conditions under which rows have a large mean loss.

Which rows search and which confirm is decided in `search`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from ml_lifecycle.evaluation.measures.forms import divide
from ml_lifecycle.evaluation.slicing.cuts import Cut

#: The best columns by themselves, which are combined with each other.
MOST_COLUMNS = 40
#: Conjunctions that are kept of a level.
BEAM = 200
#: Of two slices that share more than this of their rows (of all they have together) one is told.
OVERLAP = 0.5
#: A slice that overlaps with others is told when what it has besides them is at least so bad, as a share of the whole.
SIMILAR = 0.5
#: Fewest rows of a slice among those that search: below, its spread is hardly known.
FEWEST = 10
#: A part of a slice is told besides it when it is worse than the rest of the slice by so many standard errors.
_WORSE = 2.0
#: Pairs of the place of a column and the place of one of its conditions.
Conditions: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Level:
    """Slices of one number of columns, the worst first: how bad they are at least, and their conditions."""

    bounds: np.ndarray
    conditions: list[Conditions]

    @classmethod
    def of(cls, bounds: Sequence[np.ndarray], conditions: Sequence[Conditions]) -> _Level:
        """The worst of some slices."""
        known = np.concatenate([*bounds, np.zeros(0)])
        order = np.argsort(-known, kind="stable")[:BEAM]
        return cls(known[order], [conditions[place] for place in order])


class Beam:
    """The search for slices of the largest mean loss, among the rows that search."""

    def __init__(self, cuts: Sequence[Cut], losses: np.ndarray, fewest: int, tail: float) -> None:
        self.cuts, self.excess = cuts, losses - losses.mean()
        self.square = self.excess**2
        self.variance = np.asarray(self.square.mean())
        self.fewest, self.tail = fewest, tail
        self.member = [cut.membership() for cut in cuts]

    def run(self, depth: int, most: int, told: Sequence[Conditions] = ()) -> list[Conditions]:
        """The slices that are surely bad, the worst first, that say what those told before do not.

        Args:
            depth: The most columns of a slice.
            most: So many slices at most.
            told: Slices that were found before.
        """
        singles, best = self._singles()
        levels = [singles]
        if depth > 1:
            levels.append(self._pairs(best))
        for _ in range(2, depth):
            levels.append(self._extend(levels[-1], best))
        pool = [item for level in levels for item in zip(level.bounds, level.conditions, strict=True)]
        bad = [conditions for bound, conditions in sorted(pool, reverse=True) if bound > 0]
        return self._choose(bad, most, [self._mask(conditions) for conditions in told])

    def _singles(self) -> tuple[_Level, list[int]]:
        """Conditions by themselves, and the columns in the order of what their worst condition is like."""
        sums = [member @ self._by_bin(cut.codes, cut.bins) for cut, member in zip(self.cuts, self.member, strict=True)]
        reach = self._reach(sum(map(len, sums)))
        bounds = [self._bounds(part, reach) for part in sums]
        errors = [self._errors(part).max(initial=0.0) for part in sums]
        best = np.argsort(errors)[::-1][:MOST_COLUMNS]
        names: list[Conditions] = [((column, place),) for column, part in enumerate(sums) for place in range(len(part))]
        return _Level.of(bounds, names), sorted(map(int, best))

    def _pairs(self, columns: Sequence[int]) -> _Level:
        """All pairs of conditions on two columns: one table of sums per pair of columns."""
        pairs = list(combinations(columns, 2))
        looked_at = sum(len(self.member[a]) * len(self.member[b]) for a, b in pairs)
        reach, bounds = self._reach(looked_at), []
        names: list[Conditions] = []
        for a, b in pairs:
            one, other = self.cuts[a], self.cuts[b]
            table = self._by_bin(one.codes * other.bins + other.codes, one.bins * other.bins)
            sums = np.einsum("ip,pqs,jq->ijs", self.member[a], table.reshape(one.bins, other.bins, 3), self.member[b])
            found = self._bounds(sums.reshape(-1, 3), reach)
            top = _largest(found)
            bounds.append(found[top])
            width = len(self.member[b])
            names += [((a, place // width), (b, place % width)) for place in top.tolist()]
        return _Level.of(bounds, names)

    def _extend(self, level: _Level, columns: Sequence[int]) -> _Level:
        """Each slice of a level with one condition more, on a column that it has none on."""
        reach, bounds = self._reach(len(level.conditions) * sum(len(self.member[column]) for column in columns)), []
        names: list[Conditions] = []
        for conditions in level.conditions:
            rows = np.flatnonzero(self._mask(conditions))
            for column in set(columns) - {used for used, _ in conditions}:
                cut = self.cuts[column]
                found = self._bounds(self.member[column] @ self._by_bin(cut.codes[rows], cut.bins, rows), reach)
                top = _largest(found)
                bounds.append(found[top])
                names += [tuple(sorted((*conditions, (column, place)))) for place in top.tolist()]
        return _Level.of(bounds, names)

    def _choose(self, ordered: Sequence[Conditions], most: int, told: Sequence[np.ndarray]) -> list[Conditions]:
        chosen: list[Conditions] = []
        masks = [*told]
        for conditions in ordered:
            rows = self._mask(conditions)
            if self._adds(rows, masks):
                chosen.append(conditions)
                masks.append(rows)
            if len(chosen) == most:
                break
        return chosen

    def _adds(self, rows: np.ndarray, told: Sequence[np.ndarray]) -> bool:
        """Whether a slice says something that those told before it do not.

        It shares not too much with any of them. If it lies mostly within one, it must be worse than the rest of that;
        else what it has besides them must be about as bad as it is itself.
        """
        is_part = False
        for other in told:
            both = int((rows & other).sum())
            if both > OVERLAP * int((rows | other).sum()):
                return False
            if both > OVERLAP * int(rows.sum()):
                is_part = True
                if not self._worse(rows, other & ~rows):
                    return False
        if is_part or not told:
            return True
        more = rows & ~np.logical_or.reduce(told)
        return self._worse(more, ~rows) and bool(self.excess[more].mean() >= SIMILAR * self.excess[rows].mean())

    def _worse(self, rows: np.ndarray, others: np.ndarray) -> bool:
        one, other = self.excess[rows], self.excess[others]
        if min(len(one), len(other)) < self.fewest:
            return False
        error = np.sqrt(one.var() / len(one) + other.var() / len(other))
        return bool(one.mean() - other.mean() > _WORSE * error)

    def _mask(self, conditions: Conditions) -> np.ndarray:
        return np.asarray(np.logical_and.reduce([self.cuts[column].holds(place) for column, place in conditions]))

    def _by_bin(self, codes: np.ndarray, bins: int, rows: np.ndarray | None = None) -> np.ndarray:
        """Rows, sum and sum of squares of the excess in each bin, shape (bins, 3)."""
        excess, square = (self.excess, self.square) if rows is None else (self.excess[rows], self.square[rows])
        parts = (np.bincount(codes, weights, bins) for weights in (None, excess, square))
        return np.column_stack([*parts])

    def _bounds(self, sums: np.ndarray, reach: float) -> np.ndarray:
        """How far the mean loss is above that of all at least; -inf where there are too few rows, or almost all."""
        mean, error, enough = self._means(sums)
        return np.where(enough, mean - reach * error, -np.inf)

    def _errors(self, sums: np.ndarray) -> np.ndarray:
        """By how many standard errors the mean loss is above that of all."""
        mean, error, enough = self._means(sums)
        return np.where(enough, divide(mean, error, 0), 0)

    def _means(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows, total, squares = sums.T
        enough = (rows >= self.fewest) & (rows <= len(self.excess) - self.fewest)
        mean = divide(total, rows, 0)
        # as if one row were added that varies like all rows: where all have one loss, it is not known exactly
        variance = np.maximum(divide(squares, rows, 0) - mean**2, 0) + divide(self.variance, rows, 0)
        return mean, np.sqrt(divide(variance, rows, 0)), enough

    def _reach(self, looked_at: int) -> float:
        """The normal quantile at a level that is corrected for so many slices."""
        from scipy import special

        return -float(special.ndtri(self.tail / max(1, looked_at)))


def _largest(bounds: np.ndarray) -> np.ndarray:
    """Places of the largest positive bounds, at most as many as the beam has."""
    places = np.flatnonzero(bounds > 0)
    return places[np.argsort(-bounds[places], kind="stable")[:BEAM]]
