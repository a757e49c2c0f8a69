"""Folds in time: which rows a fold learns from and judges, so that nothing is learnt from what comes later.

The other folds, and what a fold is, are in `folds`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.errors import DataError

Mask = npt.NDArray[np.bool_]


class Sides(NamedTuple):
    """One fold by masks over the training rows, (n,) bool each: what is learnt from and what is judged."""

    train: Mask
    judged: Mask


@dataclass(frozen=True, slots=True)
class Spans:
    """From when to when each label is in the making.

    Args:
        begin: (n,) event time; NaT where it is not known.
        end: (n,) when the outcome became known; the event time where that is not recorded.
    """

    begin: pd.Series
    end: pd.Series


def read_spans(rows: pd.DataFrame, config: DatasetConfig) -> Spans:
    """The spans of labels, from `event_time` and, where it is named, `outcome_time`."""
    begin = parse_times(rows[config.event_time]).column.reset_index(drop=True)
    if config.outcome_time is None:
        return Spans(begin, begin)
    known = parse_times(rows[config.outcome_time]).column.reset_index(drop=True)
    return Spans(begin, known.where(known > begin, begin))


def rolling_sides(rows: pd.DataFrame, config: DatasetConfig) -> Iterator[Sides]:
    """Learn from all that is older than a block and known before it, judge the block; then the next.

    A row whose group was learnt from is not judged, as in a split by time.
    """
    spans, folds = read_spans(rows, config), config.split.folds
    blocks = _blocks(spans.begin, folds.n + 1)
    for block in range(1, folds.n + 1):
        judged = blocks == block
        train = _known_before(spans, spans.begin[judged].min(), folds.gap_days)
        yield Sides(train, judged & ~_shares_group(rows, config, train))


def purged_sides(rows: pd.DataFrame, config: DatasetConfig) -> Iterator[Sides]:
    """Judge a block, learn from what is before and after it, without labels that overlap with it and the embargo.

    A row whose group is judged is not learnt from.
    """
    spans, folds = read_spans(rows, config), config.split.folds
    blocks = _blocks(spans.begin, folds.n)
    embargo = pd.Timedelta(days=folds.gap_days)
    for block in range(folds.n):
        judged = blocks == block
        before = _known_before(spans, spans.begin[judged].min(), folds.gap_days)
        after = (spans.begin > spans.end[judged].max() + embargo).to_numpy()
        train = (before | after) & (blocks >= 0) & ~judged
        yield Sides(train & ~_shares_group(rows, config, judged), judged)


def _known_before(spans: Spans, moment: pd.Timestamp, gap_days: float) -> Mask:
    early = spans.begin < moment - pd.Timedelta(days=gap_days)
    mask: Mask = (early & (spans.end < moment)).to_numpy()
    return mask


def _blocks(moments: pd.Series, count: int) -> npt.NDArray[np.intp]:
    """The block of each row, about equally many rows in each; equal times are never cut apart; -1 without a time."""
    distinct, place, rows = np.unique(moments.dropna().to_numpy(), return_inverse=True, return_counts=True)
    if len(distinct) < count:
        raise DataError(
            "the training rows cannot be cut into blocks of time",
            expected=f"at least {count} distinct times",
            got=f"{len(distinct)}",
            advice="ask for fewer folds under dataset.split.folds, or for another method",
        )
    middle = (np.cumsum(rows) - rows / 2) / rows.sum()
    wanted = np.minimum((middle * count).astype(np.intp), count - 1)
    blocks = np.full(len(moments), -1, dtype=np.intp)
    blocks[moments.notna().to_numpy()] = _without_holes(wanted, count)[place]
    return blocks


def _without_holes(wanted: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """Blocks that rise by one at most from time to time, and are none of them empty, as near to the wanted as can be.

    >>> _without_holes(np.array([0, 3, 3, 3, 3]), 4).tolist()
    [0, 1, 2, 3, 3]
    """
    steps = np.arange(len(wanted))
    bounded = np.minimum(np.maximum(wanted, count - len(wanted) + steps), steps)
    blocks: npt.NDArray[np.intp] = steps + np.minimum.accumulate(bounded - steps)
    return blocks


def _shares_group(rows: pd.DataFrame, config: DatasetConfig, others: Mask) -> Mask:
    """Rows of a group that one of the others belongs to."""
    if config.group is None:
        return np.zeros(len(rows), dtype=bool)
    codes, _ = pd.factorize(rows[config.group], use_na_sentinel=False)
    shared: Mask = np.isin(codes, codes[others])
    return shared
