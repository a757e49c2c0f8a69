"""`HistoryState`: the last rows of every entity, so that a single row can look back when it is served.

It holds as much as the windows and lags need, and totals of what lies before where a window is `all`. For a row that is
not older than the newest row of its entity, it gives to the last bit what `windows` computes on the whole table. For
an older row it answers from what it has kept.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.cells import category_key, moment_of
from ml_lifecycle.features.columns import name_column
from ml_lifecycle.features.history.plan import ALL, HistorySpec, plan_history, read_events, row_order, span_of
from ml_lifecycle.features.history.totals import Totals
from ml_lifecycle.features.history.windows import compute_history
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Verdict

_PLAN: Final = "history.json"
_NAN = math.nan
_NAMED = 10  # so many names are listed in a sentence; the facts hold all
_ROWS = ("entity", "known_from", "time", "place", "value", "settled")


@dataclass(frozen=True)
class HistoryState:
    """The last rows of every entity.

    Args:
        specs: The histories.
        rows: For each the kept rows, by entity and by when they are known: `entity`, `known_from` and `time` in
            nanoseconds, `place` (what decides between rows of one time), `value`, and `settled`: whether the row is in
            the totals already.
        totals: For each one row per entity: `entity`, `newest` (its last event time in nanoseconds) and its totals.
    """

    specs: tuple[HistorySpec, ...]
    rows: tuple[pd.DataFrame, ...]
    totals: tuple[pd.DataFrame, ...]

    @classmethod
    def fit(cls, frame: pd.DataFrame, project: ProjectConfig) -> HistoryState:
        """Keep what the rows of a table leave behind for those that come after it.

        Raises:
            ConfigError: The history cannot be computed as asked.
            DataError: A column is absent or holds what is no number.
        """
        specs = plan_history(project, frame)
        blank = pd.DataFrame({name: [] for name in _ROWS})
        empty = pd.DataFrame({name: [] for name in ("entity", "newest", *Totals.NAMES)})
        return cls(specs, (blank,) * len(specs), (empty,) * len(specs)).update(frame)

    @property
    def columns(self) -> tuple[str, ...]:
        """The history columns."""
        return tuple(name for spec in self.specs for name in spec.outputs)

    @property
    def origins(self) -> dict[str, tuple[str, ...]]:
        """The columns that each history column is made of."""
        return {name: spec.sources for spec in self.specs for name in spec.outputs}

    def update(self, rows: pd.DataFrame) -> HistoryState:
        """The state after further rows, which it must not have seen yet.

        Rows without entity, time or (where it is asked for) a known outcome are left out. The work grows with the
        state: give rows by the batch, not one by one.

        Raises:
            DataError: A column is absent or holds what is no number.
        """
        made = [_update(*parts, rows) for parts in zip(self.specs, self.rows, self.totals, strict=True)]
        return HistoryState(self.specs, tuple(kept for kept, _ in made), tuple(total for _, total in made))

    def read_row(self, row: Mapping[str, Any]) -> dict[str, float]:
        """The history columns of one row, which needs its entity and its event time; NaN without them.

        Raises:
            DataError: The event time cannot be read.
        """
        found: dict[str, float] = {}
        for memory in self._memories:
            memory.read(row, found)
        return found

    def complete_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row with its history columns."""
        return {**row, **self.read_row(row)}

    def complete(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows with their history columns, each as if it came alone: they do not see one another."""
        needed = {name for spec in self.specs for name in (spec.by, spec.event_time)}
        records = frame[[name for name in frame.columns if name in needed]].to_dict(orient="records")
        found = [self.read_row({str(name): cell for name, cell in record.items()}) for record in records]
        made = pd.DataFrame(found, columns=list(self.columns), index=frame.index, dtype=np.float64)
        return pd.concat([frame, made], axis=1)

    def to_parts(self) -> Parts:
        """Give two tables for each history, and the specifications as JSON."""
        tables = {f"history_rows_{number}": table for number, table in enumerate(self.rows)}
        tables |= {f"history_totals_{number}": table for number, table in enumerate(self.totals)}
        return Parts(tables, {_PLAN: json.dumps([spec.to_dict() for spec in self.specs]).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> HistoryState:
        """Make a state of what `to_parts` gave.

        Raises:
            PackageError: The specifications are damaged.
        """
        specs = tuple(map(HistorySpec.from_dict, json.loads(parts.files[_PLAN])))
        rows = tuple(parts.tables[f"history_rows_{number}"] for number in range(len(specs)))
        return cls(specs, rows, tuple(parts.tables[f"history_totals_{number}"] for number in range(len(specs))))

    @staticmethod
    def is_in(parts: Parts) -> bool:
        """Whether parts hold a state."""
        return _PLAN in parts.files

    @cached_property
    def _memories(self) -> tuple[_Memory, ...]:
        return tuple(_Memory(*parts) for parts in zip(self.specs, self.rows, self.totals, strict=True))


def judge_history(state: HistoryState, frame: pd.DataFrame, sample: int = 200) -> Verdict:
    """Judge whether looking back from a state gives what the whole table gives, for the newest row of some entities.

    Args:
        state: The state that the rows left behind.
        frame: All rows, without history columns.
        sample: How many entities are tried, evenly spread.
    """
    differing: set[str] = set()
    tried = 0
    for spec in state.specs:
        batch = compute_history(spec, frame)
        events = read_events(spec, frame)
        positions = np.flatnonzero(events.timed)
        by_time = positions[np.argsort(events.times[positions], kind="stable")]
        newest = pd.Series(by_time).groupby(events.entities[by_time], sort=True).last().to_numpy()
        picked = np.unique(newest[np.linspace(0, len(newest) - 1, num=min(sample, len(newest))).astype(np.intp)])
        tried += len(picked)
        cells = frame[[spec.by, spec.event_time]]
        for position in picked.tolist():
            found = state.read_row(dict(zip(cells.columns, cells.iloc[position], strict=True)))
            differing |= {name for name in spec.outputs if not _same(found[name], float(batch[name][position]))}
    return Verdict(
        gate="history_equal",
        passed=not differing,
        summary=f"{len(differing)} columns differ between table and state: {', '.join(sorted(differing)[:_NAMED])}"
        if differing
        else f"table and state agree to the last bit on {tried} rows",
        facts={"rows": tried, "differing": [*sorted(differing)]},
        advice="compute the state anew from the table",
    )


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


class _Memory:
    """One history, laid out for looking up single rows."""

    def __init__(self, spec: HistorySpec, rows: pd.DataFrame, totals: pd.DataFrame) -> None:
        self._spec = spec
        self._blank = dict.fromkeys(spec.outputs, _NAN)
        self._spans = {window: span_of(window) for window in spec.windows if window != ALL}
        self._known = rows["known_from"].to_numpy(dtype=np.int64).tolist()
        self._values = rows["value"].to_numpy(dtype=np.float64)
        settled = rows["settled"].to_numpy(dtype=bool)
        known = ~np.isnan(self._values)
        self._before = np.r_[0, np.cumsum(known)].tolist()  # known values before each row
        self._kept = self._values[known]
        entities = rows["entity"].to_numpy(dtype=object)
        bounds = [0, *(np.flatnonzero(entities[1:] != entities[:-1]) + 1).tolist(), len(entities)]
        self._place = {entities[start]: (start, stop) for start, stop in pairwise(bounds) if start < stop}
        self._pending = {key: start + int(settled[start:stop].sum()) for key, (start, stop) in self._place.items()}
        self._totals = Totals.by_entity(totals) if spec.totals else {}

    def read(self, row: Mapping[str, Any], found: dict[str, float]) -> None:
        """Add the history columns of a row to what was found."""
        spec = self._spec
        key = category_key(row.get(spec.by))
        time = _nanoseconds(row.get(spec.event_time), spec.event_time)
        if key is None or time is None:
            found.update(self._blank)
            return
        start, stop = self._place.get(key, (0, 0))
        end = bisect_right(self._known, time, start, stop)
        names = iter(spec.outputs)
        for lag in spec.lags:
            found[next(names)] = float(self._values[end - lag]) if end - lag >= start else _NAN
        for window in spec.windows:
            measured = self._over_all(key, end) if window == ALL else self._over(window, time, (start, stop), end)
            for name in spec.statistics:
                found[next(names)] = getattr(measured, name)()

    def _over(self, window: str, time: int, place: tuple[int, int], end: int) -> _Stretch:
        begin = bisect_right(self._known, time - self._spans[window], *place)
        return _Stretch(self._kept[self._before[begin] : self._before[end]])

    def _over_all(self, key: str, end: int) -> Totals:
        totals = self._totals.get(key, Totals())
        pending = self._pending.get(key, end)
        values = self._values[pending:end].tolist()
        return totals.plus(value for value in values if value == value)  # noqa: PLR0124 - NaN is not known


class _Stretch:
    """The known values in one window."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def count(self) -> float:
        return float(len(self._values))

    def sum(self) -> float:
        return _reduce(np.add, self._values) if len(self._values) else 0.0

    def mean(self) -> float:
        return self.sum() / len(self._values) if len(self._values) else _NAN

    def min(self) -> float:
        return _reduce(np.minimum, self._values) if len(self._values) else _NAN

    def max(self) -> float:
        return _reduce(np.maximum, self._values) if len(self._values) else _NAN

    def std(self) -> float:
        if len(self._values) <= 1:
            return _NAN
        deviations = self._values - self.mean()
        return math.sqrt(_reduce(np.add, deviations * deviations) / (len(self._values) - 1))


def _reduce(ufunc: Any, values: np.ndarray) -> float:  # noqa: ANN401 - numpy does not type its ufuncs
    # As in the batch: `sum` adds in another order than `reduceat`, and the last bit is another one.
    return float(ufunc.reduceat(values, [0])[0])


def _nanoseconds(cell: object, column: str) -> int | None:
    try:
        moment = moment_of(cell)
    except DataError as error:
        raise name_column(error, column) from error
    return None if moment is None else pd.Timestamp(moment).as_unit("ns").value


def _update(
    spec: HistorySpec, kept: pd.DataFrame, totals: pd.DataFrame, frame: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add rows to one history, settle what is now before the newest event, and drop what no window reaches."""
    events = read_events(spec, frame)
    timed, usable = events.timed, events.usable
    newest = pd.Series(events.times[timed]).groupby(events.entities[timed]).max()
    if len(totals):
        before = pd.Series(totals["newest"].to_numpy(), totals["entity"])
        newest = pd.concat([newest, before]).groupby(level=0).max()
    columns = (events.entities, events.known_from, events.times, row_order(frame), events.numbers)
    added = pd.DataFrame({name: column[usable] for name, column in zip(_ROWS, columns, strict=False)})
    table = (
        pd.concat([kept, added.assign(settled=False)], ignore_index=True) if len(kept) else added.assign(settled=False)
    )
    table = table.sort_values(["entity", "known_from", "time", "place"], kind="stable", ignore_index=True)
    until = table["entity"].map(newest).to_numpy(dtype=np.int64)
    settled = table["settled"].to_numpy(dtype=bool)
    due = (table["known_from"].to_numpy() <= until) & ~settled
    after = Totals.table(newest, Totals.by_entity(totals), table.loc[due] if spec.totals else table.head(0))
    table["settled"] = settled | due
    return table.loc[_reachable(spec, table, until)].reset_index(drop=True), after


def _reachable(spec: HistorySpec, table: pd.DataFrame, until: np.ndarray) -> np.ndarray:
    """Rows that a row from the newest event of its entity on can see: bool of shape (n,)."""
    known = table["known_from"].to_numpy(dtype=np.int64)
    past = known <= until
    behind = pd.Series(past).groupby(table["entity"].to_numpy()).transform("sum").to_numpy()
    rank = table.groupby("entity").cumcount().to_numpy()
    within = known > until - spec.longest_span
    return np.asarray(~past | within | (rank >= behind - max(spec.lags, default=0)))
