"""History that goes on while a model serves: what a package remembers, and the rows that were scored since.

A batch is exact as far as its log goes: `catch_up` adds the rows that were logged since the package was made, and
`complete_in_order` lets rows of a batch see earlier ones of the same batch, as training does. Not seen are rows that
were never scored, and logged rows that are older than the newest row the package was made from.

A server is approximate. It catches up once, when a version begins to answer, and `LiveHistory` learns from the rows
that this process has answered since: those which other replicas have answered meanwhile it sees with the next version
or start. A row is learnt if it is later than all that is known of its entity, so that one which is sent twice counts
once; a second event at the same instant, and one that comes late, do not count.

What is known only with the outcome stays as the package has it: outcomes come by retraining.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.features.cells import category_key, is_missing
from ml_lifecycle.features.history.plan import read_events
from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.release.history import complete_frame, history_until
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.log_frames import inputs_of
from ml_lifecycle.serving.prediction_log import PredictionLog

#: So many entities are remembered beside the package; the one that was not heard of for longest goes first.
_ENTITIES: Final = 20_000
#: So many rows of an entity wait before they are added to its state; looking it up adds them at once.
_WAITING: Final = 256


class LiveHistory:
    """What a package remembers, and what this process has scored since.

    Args:
        state: What the package remembers.
        entities: How many entities are remembered beside it.
    """

    def __init__(self, state: HistoryState, *, entities: int = _ENTITIES) -> None:
        self._state = state
        state.read_row({})  # lays out what is looked up, which would make the first row wait
        self._groups = [_Group(group, entities) for group in _timely_by_entity(state)]

    def complete_row(self, columns: Sequence[str], row: Mapping[str, Any]) -> Mapping[str, Any]:
        """One row with the history columns that it lacks.

        Raises:
            DataError: The event time cannot be read.
        """
        absent = [name for name in columns if name not in row]
        if not absent:
            return row
        found = self._state.read_row(row)
        for group in self._groups:
            group.read(row, found)
        return {**row, **{name: found[name] for name in absent}}

    def learn(self, rows: Sequence[Mapping[str, Any]], *, now: datetime | None = None) -> None:
        """Add rows that were answered; what they lack or cannot add is passed over.

        Args:
            rows: Rows of the schema's types.
            now: An event later than this has not happened; naive UTC, the clock's by default.
        """
        latest = pd.Timestamp(now or datetime.now(UTC).replace(tzinfo=None))
        for group in self._groups:
            group.learn(rows, latest)


def complete_in_order(state: HistoryState, columns: Sequence[str], frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with the history columns that they lack; of one entity, later rows see the earlier ones.

    Where no row is older than what the state knows of its entity, this is to the last bit what the whole table gives.

    Raises:
        DataError: A column that is looked back on is absent or holds what is no number.
    """
    whole = complete_frame(state, columns, frame)
    absent = {name for name in columns if name not in frame.columns}
    for group in _timely_by_entity(state):
        wanted = [name for name in group.columns if name in absent]
        lacking = [name for spec in group.specs for name in spec.sources if name not in frame.columns]
        if wanted and not lacking:
            found = _in_waves(group, frame)
            whole = whole.assign(**{name: found[name].to_numpy() for name in wanted})
    return whole


def catch_up(package: Package, log: PredictionLog, project: str, before: datetime) -> Package:
    """The package with the rows in its history that were logged since it was made, up to some moment.

    Args:
        package: The package.
        log: Where predictions are kept.
        project: The project.
        before: Rows from here on are not added; naive UTC.

    Raises:
        StateError: The log cannot be read.
    """
    until = None if package.history is None else history_until(package.history)
    if package.history is None or until is None or until >= pd.Timestamp(before):
        return package
    start = (until.ceil("us") + pd.Timedelta(1, "us")).to_pydatetime()
    logged = log.window(project, start, before).drop_duplicates("row_key", keep="last")
    if logged.empty:
        return package
    rows = package.read(inputs_of(logged, package.inputs))
    return replace(package, history=_updated(package.history, rows))


def _updated(state: HistoryState, rows: pd.DataFrame) -> HistoryState:
    """The state with rows added to all histories that need no outcome."""
    parts = []
    for spec, kept, totals in zip(state.specs, state.rows, state.totals, strict=True):
        one = HistoryState((spec,), (kept,), (totals,))
        parts.append(one.update(rows) if spec.known_at is None and set(spec.sources) <= set(rows.columns) else one)
    return HistoryState(state.specs, tuple(one.rows[0] for one in parts), tuple(one.totals[0] for one in parts))


def _timely_by_entity(state: HistoryState) -> list[HistoryState]:
    """The histories that need no outcome, those of the same kind of entity together."""
    places: dict[str, list[int]] = {}
    for place, spec in enumerate(state.specs):
        if spec.known_at is None:
            places.setdefault(spec.by, []).append(place)
    return [
        HistoryState(
            tuple(state.specs[place] for place in group),
            tuple(state.rows[place] for place in group),
            tuple(state.totals[place] for place in group),
        )
        for group in places.values()
    ]


def _in_waves(group: HistoryState, frame: pd.DataFrame) -> pd.DataFrame:
    """History columns, computed for the first moment of every entity, then for the second one, and so on."""
    events = read_events(group.specs[0], frame)
    entities = pd.Series(events.entities).where(events.timed)
    wave = pd.Series(events.times).groupby(entities).rank(method="dense").fillna(1).to_numpy(dtype=np.int64)
    state, found = _of_entities(group, set(entities.dropna())), []
    for number in range(1, int(wave.max(initial=0)) + 1):
        rows = frame.iloc[np.flatnonzero(wave == number)]
        found.append(state.complete(rows[[group.specs[0].by, group.specs[0].event_time]]))
        state = state.update(rows)
    order = np.argsort(wave, kind="stable")
    columns = list(group.columns)
    whole = pd.concat(found)[columns] if found else pd.DataFrame(columns=columns, dtype=np.float64)
    return whole.iloc[np.argsort(order, kind="stable")]


def _of_entities(state: HistoryState, entities: set[str]) -> HistoryState:
    def those(tables: tuple[pd.DataFrame, ...]) -> tuple[pd.DataFrame, ...]:
        return tuple(table.loc[table["entity"].isin(entities)].reset_index(drop=True) for table in tables)

    return HistoryState(state.specs, those(state.rows), those(state.totals))


@dataclass(slots=True)
class _Entity:
    """One entity that was heard of: its state, the rows that wait to be added to it, and its newest event."""

    state: HistoryState
    newest: pd.Timestamp
    waiting: list[Mapping[str, Any]] = field(default_factory=list)

    def settle(self) -> HistoryState:
        """Its state with all rows added."""
        if self.waiting:
            self.state = self.state.update(pd.DataFrame.from_records(self.waiting))
            self.waiting = []
        return self.state


class _Group:
    """Histories of one kind of entity, and those entities that were heard of since."""

    def __init__(self, state: HistoryState, most: int) -> None:
        self._state = state
        self._most = most
        self._by, self._time = state.specs[0].by, state.specs[0].event_time
        self._sources = tuple(dict.fromkeys(name for spec in state.specs for name in spec.sources))
        totals = state.totals[0]
        self._newest = dict(zip(totals["entity"], totals["newest"].tolist(), strict=True))
        self._heard_of: OrderedDict[str, _Entity] = OrderedDict()

    def read(self, row: Mapping[str, Any], found: dict[str, float]) -> None:
        """Put the history of an entity that was heard of in the place of the package's."""
        key = category_key(row.get(self._by))
        entity = None if key is None else self._heard_of.get(key)
        if entity is not None:
            found.update(entity.settle().read_row(row))

    def learn(self, rows: Sequence[Mapping[str, Any]], latest: pd.Timestamp) -> None:
        """Add rows in the order of their time."""
        whole = [row for row in rows if all(name in row for name in self._sources)]
        dated = [row for row in whole if isinstance(row[self._time], pd.Timestamp) and row[self._time] <= latest]
        for row in sorted(dated, key=lambda row: row[self._time]):
            key = category_key(row[self._by])
            if key is not None and not is_missing(row[self._time]):
                self._add(key, row)

    def _add(self, key: str, row: Mapping[str, Any]) -> None:
        entity = self._heard_of.get(key) or self._first_heard_of(key)
        if row[self._time] <= entity.newest:
            return
        self._heard_of[key] = entity
        self._heard_of.move_to_end(key)
        entity.newest = row[self._time]
        entity.waiting.append({name: row[name] for name in self._sources})
        if len(entity.waiting) >= _WAITING:
            entity.settle()
        if len(self._heard_of) > self._most:
            self._heard_of.popitem(last=False)

    def _first_heard_of(self, key: str) -> _Entity:
        newest = self._newest.get(key)
        moment = pd.Timestamp.min if newest is None else pd.Timestamp(newest)
        rows, totals = (
            tuple(_cut(table, key) for table in tables) for tables in (self._state.rows, self._state.totals)
        )
        return _Entity(HistoryState(self._state.specs, rows, totals), moment)


def _cut(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """The rows of one entity in a table that is sorted by entity."""
    entities = table["entity"].to_numpy(dtype=object)
    start, stop = (int(np.searchsorted(entities, key, side=side)) for side in ("left", "right"))
    return table.iloc[start:stop].reset_index(drop=True)
