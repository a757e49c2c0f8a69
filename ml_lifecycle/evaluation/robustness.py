"""What disturbed input costs: the primary metric under noise, missing cells, swapped categories and shifts.

Disturbances act on raw rows, before the features, as they would in production. How rows are weighted for a shift lives
in `covariate_shift`, how columns are permuted in `explanation/importance`, how the gate judges in `gates`.

What each kind is held to stands in its row of the table (`limit`, a share of the metric's value):

- noise, missing cells, swapped categories and shifts happen to every model in production, so they may cost at most
  `max_drop`;
- a column that is permuted as a whole is a source that broke. An important column costs much then, and should: that is
  what it is important for. It is held only to this: the model must not be worse without it than a model that knows
  nothing, else one broken source makes answers worse than none, and nobody notices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd
from pandas.api import types

from ml_lifecycle.config.evaluation import RobustnessLimits
from ml_lifecycle.evaluation.covariate_shift import assess_shift
from ml_lifecycle.evaluation.inference.drawing import bound_rows, draw_rows
from ml_lifecycle.evaluation.inference.intervals import expanded
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.measures.chance import chance_score
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.slicing.slices import relative_loss

__all__ = ["COLUMNS", "Predict", "assess_robustness", "bound_rows", "count_outputs", "draw_rows"]

#: From raw rows to predictions.
Predict: TypeAlias = Callable[[pd.DataFrame], np.ndarray]
#: Scoring is what costs, and it costs per row and per class: so many numbers are predicted for a disturbance at most,
#: of at least `MIN_ROWS` rows and at most `MAX_ROWS`.
MAX_NUMBERS, MIN_ROWS, MAX_ROWS = 40_000, 1_000, 5_000
#: So many shifts, and so many permuted columns, are in the table at most: those that surely cost most.
SHOWN = 10
#: Of a seed's random streams the one for disturbances: data made from the same seed must not resemble them.
_STREAM = 2
#: Columns of the table. kind: none, noise, missing, swapped, shift or permuted; column: the one that was shifted or
#: permuted, else empty; drop: loss as a share of the value; low and high: its interval; limit: the largest drop that is
#: allowed; beyond: whether the drop surely is larger.
COLUMNS = ("disturbance", "kind", "column", "value", "drop", "low", "high", "limit", "beyond")
_TEXT, _ROW = COLUMNS[:3], COLUMNS[:-1]
_Row: TypeAlias = tuple[str, str, str, float, float, float, float, float]


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
    predictions: np.ndarray | None = None,
    permuted: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score a bounded number of rows as they are and disturbed, and compare; shift all of them, by weights.

    Args:
        predict: From raw rows to predictions.
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        metric: What is compared.
        limits: How strong the disturbances are.
        seed: Seed of the rows and of the disturbances.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        columns: What is disturbed; all columns by default. Times are left as they are, but for shifts.
        resamples: Draws behind the intervals.
        confidence: Level of the two-sided intervals; of shifts and permuted columns all together.
        predictions: Predictions of all rows, shape (n,) or (n, k), as `predict` gives them; shifts are assessed on
            them. Without them there are none.
        permuted: What `explanation.permutation_importance` found (feature, loss, error): permuted columns are taken
            from it, since predicting all that twice would double the cost. Without it there are none.

    Returns:
        The columns of `COLUMNS`; the first row is the undisturbed value.
    """
    rng = np.random.default_rng([seed, _STREAM])
    rows = draw_rows(len(frame), bound_rows(count_outputs(predict, frame), MAX_NUMBERS, MIN_ROWS, MAX_ROWS), rng, query)
    part, truth = frame.iloc[rows].reset_index(drop=True), y[rows]
    queries, blocks = (None if given is None else given[rows] for given in (query, groups))
    plain = predict(part)
    before = metric(truth, plain, queries)
    compare = partial(
        paired_bootstrap, query=queries, groups=blocks, resamples=resamples, confidence=confidence, seed=seed
    )
    found: list[_Row] = [("none", "none", "", before, 0.0, 0.0, 0.0, np.nan)]
    for name, kind, disturbed in _disturb(part, list(columns or part.columns), limits, rng):
        loss = compare(metric, truth, plain, predict(disturbed))
        drop, scale = relative_loss(metric, before, loss.b), abs(before) or 1.0
        found.append((name, kind, "", loss.b, drop, loss.low / scale, loss.high / scale, limits.max_drop))
    if predictions is not None and limits.shift > 0:
        shift = partial(assess_shift, query=query, groups=groups, columns=columns, confidence=confidence, seed=seed)
        shown = shift(frame, y, predictions, metric, limits.shift).head(SHOWN)
        found += shown.assign(kind="shift", limit=limits.max_drop)[list(_ROW)].itertuples(index=False, name=None)
    if permuted is not None and limits.permuted:
        chance = chance_score(metric, truth, plain, query=queries, seed=seed)
        found += _permuted(permuted, metric, before, chance, confidence)
    return _table(found)


def _permuted(table: pd.DataFrame, metric: Metric, before: float, chance: float, confidence: float) -> Iterator[_Row]:
    """Permuted columns as rows of the table; the limit is what there is to lose down to chance."""
    known = table[table["loss"].notna()]
    scale = abs(before) or 1.0
    limit = max(0.0, metric.sign * (before - chance)) / scale
    reach = expanded(1 - (1 - confidence) / 2 / max(1, len(known)), MIN_ROWS)
    for feature, loss, error in known.nlargest(SHOWN, "loss")[["feature", "loss", "error"]].itertuples(index=False):
        ends = ((loss - reach * error) / scale, (loss + reach * error) / scale)
        value = before - metric.sign * loss
        yield f"{feature} permuted", "permuted", feature, value, loss / scale, *ends, limit


def _table(found: Sequence[_Row]) -> pd.DataFrame:
    types_of = {name: "object" if name in _TEXT else "float64" for name in _ROW}
    table = pd.DataFrame(found, columns=list(_ROW)).astype(types_of)
    return table.assign(beyond=(table["low"] > table["limit"]).to_numpy(dtype=bool))


def count_outputs(predict: Predict, frame: pd.DataFrame) -> int:
    """How many numbers are predicted for a row: classes, or one."""
    found = predict(frame.iloc[:1])
    return 1 if found.ndim == 1 else found.shape[1]


def _disturb(
    frame: pd.DataFrame, columns: Sequence[str], limits: RobustnessLimits, rng: np.random.Generator
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    there = [name for name in columns if name in frame and not types.is_datetime64_any_dtype(frame[name])]
    numbers = [name for name in there if _is_number(frame[name])]
    words = [name for name in there if name not in numbers]
    if limits.noise > 0 and numbers:
        noisy = {name: _add_noise(frame[name], limits.noise, rng) for name in numbers}
        yield f"noise of {limits.noise:g} standard deviations", "noise", frame.assign(**noisy)
    if limits.missing_share > 0 and there:
        blanked = {name: frame[name].mask(rng.random(len(frame)) < limits.missing_share) for name in there}
        yield f"{limits.missing_share:.0%} of cells missing", "missing", frame.assign(**blanked)
    if limits.missing_share > 0 and words:
        swapped = {name: _swap(frame[name], limits.missing_share, rng) for name in words}
        yield f"{limits.missing_share:.0%} of categories swapped", "swapped", frame.assign(**swapped)


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
