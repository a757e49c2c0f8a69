"""Which stored value was known at which time: the as-of join behind the feature store, and the gate that proves it.

Knows arrays and frames only. Where values are stored and Feast is spoken to: `store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.cells import is_missing
from ml_lifecycle.features.store_rows import to_times
from ml_lifecycle.verdict import Fact, Verdict

_NAMED = 5  # so many differing cells are told; the facts hold their number


class HistoricalSource(Protocol):
    """What the gate needs of a feature store."""

    entity: str
    event_time: str
    created: str | None

    def get_historical(self, entity_frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
        """The frame with one more column per feature, in its order."""
        ...


def find_rows(
    source_keys: pd.Series[Any],
    events: np.ndarray,
    created: np.ndarray | None,
    keys: pd.Series[Any],
    *,
    times: np.ndarray,
    ttl: np.timedelta64 | None,
) -> np.ndarray:
    """Find for each asked row the source row whose values were the newest known at its time.

    A source row is known from the later of its event and its creation. Of the known rows of an entity the one with the
    latest event counts, then the one created last, then the one that stands last: so a late correction of an old value
    never hides a newer value. One sort of both sides, O((n + m) log (n + m)).

    Args:
        source_keys: Entities of the source rows, shape (n,).
        events: Event times of the source rows, datetime64, shape (n,).
        created: When each source row was created, shape (n,); its event by default.
        keys: Entities asked for, shape (m,); missing and unseen ones find nothing.
        times: The time of each asked row, shape (m,); NaT finds nothing.
        ttl: How much older than its time a value may be; any age by default.

    Returns:
        Positions among the source rows, -1 where there is none, shape (m,).
    """
    codes, distinct = pd.factorize(source_keys)
    usable = np.flatnonzero((codes >= 0) & ~np.isnat(events) & ~(np.isnat(created) if created is not None else False))
    asked = pd.Index(distinct).get_indexer(pd.Index(keys)) if len(distinct) else np.full(len(keys), -1)
    history = _History.of(codes[usable], events[usable], None if created is None else created[usable])
    found = history.search(np.where(np.isnat(times), -1, asked), times)
    rows = np.full(len(keys), -1, dtype=np.int64)
    hit = found >= 0
    rows[hit] = usable[found[hit]]
    if ttl is not None:
        rows[hit] = np.where(events[rows[hit]] >= times[hit] - ttl, rows[hit], -1)
    return rows


@dataclass(frozen=True, slots=True)
class _History:
    """Rows sorted by entity and by when they were known, each with the newest row of its entity known by then."""

    codes: np.ndarray
    known: np.ndarray
    newest: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray, events: np.ndarray, created: np.ndarray | None) -> _History:
        place = np.arange(len(codes))
        known = events if created is None else np.maximum(events, created)
        by_newness = np.lexsort((place, events) if created is None else (place, created, events))
        rank = np.empty(len(codes), dtype=np.int64)
        rank[by_newness] = place
        order = np.lexsort((rank, known, codes))
        # Codes ascend along the order, so an entity's offset exceeds every rank of the entity before it.
        offset = codes[order].astype(np.int64) * len(codes)
        newest = np.maximum.accumulate(rank[order] + offset) - offset
        return cls(codes[order], known[order], by_newness[newest])

    def search(self, asked: np.ndarray, times: np.ndarray) -> np.ndarray:
        """The newest row of each asked code that was known at its time; -1 where there is none."""
        count = len(self.codes)
        is_ask = np.concatenate([np.zeros(count, dtype=bool), np.ones(len(asked), dtype=bool)])
        codes = np.concatenate([self.codes, asked])
        # The sort is stable: of rows known at once the last one stays last, and it knows the newest of them all.
        order = np.lexsort((is_ask, np.concatenate([self.known.astype(times.dtype), times]), codes))
        last = np.maximum.accumulate(np.where(is_ask[order], -1, np.arange(len(order))))
        rows = np.where(last >= 0, order[last], 0)
        same = (last >= 0) & (codes[rows] == codes[order])
        asks = is_ask[order]
        found = np.full(len(asked), -1, dtype=np.int64)
        found[order[asks & same] - count] = self.newest[rows[asks & same]]
        return found


def judge_point_in_time(
    store: HistoricalSource,
    entity_frame: pd.DataFrame,
    source_frame: pd.DataFrame,
    ttl: timedelta | None,
    *,
    features: Sequence[str],
    rows: int,
    seed: int,
) -> Verdict:
    """Judge whether the store's training set holds, row by row, what a search through the source finds, none later.

    Args:
        store: The feature store.
        entity_frame: Entities and times of the training set.
        source_frame: The rows that were written to the store.
        ttl: How old a value may be.
        features: What is asked of the store, as `view:column`.
        rows: How many rows of the entity frame are compared, drawn by chance.
        seed: Seed of that draw.

    Raises:
        DataError: The store does not answer with the rows that were asked for, in their order.
    """
    taken = entity_frame[[store.entity, store.event_time]].sample(min(rows, len(entity_frame)), random_state=seed)
    joined = store.get_historical(taken, features).reset_index(drop=True)
    if len(joined) != len(taken):
        raise DataError(
            "a training set has lost or gained rows", expected=f"{len(taken)} rows", got=f"{len(joined)} rows"
        )
    columns = [feature.partition(":")[2] for feature in features]
    asked = _settle(taken, [store.event_time])
    # Only the histories of the sampled entities are searched: a table may hold millions of others.
    of_asked = source_frame.loc[source_frame[store.entity].isin(taken[store.entity])]
    source = _settle(of_asked, _stamps(store), up=True)
    expected = _join_by_search(store, asked, source, columns, ttl)
    wrong = {column: _differ(joined[column], expected[column]) for column in columns}
    late = {
        column: _late(store, asked.assign(**{column: joined[column]}), source, column, wrong[column])
        for column in columns
    }
    cells, late_cells = (int(sum(flags.sum() for flags in counted.values())) for counted in (wrong, late))
    facts: dict[str, Fact] = {
        "rows": len(taken),
        "features": len(columns),
        "wrong_cells": cells,
        "late_cells": late_cells,
        "examples": cast("Fact", _tell(store, joined, expected, wrong)),
    }
    return Verdict(
        gate="point_in_time_correct",
        passed=not cells and len(taken) > 0,
        summary=f"{cells} cells of {len(taken)} training rows are not what was known then, {late_cells} of them are "
        "from later"
        if cells
        else f"{len(taken)} training rows hold what was known at their time and nothing later",
        facts=facts,
        advice="give rows to compare" if not len(taken) else "write and apply the view anew; if it stays, report it",
    )


def _stamps(store: HistoricalSource) -> list[str]:
    return [store.event_time, *([store.created] if store.created is not None else [])]


def _settle(frame: pd.DataFrame, columns: Sequence[str], *, up: bool = False) -> pd.DataFrame:
    """Times in one form and rows numbered, so that each can be named."""
    return frame.reset_index(drop=True).assign(
        **{column: to_times(frame[column].reset_index(drop=True), up=up) for column in columns}
    )


def _join_by_search(
    store: HistoricalSource,
    asked: pd.DataFrame,
    source: pd.DataFrame,
    columns: Sequence[str],
    ttl: timedelta | None,
) -> pd.DataFrame:
    """The slow and plain way: look through all rows of the entity for each asked row. Nothing of `find_rows`."""
    of_entity = dict(tuple(source.groupby(store.entity, sort=False)))
    answers = []
    for key, time in zip(asked[store.entity], asked[store.event_time], strict=True):
        rows = of_entity.get(key, source.iloc[:0])
        events = rows[store.event_time]
        made = rows[store.created] if store.created is not None else events
        known = (events <= time) & (made <= time)
        if ttl is not None:
            known &= events >= time - ttl
        stamps = pd.DataFrame({"event": events[known], "made": made[known]})
        newest = stamps.sort_values(["event", "made"], kind="stable").index[-1:]
        found = rows.loc[newest]
        answers.append([None if found.empty else found[column].iloc[-1] for column in columns])
    return pd.DataFrame(answers, columns=list(columns), index=asked.index, dtype=object)


def _differ(joined: pd.Series[Any], expected: pd.Series[Any]) -> np.ndarray:
    """Where two columns differ; missing equals missing."""
    pairs = zip(joined, expected, strict=True)
    return np.array([not _same(one, other) for one, other in pairs], dtype=bool)


def _same(one: object, other: object) -> bool:
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    return bool(one == other) or str(one) == str(other)


def _late(
    store: HistoricalSource, joined: pd.DataFrame, source: pd.DataFrame, column: str, wrong: np.ndarray
) -> np.ndarray:
    """Of the wrong cells those whose value the entity only has later."""
    late = np.zeros(len(joined), dtype=bool)
    for place in np.flatnonzero(wrong):
        row = joined.iloc[place]
        after = source.loc[
            (source[store.entity] == row[store.entity]) & (source[store.event_time] > row[store.event_time])
        ]
        late[place] = any(not pd.isna(value) and _same(value, row[column]) for value in after[column])
    return late


def _tell(
    store: HistoricalSource, joined: pd.DataFrame, expected: pd.DataFrame, wrong: dict[str, np.ndarray]
) -> list[str]:
    told = []
    for column, flags in wrong.items():
        for place in np.flatnonzero(flags)[:_NAMED]:
            row = joined.iloc[place]
            told.append(
                f"{row[store.entity]} at {row[store.event_time]}: {column} is {row[column]}, "
                f"expected {expected[column].iloc[place]}"
            )
    return told[:_NAMED]
