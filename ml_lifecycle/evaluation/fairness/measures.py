"""The named measures of the literature, from the rates of groups: demographic parity, equalised odds and others.

Names and values are Fairlearn's, so that a reader finds them again; they are computed here because an evaluation works
without that extra and needs intervals (a test holds both side by side). What the gate judges lives in `assessment`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isnan

import pandas as pd

from ml_lifecycle.evaluation.fairness.rates import bound_difference, bound_ratio
from ml_lifecycle.evaluation.inference.intervals import Interval

#: The rates that a named measure takes the worst of.
_RATES = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("true_positive_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "false_negative_rate": ("false_negative_rate",),
    "predictive_parity": ("precision",),
}
#: A rate that is one for all classes.
_OVER_CLASSES = "accuracy"
#: Columns of the table.
COLUMNS = ("column", "measure", "value", "low", "high")


def name_measures(groups: pd.DataFrame) -> pd.DataFrame:
    """Differences and ratios between the groups that differ most, of each sensitive column.

    The difference is that of the highest and the lowest rate, the ratio that of the lowest to the highest; equalised
    odds take the worse of the true and the false positive rate. Groups that are too small to be judged are left out.
    The intervals are those of the pair (Zou and Donner 2008, Donner and Zou 2012), not corrected for its choice: what
    is surely beyond a limit, the gate says.

    Args:
        groups: `FairnessReport.groups` of a classification; other kinds give an empty table.

    Returns:
        The columns of `COLUMNS`; with several classes the measures end in ` of class k`.
    """
    rows: list[tuple[str, str, float, float, float]] = []
    large = groups[groups["judged"].astype(bool)]
    for column, of_column in large.groupby("column", sort=False):
        rates = {str(name): _intervals(part) for name, part in of_column.groupby("measure", sort=False)}
        rows += [(str(column), name, item.value, item.low, item.high) for name, item in _named(rates)]
    types = {name: "object" if name in {"column", "measure"} else "float64" for name in COLUMNS}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)


def _intervals(part: pd.DataFrame) -> list[Interval]:
    rows = zip(part["value"], part["low"], part["high"], strict=True)
    return [Interval(float(value), float(low), float(high)) for value, low, high in rows]


def _named(rates: Mapping[str, Sequence[Interval]]) -> Iterator[tuple[str, Interval]]:
    first = "selection_rate"
    suffixes = [name.removeprefix(first) for name in rates if name.startswith(first)]
    wanted = [(name, suffix, parts) for suffix in suffixes for name, parts in _RATES.items()]
    for name, suffix, parts in [*wanted, (_OVER_CLASSES, "", (_OVER_CLASSES,))]:
        found = [rates.get(f"{part}{suffix}", ()) for part in parts]
        if min(len(groups) for groups in found) > 1:
            pairs = [(max(groups, key=_value), min(groups, key=_value)) for groups in found]
            gaps = [bound_difference(highest, lowest) for highest, lowest in pairs]
            yield f"{name}_difference{suffix}", _join(gaps, max)
            yield f"{name}_ratio{suffix}", _join([bound_ratio(lowest, highest) for highest, lowest in pairs], min)


def _value(item: Interval) -> float:
    return item.value


def _join(items: Sequence[Interval], worst: Callable[[Sequence[float]], float]) -> Interval:
    """The worst of several, end by end; what cannot be measured is left out where another can."""
    known = [item for item in items if not isnan(item.value)]
    if not known:
        return items[0]
    return Interval(*(worst([getattr(item, end) for item in known]) for end in ("value", "low", "high")))
