"""Where a model is worse than on the whole: the primary metric by values of declared columns, and in searched slices.

How slices are searched for lives in `search`; how groups of people compare, in `fairness/assessment`; how the gate
judges, in `gates`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from ml_lifecycle.config.evaluation import SliceLimits
from ml_lifecycle.evaluation.inference.resampling import Units, influence, standard_error
from ml_lifecycle.evaluation.measures.forms import Scored, Sums
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.slicing.cuts import count_time, tell_time
from ml_lifecycle.evaluation.slicing.foreseen import foreseen_losses
from ml_lifecycle.evaluation.slicing.search import Found, SearchResult, search_slices, surely_worse

#: Columns of the table. gap: loss against the whole as a share of its value; sure_gap: what of it is beyond chance;
#: found: `declared` or `searched`; judged: whether the gate is to judge it, see `find_slices`.
COLUMNS = ("slice", "column", "rows", "value", "low", "high", "gap", "sure_gap", "found", "judged")
_TYPES = {"rows": "int64", **dict.fromkeys(COLUMNS[3:8], "float64"), "judged": "bool"}
DECLARED, SEARCHED = "declared", "searched"
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

    Searched slices are looked for on some of the rows and measured on the others. One is told where it is surely worse
    than all rows by the metric, surely worse than the rows outside by the loss of rows, and surely worse than each
    slice with one condition less. The gate is to judge it only where its loss is also beyond what the predictions let
    expect (see `foreseen`) by more than the limits allow: a slice of hard rows is no fault of the model.

    Args:
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        metric: What is compared.
        limits: Which columns, how small a slice may be, whether and how deep to search.
        query: Query of each row, shape (n,); ranking only: then only columns that are constant within queries slice.
        groups: Group of each row where rows are not independent, shape (n,).
        columns: Where the limits name none: the columns that may be sliced by; all by default. Slices are searched for
            over these and the named ones.
        confidence: Level of the two-sided intervals, all together.

    Returns:
        The columns of `COLUMNS`.
    """
    whole = metric(y, p, query)
    cut = list(_cut(frame, limits, query, columns))
    scored = metric.score(y, p, query)
    units = query if groups is None else groups
    search = _Search.of(frame, scored, metric, limits, query=query, units=units, columns=columns, confidence=confidence)
    new = [found for found in search.result.slices if found.name not in {item.name for item in cut}]
    tail = (1 - confidence) / 2 / max(1, len(cut) + len(new))
    rows = []
    for item in cut:
        value, low, high = _measure(item.rows, scored, metric, units, tail=tail)
        gaps = _gaps(metric, whole, value, low, high)
        rows.append((item.name, item.column, int(item.rows.sum()), value, low, high, *gaps, DECLARED, True))
    for found in new:
        value, low, high = _measure(found.rows & search.result.held, scored, metric, units, tail=tail)
        gap, sure_gap = _gaps(metric, whole, value, low, high)
        if sure_gap > 0 and search.confirms(found, tail):
            judged = search.is_unforeseen(found, tail, limits.max_gap)
            shown = (found.name, " & ".join(found.columns), int(found.rows.sum()))
            rows.append((*shown, value, low, high, gap, sure_gap, SEARCHED, judged))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES).dropna(subset="value")
    return table.sort_values("gap", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True, slots=True)
class _Search:
    """What a search found, and the rows that confirm it.

    Args:
        result: What was found.
        losses: How wrong each confirming row is.
        excess: How much more than foreseen.
        units: What is independent among the confirming rows.
    """

    result: SearchResult
    losses: np.ndarray
    excess: np.ndarray
    units: Units

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        scored: Scored,
        metric: Metric,
        limits: SliceLimits,
        *,
        query: np.ndarray | None,
        units: np.ndarray | None,
        columns: Sequence[str],
        confidence: float,
    ) -> _Search:
        if not limits.search:
            nothing = np.zeros(0)
            return cls(SearchResult((), np.zeros(len(frame), dtype=bool)), nothing, nothing, Units(None, 0))
        losses, foreseen = metric.row_losses(scored), foreseen_losses(metric, scored)
        names = dict.fromkeys([*limits.columns, *(columns or frame.columns)])
        result = search_slices(
            frame,
            losses,
            columns=[name for name in names if name in frame and _may_cut(frame[name], query)],
            depth=limits.depth,
            min_rows=limits.min_rows,
            foreseen=foreseen,
            units=units,
            tail=(1 - confidence) / 2,
        )
        held = result.held
        drawn = Units.of(int(held.sum()), None if units is None else np.asarray(units)[held])
        return cls(result, losses[held], (losses - foreseen)[held], drawn)

    def confirms(self, found: Found, tail: float) -> bool:
        """Whether the slice is worse than the rows outside, and than each slice with one condition less."""
        held, rows = self.result.held, found.rows[self.result.held]
        outer = [np.ones(len(rows), dtype=bool), *(parent[held] for parent in found.parents)]
        return all(surely_worse(self.losses, rows, others, self.units, tail=tail) for others in outer)

    def is_unforeseen(self, found: Found, tail: float, max_gap: float) -> bool:
        """Whether the slice is worse than its predictions let expect by more than this share of the mean loss."""
        rows, margin = found.rows[self.result.held], max_gap * float(np.nanmean(self.losses))
        every = np.ones(len(rows), dtype=bool)
        return surely_worse(self.excess, rows, every, self.units, tail=tail, margin=margin)


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
            return {**_quarters(values.to_numpy(dtype=np.float64, na_value=np.nan), "{:g}".format), **found}
    elif pd.api.types.is_datetime64_any_dtype(values):
        return {**_quarters(count_time(values), tell_time), **found}
    codes, names = pd.factorize(values.astype("object"))
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    chosen = np.argsort(-counts, kind="stable")[:most]
    return {**{f"= {names[code]}": codes == code for code in chosen}, **found}


def _quarters(values: np.ndarray, tell: Callable[[float], str]) -> dict[str, np.ndarray]:
    edges = np.unique(np.nanquantile(values, _QUARTERS))
    place = np.searchsorted(edges, values, side="left")
    known = ~np.isnan(values)
    told = [tell(edge) for edge in edges]
    names = [f"<= {told[0]}", *(f"in ({a}, {b}]" for a, b in pairwise(told)), f"> {told[-1]}"]
    return {name: known & (place == code) for code, name in enumerate(names)}


def _cut(
    frame: pd.DataFrame, limits: SliceLimits, query: np.ndarray | None, columns: Sequence[str]
) -> Iterator[_Slice]:
    for column in limits.columns or [name for name in columns or frame.columns if _is_category(frame[name])]:
        if column not in frame or not _may_cut(frame[column], query):
            continue
        for name, rows in cut_column(frame[column]).items():
            if limits.min_rows <= rows.sum() < len(frame):
                yield _Slice(f"{column} {name}", column, rows)


def _may_cut(values: pd.Series, query: np.ndarray | None) -> bool:
    return query is None or _is_constant_within(values, query)


def _is_category(values: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if numeric or pd.api.types.is_datetime64_any_dtype(values):
        return False
    return bool(values.nunique() <= MAX_DEFAULT_VALUES)


def _is_constant_within(values: pd.Series, query: np.ndarray) -> bool:
    first = values.astype("object").groupby(query).transform("first")
    return bool(((values == first) | (values.isna() & first.isna())).all())


def _measure(
    rows: np.ndarray, scored: Scored, metric: Metric, groups: np.ndarray | None, *, tail: float
) -> tuple[float, float, float]:
    from scipy import special

    part = scored.take(rows)
    units = Units.of(len(part.y), None if groups is None else groups[rows])
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
