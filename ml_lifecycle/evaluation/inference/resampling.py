"""Bootstrap replicates and jackknife influences of metrics, by rows or by whole groups, quick for many rows.

What is made of them (intervals, tests) lives in `intervals` and `significance`.

How it is quick. A metric that is a function of sums needs one matrix product for all resamples. Above `MAX_UNITS`
units, units are first joined at random into so many blocks of equal size, which are resampled in their place: the
blocks are as independent as the units were, so the variance stays right (to about sqrt(2 / MAX_UNITS), 1 %), and the
cost no longer depends on the number of rows (the delete-a-group idea of Efron 1982, ch. 6, and Kott 2001). A metric
that depends on an order is resampled exactly up to `EXACT_CELLS` predictions, above that by its first-order
approximation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.evaluation.measures.forms import Linear, Ordered, Scored, Weigh
from ml_lifecycle.evaluation.metrics import Metric

#: More units than this are joined into blocks before they are resampled.
MAX_UNITS = 20_000
#: Metrics that depend on an order are resampled exactly up to this many predictions (rows times classes).
EXACT_CELLS = 4_000
#: Of a seed's random streams the one for draws: data made from the same seed must not resemble them.
STREAM = 1
#: Weights that are in memory at a time.
_CHUNK_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn: rows, or whole groups of rows that are not independent.

    Args:
        index: The unit of each row as codes 0..count-1, shape (n,); None where every row is a unit of its own.
        count: How many units there are.
    """

    index: np.ndarray | None
    count: int

    @classmethod
    def of(cls, rows: int, groups: np.ndarray | None = None) -> Units:
        """Units of so many rows: groups where they are given (any values; missing ones are a group of their own)."""
        if groups is None:
            return cls(None, rows)
        import pandas as pd

        codes, values = pd.factorize(np.asarray(groups), use_na_sentinel=False)
        return cls(codes.astype(np.intp), len(values))

    def sum(self, rows: np.ndarray) -> np.ndarray:
        """Sums per unit of figures per row: from (n, d) to (count, d)."""
        if self.index is None:
            return rows
        return np.column_stack([np.bincount(self.index, column, self.count) for column in rows.T])

    def in_blocks(self, rng: np.random.Generator) -> Units:
        """At most `MAX_UNITS` units: the same, or random blocks of about equally many of them."""
        if self.count <= MAX_UNITS:
            return self
        block = rng.permutation(self.count) % MAX_UNITS
        return Units(block if self.index is None else block[self.index], MAX_UNITS)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric on given rows, ready to be resampled.

    Args:
        value: Its value.
        linear: As a function of sums; for a metric that depends on an order the first-order approximation.
        weigh: The metric for weighted rows, where that is exact and affordable; else None.
    """

    value: float
    linear: Linear
    weigh: Weigh | None

    @classmethod
    def of(cls, metric: Metric, scored: Scored) -> Estimate:
        """Prepare a metric on scored rows."""
        function = metric.function
        linear = function.linear(scored)
        if isinstance(function, Ordered):
            exact = function.weigh(scored) if scored.p.size <= EXACT_CELLS else None
            return cls(function.value(scored), linear, exact)
        return cls(float(linear.combine(linear.rows.sum(axis=0))), linear, None)


def replicate(estimates: Sequence[Estimate], units: Units, *, resamples: int, seed: int) -> np.ndarray:
    """Bootstrap replicates of several estimates over the same draws, so that differences of them are paired.

    Args:
        estimates: Estimates on the same rows; those that share their figures per row share the work.
        units: What is drawn with replacement.
        resamples: How many draws.
        seed: Seed of the draws.

    Returns:
        Shape (estimates, resamples); NaN where a draw does not allow a value.
    """
    rng = np.random.default_rng([seed, STREAM])
    units = units.in_blocks(rng)
    sums = {id(item.linear.rows): units.sum(item.linear.rows) for item in estimates if item.weigh is None}
    out = np.empty((len(estimates), resamples))
    done = 0
    for weights in _draws(units.count, resamples, rng):
        chunk = slice(done, done + len(weights))
        done = chunk.stop
        products = {key: weights @ figures for key, figures in sums.items()}
        of_rows = weights if units.index is None else weights[:, units.index]
        for place, item in enumerate(estimates):
            exact = item.weigh
            out[place, chunk] = item.linear.combine(products[id(item.linear.rows)]) if exact is None else exact(of_rows)
    return out


def influence(linear: Linear, units: Units, *, seed: int = 0) -> np.ndarray:
    """Jackknife influence of each unit (or block of units): (m - 1) times what leaving it out takes away.

    Its variance over m is the variance of the metric. Shape (m,); m is at most `MAX_UNITS`.
    """
    units = units.in_blocks(np.random.default_rng([seed, STREAM]))
    figures = units.sum(linear.rows)
    without = linear.combine(figures.sum(axis=0) - figures)
    known = without[~np.isnan(without)]
    if units.count < 2 or len(known) == 0:  # noqa: PLR2004 - what one unit alone does cannot be told from chance
        return np.full(units.count, np.nan)
    return np.asarray((units.count - 1) * (known.mean() - without))


def standard_error(influences: np.ndarray) -> float:
    """The jackknife standard error (Efron 1982); NaN for fewer than two units."""
    known = influences[~np.isnan(influences)]
    return float(np.sqrt((known**2).sum() / (len(known) * (len(known) - 1)))) if len(known) > 1 else float("nan")


def _draws(count: int, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each unit is drawn, in chunks of shape (c, count)."""
    size = max(1, _CHUNK_CELLS // count)
    for start in range(0, resamples, size):
        chunk = min(size, resamples - start)
        drawn = rng.integers(0, count, size=(chunk, count)) + np.arange(chunk)[:, None] * count
        yield np.bincount(drawn.ravel(), minlength=chunk * count).reshape(chunk, count).astype(np.float64)
