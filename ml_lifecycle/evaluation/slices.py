"""Where a model is worse than on the whole: the primary metric by values of single columns.

How groups of people compare lives in `fairness`; how the gate judges, in `gates`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from ml_lifecycle.config.evaluation import SliceLimits
from ml_lifecycle.evaluation.measures import Scored, Sums
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.resampling import Units, influence, standard_error

#: Columns of the table. gap: loss against the whole as a share of its value; sure_gap: what of it is beyond chance.
COLUMNS = ("slice", "column", "rows", "value", "low", "high", "gap", "sure_gap")
#: So many values of a column at most, the most frequent ones: a column of names is no way to slice.
MAX_VALUES = 30
#: A column without named limits is sliced by default when it has at most this many values.
MAX_DEFAULT_VALUES = 100
_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class _Slice:
    name: str
    column: str
    rows: np.ndarray


def find_slices(
    frame: pd.DataFrame,
    y: np.ndarray,
    p: np.ndarray,
    metric: Metric,
    limits: SliceLimits,
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    columns: Sequence[str] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The metric in each slice, worst first.

    All intervals hold together with the confidence that is asked for (Bonferroni over the slices), so that among many
    slices one that is worse by chance does not look surely worse. Each is the jackknife's with Student's t.

    Args:
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        metric: What is compared.
        limits: Which columns, how small a slice may be.
        query: Query of each row, shape (n,); ranking only: then only columns that are constant within queries slice.
        groups: Group of each row where rows are not independent, shape (n,).
        columns: Where the limits name none: the columns that may be sliced by; all by default.
        confidence: Level of the two-sided intervals, all together.

    Returns:
        The columns of `COLUMNS`.
    """
    whole = metric(y, p, query)
    cut = list(_cut(frame, limits, query, columns))
    scored = metric.score(y, p, query)
    units = query if groups is None else groups
    found = [_measure(item, scored, metric, units, tail=(1 - confidence) / 2 / len(cut)) for item in cut]
    rows = [
        (item.name, item.column, int(item.rows.sum()), value, low, high, *_gaps(metric, whole, value, low, high))
        for item, (value, low, high) in zip(cut, found, strict=True)
        if not np.isnan(value)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"rows": "int64", **dict.fromkeys(COLUMNS[3:], "float64")})
    return table.sort_values("gap", ascending=False, kind="stable", ignore_index=True)


def relative_loss(metric: Metric, before: float, after: float) -> float:
    """How much worse a value is than another, as a share of the other; plain where that is zero.

    >>> from ml_lifecycle.evaluation.metrics import METRICS
    >>> relative_loss(METRICS["roc_auc"], 0.8, 0.6), relative_loss(METRICS["rmse"], 2.0, 3.0)
    (0.25, 0.5)
    """
    loss = metric.sign * (before - after)
    return round(loss / abs(before), 12) if before else loss


def cut_column(values: pd.Series, *, most: int = MAX_VALUES) -> dict[str, np.ndarray]:
    """Rows of each value of a column, as masks; numbers of many values by quartiles, missing ones by themselves."""
    missing = values.isna().to_numpy()
    found = {"is missing": missing} if missing.any() else {}
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        if values.nunique() > len(_QUARTERS) + 1:
            return {**_quarters(values.to_numpy(dtype=np.float64, na_value=np.nan)), **found}
    elif pd.api.types.is_datetime64_any_dtype(values):
        return {**_quarters(values.astype("int64").where(~values.isna()).to_numpy(dtype=np.float64)), **found}
    codes, names = pd.factorize(values.astype("object"))
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    chosen = np.argsort(-counts, kind="stable")[:most]
    return {**{f"= {names[code]}": codes == code for code in chosen}, **found}


def _quarters(values: np.ndarray) -> dict[str, np.ndarray]:
    edges = np.unique(np.nanquantile(values, _QUARTERS))
    place = np.searchsorted(edges, values, side="left")
    known = ~np.isnan(values)
    names = [f"<= {edges[0]:g}", *(f"in ({a:g}, {b:g}]" for a, b in pairwise(edges))]
    return {name: known & (place == code) for code, name in enumerate([*names, f"> {edges[-1]:g}"])}


def _cut(
    frame: pd.DataFrame, limits: SliceLimits, query: np.ndarray | None, columns: Sequence[str]
) -> Iterator[_Slice]:
    for column in limits.columns or [name for name in columns or frame.columns if _is_category(frame[name])]:
        if column not in frame or (query is not None and not _is_constant_within(frame[column], query)):
            continue
        for name, rows in cut_column(frame[column]).items():
            if limits.min_rows <= rows.sum() < len(frame):
                yield _Slice(f"{column} {name}", column, rows)


def _is_category(values: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if numeric or pd.api.types.is_datetime64_any_dtype(values):
        return False
    return bool(values.nunique() <= MAX_DEFAULT_VALUES)


def _is_constant_within(values: pd.Series, query: np.ndarray) -> bool:
    first = values.astype("object").groupby(query).transform("first")
    return bool(((values == first) | (values.isna() & first.isna())).all())


def _measure(
    item: _Slice, scored: Scored, metric: Metric, groups: np.ndarray | None, *, tail: float
) -> tuple[float, float, float]:
    from scipy import special

    part = scored.take(item.rows)
    units = Units.of(len(part.y), None if groups is None else groups[item.rows])
    linear = metric.function.linear(part)
    value = (
        float(linear.combine(linear.rows.sum(axis=0)))
        if isinstance(metric.function, Sums)
        else metric.function.value(part)
    )
    influences = influence(linear, units)
    error = standard_error(influences)
    reach = float(special.stdtrit(max(len(influences) - 1, 1), 1 - tail) * error)
    return value, value - reach, value + reach


def _gaps(metric: Metric, whole: float, value: float, low: float, high: float) -> tuple[float, float]:
    """The gap of the value, and of the better end of its interval: so much is lost whatever chance did."""
    better_end = high if metric.greater_is_better else low
    return relative_loss(metric, whole, value), relative_loss(metric, whole, better_end)
