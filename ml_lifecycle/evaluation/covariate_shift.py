"""What a change of the population costs: the primary metric when rows are weighted so that one column shifts.

No row is predicted again: the rows at hand are weighted by exponential tilting (Siegmund 1976; of all weights that
move a mean so far, those that are nearest to equal ones), and the metric is taken under the weights. That answers what
happens when there are more of such rows as there are, not what happens on rows of a kind never seen. Disturbances of
the values themselves live in `robustness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from ml_lifecycle.evaluation.inference.drawing import draw_rows
from ml_lifecycle.evaluation.inference.intervals import expanded
from ml_lifecycle.evaluation.inference.resampling import Units, influence, standard_error
from ml_lifecycle.evaluation.measures.forms import Linear, Ordered, Scored
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.slicing.slices import relative_loss

#: Columns of the table. drop: loss as a share of the value; low and high: its interval; rows: how many equal rows (or
#: groups) the weighted ones are worth.
COLUMNS = ("disturbance", "column", "value", "drop", "low", "high", "rows")
#: So many rows are weighted at most: more would cost time and hardly narrow the intervals.
MAX_ROWS = 20_000
#: So many values of a column at most grow, the most frequent ones; rarer ones than `MIN_ROWS` say nothing.
MAX_VALUES, MIN_ROWS = 8, 30
#: Weighted rows that are worth fewer equal ones than this have no interval.
_FEWEST = 10
#: Of a seed's random streams the one for the rows: data made from the same seed must not resemble them.
_STREAM = 5
_STEPS, _PRECISION = 60, 1e-6


@dataclass(frozen=True, slots=True)
class _Shift:
    """A direction in which rows are weighted: a standardised figure of each row, and what it is called."""

    column: str
    name: str
    figure: np.ndarray


def assess_shift(
    frame: pd.DataFrame,
    y: np.ndarray,
    p: np.ndarray,
    metric: Metric,
    strength: float,
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    columns: Sequence[str] = (),
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Shift one column after the other, and find what that costs.

    The mean of a number moves up and down by `strength` of its standard deviations, the share of a frequent category
    (or of missing cells) s grows by `strength * sqrt(s (1 - s))`, as far as there are such rows. Of each column the
    direction that surely costs most is given. Queries are weighted whole, by the mean of the column in each.

    The intervals are the jackknife's of the loss, the weights taken as given, with the quantile of Student's t for as
    many units as the weighted ones are worth (Kish 1965); they hold together for all shifts that were tried
    (Bonferroni), so that the worst of many is not worse by chance.

    Args:
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        metric: What is compared.
        strength: How far, in standard deviations.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        columns: What is shifted; all columns by default.
        confidence: Level of the two-sided intervals, all together.
        seed: Seed of the rows that are taken where there are more than `MAX_ROWS`.

    Returns:
        The columns of `COLUMNS`, what surely costs most first.
    """
    rows = draw_rows(len(frame), MAX_ROWS, np.random.default_rng([seed, _STREAM]), query)
    part = frame.iloc[rows]
    queries, blocks = (None if given is None else given[rows] for given in (query, groups))
    scored = metric.score(y[rows], p[rows], queries)
    units = Units.of(len(rows), queries if blocks is None else blocks)
    tried = [
        (shift, weights)
        for shift in _shifts(part, list(columns or part.columns), strength, scored.query)
        if (weights := tilt(shift.figure, strength)) is not None
    ]
    weighed = _Weighed.of(metric, scored, units)
    tail = (1 - confidence) / 2 / max(1, len(tried))
    found = [(shift.name, shift.column, *weighed.lose(weights, tail)) for shift, weights in tried]
    kinds = {name: "object" if name in {"disturbance", "column"} else "float64" for name in COLUMNS}
    table = pd.DataFrame(found, columns=list(COLUMNS)).astype(kinds)
    worst_first = table.sort_values(["low", "drop"], ascending=False, kind="stable", na_position="last")
    return worst_first.drop_duplicates("column").reset_index(drop=True)


def tilt(figure: np.ndarray, strength: float) -> np.ndarray | None:
    """Weights proportional to exp(t * figure) under which the mean of a standardised figure is `strength`.

    Newton's method on the mean, which rises with t, held inside a bracket.

    Args:
        figure: Shape (n,), of mean 0.
        strength: The mean under the weights, above 0.

    Returns:
        Weights of mean 1, shape (n,); None where no weights reach it.

    >>> tilt(np.array([-1.0, 1.0, -1.0, 1.0]), 0.5).round(2).tolist()
    [0.5, 1.5, 0.5, 1.5]
    """
    largest = float(figure.max())
    if largest <= strength:
        return None
    low, high, t = 0.0, np.inf, strength
    weights = np.ones(len(figure))
    for _ in range(_STEPS):
        weights = np.exp(t * (figure - largest))
        weights /= weights.mean()
        reached = float((weights * figure).mean())
        if abs(reached - strength) < _PRECISION:
            break
        low, high = (t, high) if reached < strength else (low, t)
        spread = float((weights * figure**2).mean()) - reached**2
        step = t + (strength - reached) / spread if spread > 0 else np.inf
        t = step if low < step < high else 2 * t if np.isinf(high) else (low + high) / 2
    return weights


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The metric on scored rows, ready to be taken under weights."""

    metric: Metric
    units: Units
    linear: Linear
    value: Callable[[np.ndarray], float]
    before: float

    @classmethod
    def of(cls, metric: Metric, scored: Scored, units: Units) -> _Weighed:
        function = metric.function
        linear = function.linear(scored)
        if isinstance(function, Ordered):
            weigh = function.weigh(scored)  # exact, and quick: the order is found once
            return cls(metric, units, linear, lambda weights: float(weigh(weights[None])[0]), function.value(scored))
        before = float(linear.combine(linear.rows.sum(axis=0)))
        return cls(metric, units, linear, lambda weights: float(linear.combine(weights @ linear.rows)), before)

    def lose(self, weights: np.ndarray, tail: float) -> tuple[float, float, float, float, float]:
        """Value under the weights, drop with its interval, and how many equal units the weighted ones are worth."""
        value = self.value(weights)
        per_unit = self.units.sum(weights[:, None])[:, 0]
        worth = float(per_unit.sum() ** 2 / (per_unit**2).sum())
        scale = abs(self.before) or 1.0
        loss = self.metric.sign * (self.before - value)
        drop = relative_loss(self.metric, self.before, value)
        if worth < _FEWEST:
            return value, drop, np.nan, np.nan, worth
        reach = expanded(1 - tail, int(worth)) * self._error(weights)
        return value, drop, (loss - reach) / scale, (loss + reach) / scale, worth

    def _error(self, weights: np.ndarray) -> float:
        """The jackknife's standard error of the loss: both values come from the same rows."""
        rows, combine = self.linear.rows, self.linear.combine
        width = rows.shape[1]
        both = Linear(
            np.hstack([rows, rows * weights[:, None]]),
            lambda sums: combine(sums[..., :width]) - combine(sums[..., width:]),
        )
        return standard_error(influence(both, self.units))


def _shifts(frame: pd.DataFrame, columns: Sequence[str], strength: float, query: np.ndarray | None) -> Iterator[_Shift]:
    for column in columns:
        if column in frame:
            for name, values in _directions(str(column), frame[column], strength):
                figure = _standardise(values if query is None else _query_means(values, query))
                if figure is not None:
                    yield _Shift(str(column), name, figure)


def _directions(column: str, values: pd.Series, strength: float) -> Iterator[tuple[str, np.ndarray]]:
    missing = values.isna().to_numpy()
    numbers = _numbers(values)
    if numbers is not None:
        known = np.isfinite(numbers)
        centred = np.where(known, numbers - numbers[known].mean(), 0.0) if known.any() else np.zeros(len(numbers))
        far = f"by {strength:g} standard deviations"
        yield f"{column} higher {far}", centred
        yield f"{column} lower {far}", -centred
    else:
        codes, names = pd.factorize(values.astype("object"))
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        frequent = [code for code in np.argsort(-counts, kind="stable")[:MAX_VALUES] if counts[code] >= MIN_ROWS]
        for code in frequent:
            yield f"{column} = {names[code]} more often", (codes == code).astype(np.float64)
    if missing.sum() >= MIN_ROWS:
        yield f"{column} missing more often", missing.astype(np.float64)


def _numbers(values: pd.Series) -> np.ndarray | None:
    if types.is_datetime64_any_dtype(values):
        return np.where(values.isna(), np.nan, values.astype("int64").to_numpy(dtype=np.float64))
    if types.is_numeric_dtype(values) and not types.is_bool_dtype(values):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return None


def _query_means(values: np.ndarray, query: np.ndarray) -> np.ndarray:
    return np.asarray((np.bincount(query, values) / np.bincount(query))[query])


def _standardise(values: np.ndarray) -> np.ndarray | None:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0 and np.isfinite(spread) else None
