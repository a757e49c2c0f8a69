"""History columns of a whole table at once.

All rows that can be looked back on are sorted by entity and by the moment from which they are known. What a row sees is
then a stretch of this order, which ends at the row's own time. Over a window with a beginning each stretch is summed by
itself; over `all` the running totals of the entity are read off. Both are what `state` computes for one row, operation
by operation, so that the results agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.features.history.plan import ALL, Events, HistorySpec, plan_history, read_events, row_order, span_of

_NAN = float("nan")
_CHUNK = 4_000_000  # cells that are laid out at once where a deviation from a window's mean is squared


@dataclass(frozen=True, slots=True)
class _Stretches:
    """What each of m rows sees, as stretches of the known values of all entities in order.

    Args:
        known: Known values, in order, and one more cell that no stretch reaches.
        first: Where each stretch begins, (m,).
        end: Where it ends, (m,).
    """

    known: np.ndarray
    first: np.ndarray
    end: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        return np.asarray(self.end - self.first)

    def reduce(self, ufunc: Any, empty: float) -> np.ndarray:  # noqa: ANN401 - numpy does not type its ufuncs
        """Reduce each stretch by itself; `empty` where there is nothing."""
        out = np.full(len(self.first), empty)
        filled = np.flatnonzero(self.counts > 0)
        if len(filled):
            bounds = np.stack([self.first[filled], self.end[filled]], axis=1).ravel()
            out[filled] = ufunc.reduceat(self.known, bounds)[::2]
        return out

    def squares(self, means: np.ndarray) -> np.ndarray:
        """Sum of squared deviations of each stretch from its mean."""
        out = np.zeros(len(self.first))
        filled = np.flatnonzero(self.counts > 1)
        bounds = np.searchsorted(np.cumsum(self.counts[filled]), np.arange(0, self.counts[filled].sum() + 1, _CHUNK))
        for part in np.split(filled, np.unique(bounds[1:])):
            counts = self.counts[part]
            if len(part):
                starts = np.cumsum(counts) - counts
                cells = np.arange(counts.sum()) + np.repeat(self.first[part] - starts, counts)
                deviations = self.known[cells] - np.repeat(means[part], counts)
                out[part] = np.add.reduceat(deviations * deviations, starts)
        return out


def add_history(frame: pd.DataFrame, project: ProjectConfig) -> pd.DataFrame:
    """The table with the history columns that the project asks for; the same table where it asks for none.

    Args:
        frame: All rows, whatever their split.
        project: Its `features.history`.

    Raises:
        ConfigError: The history cannot be computed as asked.
        DataError: A column is absent or holds what is no number.
    """
    specs = plan_history(project, frame)
    if not specs:
        return frame
    columns = {name: values for spec in specs for name, values in compute_history(spec, frame).items()}
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


def compute_history(spec: HistorySpec, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The history columns of one specification by name: float64 of shape (n,)."""
    events = read_events(spec, frame)
    codes, entities = pd.factorize(events.entities)
    order = _order(events, codes, row_order(frame))
    known, past = events.known_from[order], codes[order]
    # The rows that look back are taken by entity and time as well, so that neighbours look at neighbouring cells.
    asking = np.lexsort((events.times, codes))
    asking = asking[events.timed[asking]]
    own, times = codes[asking], events.times[asking]
    moments = np.sort(known)
    places = past * (len(moments) + 1) + np.searchsorted(moments, known, side="right")

    def seen_by(until: np.ndarray) -> np.ndarray:
        """How many of the rows in order are of an earlier entity, or of the same one and known by then."""
        moment = np.searchsorted(moments, until, side="right")
        return np.asarray(np.searchsorted(places, own * (len(moments) + 1) + moment, side="right"))

    starts, end = np.searchsorted(past, np.arange(len(entities) + 1)), seen_by(times)
    values = events.numbers[order]
    found = _lags(spec, values, starts[own], end)
    before = np.r_[0, np.cumsum(~np.isnan(values))]  # known values before each row
    kept, bounds = values[~np.isnan(values)], before[starts]
    for window in spec.windows:
        if window == ALL:
            found += _totals(spec, kept, bounds, bounds[own], before[end])
        else:
            first = before[seen_by(times - span_of(window))]
            stretches = _Stretches(np.r_[kept, 0.0], first, before[end])
            found += [_MEASURES[name](stretches) for name in spec.statistics]
    return {name: _scatter(column, asking, len(frame)) for name, column in zip(spec.outputs, found, strict=True)}


def _scatter(column: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    whole = np.full(count, _NAN)
    whole[rows] = column
    return whole


def _order(events: Events, codes: np.ndarray, tie: np.ndarray) -> np.ndarray:
    """Usable rows by entity, by when they are known, by when they happened, by identity."""
    usable = np.flatnonzero(events.usable)
    keys = (tie[usable], events.times[usable], events.known_from[usable], codes[usable])
    return usable[np.lexsort(keys)]


def _lags(spec: HistorySpec, values: np.ndarray, first: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    guarded = np.r_[values, _NAN]
    return [np.where(end - lag >= first, guarded[np.maximum(end - lag, -1)], _NAN) for lag in spec.lags]


def _mean(stretches: _Stretches) -> np.ndarray:
    counts = stretches.counts
    return np.where(counts > 0, stretches.reduce(np.add, 0.0) / np.maximum(counts, 1), _NAN)


def _std(stretches: _Stretches) -> np.ndarray:
    counts, squares = stretches.counts, stretches.squares(_mean(stretches))
    return np.where(counts > 1, np.sqrt(squares / np.maximum(counts - 1, 1)), _NAN)


_MEASURES: dict[str, Callable[[_Stretches], np.ndarray]] = {
    "mean": _mean,
    "sum": lambda stretches: stretches.reduce(np.add, 0.0),
    "min": lambda stretches: stretches.reduce(np.minimum, _NAN),
    "max": lambda stretches: stretches.reduce(np.maximum, _NAN),
    "std": _std,
    "count": lambda stretches: stretches.counts.astype(np.float64),
}


def _totals(
    spec: HistorySpec, values: np.ndarray, bounds: np.ndarray, first: np.ndarray, end: np.ndarray
) -> list[np.ndarray]:
    """Statistics over all earlier known values: running totals of each entity, read off behind the last value seen.

    Args:
        spec: Which statistics.
        values: Known values of all entities in order.
        bounds: Where the values of each entity begin, and behind the last one.
        first: Where the values of each row's entity begin, (m,).
        end: Where what each row sees ends, (m,).
    """
    counts = end - first
    last = np.maximum(end - 1, 0)

    def read(running: np.ndarray, empty: float) -> np.ndarray:
        return np.where(counts > 0, np.r_[running, empty][np.minimum(last, len(running))], empty)

    def mean() -> np.ndarray:
        return np.where(counts > 0, read(accumulate(np.add, values, bounds), 0.0) / np.maximum(counts, 1), _NAN)

    def std() -> np.ndarray:
        shifted = values - np.repeat(np.r_[values, 0.0][bounds[:-1]], np.diff(bounds))
        sums = read(accumulate(np.add, shifted, bounds), 0.0)
        squares = read(accumulate(np.add, shifted * shifted, bounds), 0.0)
        spread = (squares - sums * sums / np.maximum(counts, 1)) / np.maximum(counts - 1, 1)
        return np.where(counts > 1, np.sqrt(np.maximum(spread, 0.0)), _NAN)

    measures: dict[str, Callable[[], np.ndarray]] = {
        "mean": mean,
        "sum": lambda: read(accumulate(np.add, values, bounds), 0.0),
        "min": lambda: read(accumulate(np.minimum, values, bounds), _NAN),
        "max": lambda: read(accumulate(np.maximum, values, bounds), _NAN),
        "std": std,
        "count": lambda: counts.astype(np.float64),
    }
    return [measures[name]() for name in spec.statistics]


def accumulate(ufunc: Any, values: np.ndarray, bounds: np.ndarray) -> np.ndarray:  # noqa: ANN401 - as above
    """Accumulate within each entity, value by value in their order.

    Either entity by entity, or the first values of all, then the second ones, and so on: whichever takes fewer steps.
    """
    out = values.copy()
    sizes = np.diff(bounds)
    longest = int(sizes.max(initial=0))
    if len(sizes) <= longest:
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            ufunc.accumulate(values[start:stop], out=out[start:stop])
        return out
    by_size = np.argsort(-sizes, kind="stable")
    falling = -sizes[by_size]
    for rank in range(1, longest):
        active = bounds[:-1][by_size[: np.searchsorted(falling, -rank)]] + rank
        out[active] = ufunc(out[active - 1], values[active])
    return out
