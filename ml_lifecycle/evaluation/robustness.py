"""What disturbed input costs: the primary metric under noise, missing cells and swapped categories.

Disturbances act on raw rows, before the features, as they would in production. How the gate judges lives in `gates`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from pandas.api import types

from ml_lifecycle.config.evaluation import RobustnessLimits
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.significance import paired_bootstrap
from ml_lifecycle.evaluation.slices import relative_loss

#: From raw rows to predictions.
Predict: TypeAlias = Callable[[pd.DataFrame], np.ndarray]
#: Scoring is what costs, and it costs per row and per class: so many numbers are predicted for a disturbance at most,
#: of at least `MIN_ROWS` rows and at most `MAX_ROWS`.
MAX_NUMBERS, MIN_ROWS, MAX_ROWS = 40_000, 1_000, 5_000
#: Of a seed's random streams the one for disturbances: data made from the same seed must not resemble them.
_STREAM = 2
#: Columns of the table. drop: loss as a share of the value; low and high: its interval.
COLUMNS = ("disturbance", "value", "drop", "low", "high")


def assess_robustness(
    predict: Predict,
    frame: pd.DataFrame,
    y: np.ndarray,
    metric: Metric,
    limits: RobustnessLimits,
    seed: int,
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    columns: Sequence[str] = (),
    resamples: int = 500,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Score a bounded number of rows as they are and disturbed, and compare.

    Args:
        predict: From raw rows to predictions.
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        metric: What is compared.
        limits: How strong the disturbances are.
        seed: Seed of the rows and of the disturbances.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        columns: What is disturbed; all columns by default. Times are left as they are.
        resamples: Draws behind the intervals.
        confidence: Level of the two-sided intervals.

    Returns:
        The columns of `COLUMNS`; the first row is the undisturbed value.
    """
    rng = np.random.default_rng([seed, _STREAM])
    rows = draw_rows(len(frame), bound_rows(count_outputs(predict, frame), MAX_NUMBERS, MIN_ROWS, MAX_ROWS), rng, query)
    part, truth = frame.iloc[rows].reset_index(drop=True), y[rows]
    queries, blocks = (None if given is None else given[rows] for given in (query, groups))
    plain = predict(part)
    before = metric(truth, plain, queries)
    found: list[tuple[str, float, float, float, float]] = [("none", before, 0.0, 0.0, 0.0)]
    for name, disturbed in _disturb(part, list(columns or part.columns), limits, rng):
        loss = paired_bootstrap(
            metric,
            truth,
            plain,
            predict(disturbed),
            query=queries,
            groups=blocks,
            resamples=resamples,
            confidence=confidence,
            seed=seed,
        )
        scale = abs(before) or 1.0
        drop = relative_loss(metric, before, loss.b)
        found.append((name, loss.b, drop, loss.low / scale, loss.high / scale))
    return pd.DataFrame(found, columns=list(COLUMNS))


def count_outputs(predict: Predict, frame: pd.DataFrame) -> int:
    """How many numbers are predicted for a row: classes, or one."""
    found = predict(frame.iloc[:1])
    return 1 if found.ndim == 1 else found.shape[1]


def bound_rows(numbers_per_row: int, numbers: int, least: int, most: int) -> int:
    """How many rows may be scored so that not more than so many numbers are predicted.

    >>> bound_rows(1, 40_000, 1_000, 5_000), bound_rows(23, 40_000, 1_000, 5_000)
    (5000, 1739)
    """
    return min(most, max(least, numbers // numbers_per_row))


def draw_rows(n: int, most: int, rng: np.random.Generator, query: np.ndarray | None = None) -> np.ndarray:
    """Positions of at most so many rows in their order; with queries whole ones, at least one."""
    if n <= most:
        return np.arange(n)
    if query is None:
        return np.sort(rng.choice(n, most, replace=False))
    codes, values = pd.factorize(query)
    order = rng.permutation(len(values))
    taken = order[: max(1, int(np.searchsorted(np.cumsum(np.bincount(codes)[order]), most, side="right")))]
    return np.flatnonzero(np.isin(codes, taken))


def _disturb(
    frame: pd.DataFrame, columns: Sequence[str], limits: RobustnessLimits, rng: np.random.Generator
) -> Iterator[tuple[str, pd.DataFrame]]:
    there = [name for name in columns if name in frame and not types.is_datetime64_any_dtype(frame[name])]
    numbers = [name for name in there if _is_number(frame[name])]
    words = [name for name in there if name not in numbers]
    if limits.noise > 0 and numbers:
        noisy = {name: _add_noise(frame[name], limits.noise, rng) for name in numbers}
        yield f"noise of {limits.noise:g} standard deviations", frame.assign(**noisy)
    if limits.missing_share > 0 and there:
        blanked = {name: frame[name].mask(rng.random(len(frame)) < limits.missing_share) for name in there}
        yield f"{limits.missing_share:.0%} of cells missing", frame.assign(**blanked)
    if limits.missing_share > 0 and words:
        swapped = {name: _swap(frame[name], limits.missing_share, rng) for name in words}
        yield f"{limits.missing_share:.0%} of categories swapped", frame.assign(**swapped)


def _is_number(values: pd.Series) -> bool:
    return types.is_numeric_dtype(values) and not types.is_bool_dtype(values)


def _add_noise(values: pd.Series, strength: float, rng: np.random.Generator) -> pd.Series:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    finite = numbers[np.isfinite(numbers)]
    spread = float(finite.std()) if len(finite) else 0.0
    return pd.Series(numbers + rng.normal(0, strength * spread, len(numbers)), index=values.index)


def _swap(values: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
    """Cells of other rows in place of a share of the cells."""
    there = np.arange(len(values))
    place = np.where(rng.random(len(values)) < share, rng.permutation(there), there)
    return values.iloc[place].set_axis(values.index)
