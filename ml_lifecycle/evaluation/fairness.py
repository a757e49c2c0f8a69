"""Whether groups of a sensitive column are treated alike: rates per group, and the gaps between groups.

How the gate judges lives in `gates`. What a measure is depends on the kind of problem:

- classification: selection rate, true and false positive rate (demographic parity and equalised odds, Hardt et al.
  2016); with more than two classes, of each class against the rest;
- regression: mean error over the target's standard deviation;
- ranking: exposure, the mean of 1 / log2(1 + place) (Singh and Joachims 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan, nan, sqrt

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import FairnessLimits
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.intervals import Interval, effective_rows, expanded, wilson
from ml_lifecycle.evaluation.label_measures import codes, label
from ml_lifecycle.evaluation.measures import Linear, Scored, ratio
from ml_lifecycle.evaluation.resampling import Units, influence, standard_error
from ml_lifecycle.evaluation.slices import cut_column

_TEXT, _NUMBER = "object", "float64"
_GROUP_TYPES = {
    **dict.fromkeys(("column", "group", "measure"), _TEXT),
    "rows": "int64",
    **dict.fromkeys(("value", "low", "high"), _NUMBER),
    "judged": "bool",
}
_GAP_TYPES = {
    **dict.fromkeys(("column", "measure"), _TEXT),
    **dict.fromkeys(("gap", "sure_gap"), _NUMBER),
    **dict.fromkeys(("higher", "lower"), _TEXT),
    "limit": _NUMBER,
    "beyond": "bool",
}


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """How groups are treated.

    Args:
        groups: A row per sensitive column, group and measure: column, group, measure, rows, value, low, high, judged.
        gaps: A row per sensitive column and measure, of the pair of groups that is farthest apart beyond chance:
            column, measure, gap, sure_gap, higher, lower, limit, beyond. `sure_gap` is the lower confidence bound of
            the gap, for all pairs, measures and columns together.
    """

    groups: pd.DataFrame
    gaps: pd.DataFrame

    @property
    def fair(self) -> bool:
        """Whether no gap is beyond its limit with confidence."""
        return not bool(self.gaps["beyond"].any())


@dataclass(frozen=True, slots=True)
class _Measure:
    """One quantity per row that is averaged: over counted rows the mean of `of`."""

    name: str
    of: np.ndarray
    counted: np.ndarray
    is_share: bool


def assess_fairness(
    frame: pd.DataFrame,
    y: np.ndarray,
    p: np.ndarray,
    kind: Kind,
    limits: FairnessLimits,
    *,
    threshold: float = 0.5,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
) -> FairnessReport:
    """Compare the groups of every sensitive column.

    A gap counts as beyond the limit only where its lower confidence bound is: Newcombe's interval (1998) for a
    difference of shares, Welch's for means, at a level corrected for all pairs that are looked at (Bonferroni).
    Numeric columns are cut into quartiles. Groups of fewer rows than the limits ask are reported, not judged.

    Args:
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        kind: The kind of problem.
        limits: Sensitive columns, largest gap, fewest rows.
        threshold: Binary: probability from which the class is positive.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        confidence: Level of the intervals.

    Raises:
        ConfigError: A sensitive column is not in the rows.
    """
    scored = Scored.of(y, p, query, threshold)
    measures = list(_measures(scored, kind))
    independent = query if groups is None else groups
    parts = {column: cut_column(_column(frame, column)) for column in limits.sensitive}
    comparisons = sum(len(measures) * len(cut) * (len(cut) - 1) / 2 for cut in parts.values())
    tail = (1 - confidence) / 2
    group_rows: list[tuple[object, ...]] = []
    gap_rows: list[tuple[object, ...]] = []
    for column, cut in parts.items():
        for measure in measures:
            found = {name: _group(measure, rows, independent, limits.min_rows) for name, rows in cut.items()}
            group_rows += [(column, name, measure.name, *item.as_row(tail)) for name, item in found.items()]
            judged = {name: item for name, item in found.items() if item.judged}
            if len(judged) > 1:
                gap_rows.append((column, measure.name, *_widest(judged, tail / comparisons, limits.max_gap)))
    return FairnessReport(_table(group_rows, _GROUP_TYPES), _table(gap_rows, _GAP_TYPES))


def _table(rows: Sequence[tuple[object, ...]], types: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(types)).astype(dict(types))


@dataclass(frozen=True, slots=True)
class _Group:
    """A measure in one group: its mean, its standard error, and how many independent rows that is worth."""

    rows: int
    value: float
    error: float
    worth: float
    is_share: bool
    judged: bool

    def interval(self, tail: float) -> Interval:
        """With so much probability beyond each end."""
        if isnan(self.value) or self.worth < 2:  # noqa: PLR2004 - one row says nothing about another
            return Interval(self.value, nan, nan)
        if self.is_share:
            return wilson(self.value, self.worth, tail=tail)
        reach = expanded(1 - tail, int(self.worth)) * self.error
        return Interval(self.value, self.value - reach, self.value + reach)

    def as_row(self, tail: float) -> tuple[int, float, float, float, bool]:
        """What the table shows of it."""
        shown = self.interval(tail)
        return self.rows, shown.value, shown.low, shown.high, self.judged


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        raise ConfigError(
            f"the sensitive column {name!r} is not in the rows",
            expected="a column of the data",
            got=f"columns {', '.join(map(str, frame.columns[:20]))}",
            advice="mend evaluation.fairness.sensitive, or keep the column out of dataset.drop",
        )
    return frame[name]


def _measures(scored: Scored, kind: Kind) -> Iterator[_Measure]:
    every = np.ones(len(scored.y), dtype=bool)
    if kind is Kind.REGRESSION:
        spread = float(np.std(scored.y))
        yield _Measure("mean_error", (scored.p - scored.y) / (spread or 1.0), every, is_share=False)
    elif kind is Kind.RANKING:
        yield _Measure("exposure", 1 / np.log2(_places(scored) + 2), every, is_share=False)
    else:
        predicted, true = label(scored), codes(scored)
        for code in [1] if scored.p.ndim == 1 else range(scored.p.shape[1]):
            suffix = "" if scored.p.ndim == 1 else f" of class {code}"
            selected, is_class = predicted == code, true == code
            yield _Measure(f"selection_rate{suffix}", selected, every, is_share=True)
            yield _Measure(f"true_positive_rate{suffix}", selected, is_class, is_share=True)
            yield _Measure(f"false_positive_rate{suffix}", selected, ~is_class, is_share=True)


def _places(scored: Scored) -> np.ndarray:
    """The place of each row in its query, 0 for the first."""
    query = np.zeros(len(scored.p)) if scored.query is None else scored.query
    return pd.Series(-scored.p).groupby(query).rank(method="average").to_numpy() - 1


def _group(measure: _Measure, rows: np.ndarray, independent: np.ndarray | None, min_rows: int) -> _Group:
    counted = rows & measure.counted
    n = int(counted.sum())
    if n == 0:
        return _Group(0, nan, nan, 0, measure.is_share, judged=False)
    values = measure.of[counted].astype(np.float64)
    figures = np.column_stack([values, np.ones(n)])
    units = Units.of(n, None if independent is None else independent[counted])
    worth = effective_rows(figures, units) if measure.is_share else float(units.count)
    error = standard_error(influence(Linear(figures, ratio), units))
    return _Group(n, float(values.mean()), error, worth, measure.is_share, judged=min(n, worth) >= min_rows)


def _widest(groups: Mapping[str, _Group], tail: float, limit: float) -> tuple[float, float, str, str, float, bool]:
    """The pair that is farthest apart beyond chance; among pairs that are not, the one that is farthest apart."""
    found = []
    for one, other in combinations(groups, 2):
        higher, lower = sorted((one, other), key=lambda name: -groups[name].value)
        gap = groups[higher].value - groups[lower].value
        found.append((_sure_gap(groups[higher], groups[lower], tail), gap, higher, lower))
    sure, gap, higher, lower = max(found)
    return gap, sure, higher, lower, limit, sure > limit


def _sure_gap(higher: _Group, lower: _Group, tail: float) -> float:
    gap = higher.value - lower.value
    if not higher.is_share:
        worth = int(min(higher.worth, lower.worth))  # fewer degrees of freedom than Welch's: the careful side
        return max(0.0, gap - expanded(1 - tail, worth) * sqrt(higher.error**2 + lower.error**2))
    below = higher.value - higher.interval(tail).low
    above = lower.interval(tail).high - lower.value
    return max(0.0, gap - sqrt(below**2 + above**2))
