"""Whether groups of a sensitive column are treated alike: rates per group, and the gaps and ratios between groups.

How the gate judges lives in `gates`, how a rate of a group is measured in `rates`, the named measures of the
literature in `measures`, and what can be done about a gap in `mitigation`. What is compared depends
on the kind of problem:

- classification: selection rate, true and false positive rate (demographic parity and equalised odds, Hardt et al.
  2016); with more than two classes, of each class against the rest. False negative rate, precision and accuracy are
  reported beside them, not judged;
- regression: mean error over the target's standard deviation;
- ranking: exposure, the mean of 1 / log2(1 + place) (Singh and Joachims 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import nan

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import FairnessLimits
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.fairness.measures import name_measures
from ml_lifecycle.evaluation.fairness.rates import (
    GroupRate,
    bound_ratio,
    find_sure_gap,
    measure_group,
    rates_of,
)
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.slicing.slices import cut_column

#: So many groups of two sensitive columns together are looked at, the largest ones.
MAX_CROSSED = 30
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
    **dict.fromkeys(("ratio", "sure_ratio"), _NUMBER),
    **dict.fromkeys(("above", "under"), _TEXT),
    "min_ratio": _NUMBER,
    "below": "bool",
}


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """How groups are treated.

    Args:
        groups: A row per sensitive column, group and measure: column, group, measure, rows, value, low, high, judged.
            Two sensitive columns together are a column too, named `a & b`.
        gaps: A row per sensitive column and compared measure, of the pair of groups that is farthest apart beyond
            chance: column, measure, gap, sure_gap, higher, lower, limit, beyond. `sure_gap` is the lower confidence
            bound of the gap, for all pairs, measures and columns together. For shares also the pair whose ratio is
            surely the smallest: ratio, sure_ratio (the upper confidence bound, in the same way), above and under (the
            groups with the higher and the lower rate), min_ratio (NaN where it is not judged), below.
    """

    groups: pd.DataFrame
    gaps: pd.DataFrame

    @property
    def fair(self) -> bool:
        """Whether no gap and no ratio is beyond its limit with confidence."""
        return not bool((self.gaps["beyond"] | self.gaps["below"]).any())

    @property
    def measures(self) -> pd.DataFrame:
        """The named measures (demographic parity and others); see `fairness_measures.name_measures`."""
        return name_measures(self.groups)


def assess_fairness(
    frame: pd.DataFrame,
    y: np.ndarray,
    p: np.ndarray,
    kind: Kind,
    limits: FairnessLimits,
    *,
    threshold: float | np.ndarray = 0.5,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
) -> FairnessReport:
    """Compare the groups of every sensitive column, and of every two of them together.

    A gap counts as beyond the limit only where its lower confidence bound is: Newcombe's interval (1998) for a
    difference of shares, Welch's for means, at a level corrected for all comparisons that are made (Bonferroni). A
    ratio counts as below its limit only where its upper bound is (Donner and Zou 2012). Numeric columns are cut into
    quartiles. Groups of fewer rows than the limits ask are reported, not judged.

    Args:
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        kind: The kind of problem.
        limits: Sensitive columns, largest gap, smallest ratio, fewest rows.
        threshold: Binary: probability from which the class is positive, or one per row, shape (n,), where groups have
            thresholds of their own.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        confidence: Level of the intervals.

    Raises:
        ConfigError: A sensitive column is not in the rows.
    """
    if isinstance(threshold, np.ndarray):
        p, threshold = (np.asarray(p) >= threshold).astype(np.float64), 0.5
    rates = rates_of(Scored.of(y, p, query, threshold), kind)
    independent = query if groups is None else groups
    tail = (1 - confidence) / 2
    group_rows: list[tuple[object, ...]] = []
    compared: list[tuple[str, str, dict[str, GroupRate]]] = []
    for column, cut in _cut(frame, limits.sensitive).items():
        for rate in rates:
            found = {name: measure_group(rate, rows, independent, limits.min_rows) for name, rows in cut.items()}
            group_rows += [(column, name, rate.name, *item.as_row(tail)) for name, item in found.items()]
            judged = {name: item for name, item in found.items() if item.judged}
            if rate.compared and len(judged) > 1:
                compared.append((column, rate.name, judged))
    pairs = sum(len(judged) * (len(judged) - 1) // 2 for _, _, judged in compared)
    each = tail / max(1, pairs * (1 if limits.min_ratio is None else 2))
    gap_rows = [
        (column, name, *_widest(judged, each, limits.max_gap), *_smallest(judged, each, limits.min_ratio))
        for column, name, judged in compared
    ]
    return FairnessReport(_table(group_rows, _GROUP_TYPES), _table(gap_rows, _GAP_TYPES))


def _table(rows: Sequence[tuple[object, ...]], types: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(types)).astype(dict(types))


def _cut(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """Rows of each group of each sensitive column, and of each two of them together, as masks."""
    alone = {column: cut_column(_column(frame, column)) for column in columns}
    crossed = {f"{a} & {b}": _cross(alone[a], alone[b]) for a, b in combinations(alone, 2)}
    return alone | crossed


def _cross(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    both = {f"{a}, {b}": rows & others for a, rows in one.items() for b, others in other.items()}
    largest = sorted(both, key=lambda name: -int(both[name].sum()))[:MAX_CROSSED]
    return {name: rows for name, rows in both.items() if name in largest and rows.any()}


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        raise ConfigError(
            f"the sensitive column {name!r} is not in the rows",
            expected="a column of the data",
            got=f"columns {', '.join(map(str, frame.columns[:20]))}",
            advice="mend evaluation.fairness.sensitive, or keep the column out of dataset.drop",
        )
    return frame[name]


def _ordered_pairs(groups: Mapping[str, GroupRate]) -> list[tuple[str, str]]:
    """All pairs, in each the group with the higher value first."""
    return [
        (one, other) if groups[one].value >= groups[other].value else (other, one)
        for one, other in combinations(groups, 2)
    ]


def _widest(groups: Mapping[str, GroupRate], tail: float, limit: float) -> tuple[float, float, str, str, float, bool]:
    """The pair that is farthest apart beyond chance; among pairs that are not, the one that is farthest apart."""
    sure, gap, higher, lower = max(
        (
            find_sure_gap(groups[higher], groups[lower], tail),
            groups[higher].value - groups[lower].value,
            higher,
            lower,
        )
        for higher, lower in _ordered_pairs(groups)
    )
    return gap, sure, higher, lower, limit, sure > limit


def _smallest(
    groups: Mapping[str, GroupRate], tail: float, limit: float | None
) -> tuple[float, float, str, str, float, bool]:
    """The pair whose ratio is surely the smallest; NaN where nothing can be divided."""
    bar = nan if limit is None else limit
    found = []
    for above, under in _ordered_pairs(groups):
        if groups[above].is_share and groups[above].value > 0:
            ratio = bound_ratio(groups[under].interval(tail), groups[above].interval(tail))
            found.append((ratio.high, ratio.value, above, under))
    if not found:
        return nan, nan, "", "", bar, False
    sure, value, above, under = min(found)
    return value, sure, above, under, bar, sure < bar
