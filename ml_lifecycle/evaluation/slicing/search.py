"""Slices found by search: conditions on one to three columns under which rows are predicted worst.

In the manner of SliceFinder (Chung et al. 2019): a beam of conjunctions over binned columns, judged by the mean loss of
their rows. What is different: some of the rows search and the others confirm, so that the gaps that are reported are
not the luck of the search. The beam itself lives in `beam`, how columns are cut in `cuts`; what
the table says, in `slices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.inference.resampling import Units, influence, standard_error
from ml_lifecycle.evaluation.measures.forms import Linear, ratio
from ml_lifecycle.evaluation.slicing.beam import FEWEST, Beam, Conditions
from ml_lifecycle.evaluation.slicing.cuts import Cut, cut_columns

#: Half of the rows search, at most so many: more find hardly more, and the others confirm the better.
SEARCH_ROWS = 50_000
#: Slices that are handed on to be confirmed: of the largest loss, and of the loss that is most beyond the foreseen.
MOST_SLICES, MOST_UNFORESEEN = 10, 5
_STREAM = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A slice that looks bad among the rows that searched.

    Args:
        name: Its conditions in words.
        columns: The columns they are on.
        rows: All rows of it, as a mask.
        parents: The slices with one condition less, as masks; empty for one condition.
    """

    name: str
    columns: tuple[str, ...]
    rows: np.ndarray
    parents: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, and which rows took no part in it.

    Args:
        slices: Slices that look bad: first those that are worse than foreseen, then those of the largest loss.
        held: Rows that did not search, as a mask: what is said of the slices is to be measured on them.
    """

    slices: tuple[Found, ...]
    held: np.ndarray


def search_slices(
    frame: pd.DataFrame,
    losses: np.ndarray,
    *,
    columns: Sequence[str],
    depth: int,
    min_rows: int,
    foreseen: np.ndarray | None = None,
    units: np.ndarray | None = None,
    tail: float = 0.025,
    seed: int = 0,
) -> SearchResult:
    """Look for the slices of the largest mean loss.

    Slices are ordered by how far their mean loss is above that of all rows at least, at a level corrected for all that
    were looked at. Of slices that largely coincide one is kept.

    Args:
        frame: Raw rows, n of them.
        losses: How wrong each row is, shape (n,); NaN for rows that do not count.
        columns: What slices are made of.
        depth: The most columns of a slice.
        min_rows: Smaller slices are not looked at.
        foreseen: The loss of each row that was to be expected, shape (n,): slices are then also looked for where the
            loss is beyond it, so that slices of hard rows do not hide those that the model has no excuse for.
        units: Group of each row where rows are not independent, shape (n,): groups search or confirm as a whole.
        tail: Probability beyond the bound of a mean loss.
        seed: Seed of the draw of the rows that search.
    """
    searching = _draw(len(losses), units, seed)
    counted = np.flatnonzero(searching & np.isfinite(losses))
    fewest = max(FEWEST, int(min_rows * len(counted) / max(1, len(losses))))
    if len(counted) < 2 * fewest or depth < 1:
        return SearchResult((), ~searching)
    whole = list(cut_columns(frame, columns, min_rows=min_rows))
    cuts = [Cut(cut.column, cut.codes[counted], cut.bins, cut.names, cut.spans) for cut in whole]
    chosen: list[Conditions] = []
    if foreseen is not None:
        chosen = Beam(cuts, (losses - foreseen)[counted], fewest, tail).run(depth, MOST_UNFORESEEN)
    chosen += Beam(cuts, losses[counted], fewest, tail).run(depth, MOST_SLICES, chosen)
    return SearchResult(tuple(_found(whole, conditions) for conditions in chosen), ~searching)


def surely_worse(
    losses: np.ndarray, rows: np.ndarray, others: np.ndarray, units: Units, *, tail: float, margin: float = 0.0
) -> bool:
    """Whether the mean loss of some rows is surely above that of others, at a one-sided level.

    Args:
        losses: Shape (n,); NaN for rows that do not count.
        rows: The ones, as a mask.
        others: The others, as a mask; what both have counts as the ones.
        units: What is independent, of the n rows.
        tail: Probability of saying so by chance.
        margin: By how much it must be above at least.
    """
    from scipy import special

    counted = np.isfinite(losses)
    ones, rest = rows & counted, others & ~rows & counted
    loss = np.where(counted, losses, 0)
    linear = Linear(np.column_stack([loss * ones, ones, loss * rest, rest]), _difference)
    found = influence(linear, units)
    gap = float(_difference(linear.rows.sum(axis=0)))
    return bool(gap - margin > special.stdtrit(max(1, len(found) - 1), 1 - tail) * standard_error(found))


def _difference(sums: np.ndarray) -> np.ndarray:
    return np.asarray(ratio(sums[..., :2]) - ratio(sums[..., 2:]))


def _draw(rows: int, units: np.ndarray | None, seed: int) -> np.ndarray:
    """The rows that search: half of them at most, in whole groups."""
    drawn = Units.of(rows, units)
    share = min(0.5, SEARCH_ROWS / rows)
    taken = np.random.default_rng([seed, _STREAM]).permutation(drawn.count) < share * drawn.count
    return np.asarray(taken if drawn.index is None else taken[drawn.index])


def _found(cuts: Sequence[Cut], conditions: Conditions) -> Found:
    masks = [cuts[column].holds(condition) for column, condition in conditions]
    names = [cuts[column].name(condition) for column, condition in conditions]
    columns = tuple(cuts[column].column for column, _ in conditions)
    less = combinations(masks, len(masks) - 1) if len(masks) > 1 else ()
    parents = tuple(np.logical_and.reduce(parts) for parts in less)
    return Found(" & ".join(names), columns, np.logical_and.reduce(masks), parents)
