"""Placing members one after the other so that shares and classes come out even: for splits, and for folds.

Who is placed, and by which hash, is decided in `splits` and `folds`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]

_BATCH = 1_000_000  # rows that are turned into Python numbers at a time: a row costs 100 bytes there


def first_turns(fractions: Sequence[float]) -> Places:
    """The places of the first members, until each place has had a turn: the first place, then by Sainte-Lague's rule.

    >>> first_turns((0.7, 0.15, 0.15)).tolist()
    [0, 0, 1, 2]
    """
    shares = np.asarray(fractions)
    counts = np.zeros(len(shares))
    counts[0] = 1
    turns = [0]
    while not counts.all():
        place = int(np.argmax(shares / (2 * counts + 1)))
        counts[place] += 1
        turns.append(place)
    return np.asarray(turns, dtype=np.intp)


def balance_groups(codes: Places, classes: Places, candidates: Sequence[Places], shares: Sequence[float]) -> Places:
    """Place whole groups so that each place gets its share of each class; exact in what stays, approximate in shares.

    A group is placed at its first row and then stays: of its candidates it takes the place that lacks most of its share
    of that row's class, counting the rows that came before. What comes later can therefore move no group. Two random
    candidates with a look at the load are almost as even as a look at all places (Mitzenmacher 2001), and groups whose
    candidates agree do not depend on the order of rows at all. As long as some place has no row of the class, all
    places are candidates. A group whose later rows are of other classes than its first is balanced only by what later
    groups make up for.

    Args:
        codes: (n,) group of each row, numbered in order of appearance.
        classes: (n,) class of each row, from 0.
        candidates: For each draw, the place that it names for each group.
        shares: Share of each place; they sum to 1.

    Returns:
        The place of each group.
    """
    count = int(codes.max(initial=-1)) + 1
    chosen = [-1] * count
    options = list(zip(*(draw.tolist() for draw in candidates), strict=True))
    loads = [[0] * len(shares) for _ in range(int(classes.max(initial=-1)) + 1)]
    for begin in range(0, len(codes), _BATCH):
        part = slice(begin, begin + _BATCH)
        for group, label in zip(codes[part].tolist(), classes[part].tolist(), strict=True):
            load = loads[label]
            if chosen[group] < 0:
                chosen[group] = _most_lacking(load, shares, options[group])
            load[chosen[group]] += 1
    return np.asarray(chosen, dtype=np.intp)


def _most_lacking(load: Sequence[int], shares: Sequence[float], options: Sequence[int]) -> int:
    open_to = options if all(load) else range(len(load))
    # The least filled place by its share; of equal ones the first, which train is.
    return min(open_to, key=lambda place: (load[place] / shares[place], -shares[place], place))


def deal_groups(counts: npt.NDArray[np.float64], places: int, tiebreak: npt.NDArray[np.uint64]) -> Places:
    """Deal groups out to equally large places so that each gets its share of each class, the largest groups first.

    Greedy: a group goes to the place where the sum over classes of squared shares grows least.

    Args:
        counts: (groups, classes) rows of each group by class.
        places: Number of places.
        tiebreak: (groups,) hashes: the order of equally large groups.

    Returns:
        The place of each group.
    """
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    order = np.lexsort((tiebreak, -(shares**2).sum(axis=1)))
    loads = np.zeros((places, counts.shape[1]))
    chosen = np.empty(len(counts), dtype=np.intp)
    for group in order:
        growth = loads @ shares[group]
        place = int(np.lexsort((loads.sum(axis=1), growth))[0])
        chosen[group] = place
        loads[place] += shares[group]
    return chosen
