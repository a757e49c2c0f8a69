"""Pairs of columns that say the same: numbers with numbers, categories with categories, and one with the other.

Strength is the greater of Pearson's and Spearman's correlation for numbers, the bias-corrected Cramer's V of Bergsma
(2013) for categories, and the correlation ratio, corrected for the number of categories (Kelley 1935), for both. All
are between 0 and 1. They are measured on the sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.discovery.audit.columns import SampledColumn
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, list_names
from ml_lifecycle.discovery.audit.limits import AuditLimits

PAIR_TYPES = {
    "one": "object",
    "other": "object",
    "method": "object",
    "strength": "float64",
    "sign": "object",
    "rows": "int64",
}
RATIO = "correlation ratio"
_LEAST_ROWS = 30  # of cells that are there in both; fewer correlate by chance
_KEPT = 0.5  # weaker pairs are not written down
_SHOWN = 4

Numbers = npt.NDArray[np.float64]


def measure_pairs(columns: Sequence[SampledColumn], limits: AuditLimits) -> pd.DataFrame:
    """Measure all pairs: a row for each of strength 0.5 at least: one, other, method, strength, sign, rows.

    Args:
        columns: Columns that vary; names of rows and nearly constant columns only link by chance.
        limits: Which categories are too many.
    """
    numbers = [column for column in columns if column.numbers is not None]
    groups = [
        column for column in columns if column.codes is not None and 1 < column.categories <= limits.pair_categories
    ]
    found = [*_numbers(numbers), *_categories(groups), *_mixed(groups, numbers)]
    table = pd.DataFrame(found, columns=list(PAIR_TYPES)).astype(PAIR_TYPES)
    return table.sort_values(["strength", "one", "other"], ascending=[False, True, True], ignore_index=True)


def find_correlated(pairs: pd.DataFrame, order: Sequence[str], limits: AuditLimits) -> Iterator[Finding]:
    """One finding for each cluster of columns that are linked by strong pairs.

    Args:
        pairs: What `measure_pairs` gave, of the columns that may be meant.
        order: The columns as the table has them.
        limits: How strong a pair must be.
    """
    strong = pairs[pairs["strength"] >= limits.correlated]
    place = {name: number for number, name in enumerate(order)}
    for members in _clusters(strong, place):
        inside = strong[strong["one"].isin(members) & strong["other"].isin(members)]
        best = inside.iloc[0]
        yield Finding(
            "correlated",
            tuple(members),
            FindingSeverity.NOTE,
            _tell(members, best),
            "one of them may be enough; a model's importance is divided between them",
            {"pairs": len(inside), "method": str(best["method"]), "strength": float(best["strength"])},
        )


def _tell(members: list[str], best: pd.Series) -> str:
    sign = "-" if best["sign"] == "-" else ""
    strength = f"{best['method']} {sign}{best['strength']:.3g}"
    if len(members) > 2:  # noqa: PLR2004 - more than a pair
        return f"{list_names(members, _SHOWN)} say much the same, {best['one']} and {best['other']} most ({strength})."
    if best["method"] == RATIO:
        return f"{best['other']} follows from {best['one']} ({strength})."
    return f"{best['one']} and {best['other']} say the same ({strength})."


def _clusters(strong: pd.DataFrame, place: dict[str, int]) -> list[list[str]]:
    """Columns that hang together, in the order of the table."""
    leader: dict[str, str] = {}

    def lead(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for one, other in zip(strong["one"], strong["other"], strict=True):
        first, second = sorted((lead(one), lead(other)), key=place.__getitem__)
        leader[second] = first
    groups: dict[str, list[str]] = {}
    for name in sorted(leader, key=place.__getitem__):
        groups.setdefault(lead(name), []).append(name)
    return list(groups.values())


_Row = tuple[str, str, str, float, str, int]


#: Where both say the same, the last bits of sums must not choose the name of the measure.
_ROUNDING = 1e-9


def _numbers(columns: Sequence[SampledColumn]) -> Iterator[_Row]:
    """All pairs of numbers at once, each over the rows that have both."""
    if len(columns) < 2:  # noqa: PLR2004 - a pair
        return
    raw = np.column_stack([column.numbers for column in columns if column.numbers is not None])
    ranks = stats.rankdata(raw, axis=0, nan_policy="omit")
    pearson, rows = _correlate(raw)
    spearman, _ = _correlate(ranks)
    by_rank = np.abs(spearman) > np.abs(pearson) + _ROUNDING
    best = np.where(by_rank, spearman, pearson)
    for i, j in zip(*np.nonzero(np.triu(np.abs(best) >= _KEPT, 1)), strict=True):
        if rows[i, j] >= _LEAST_ROWS:
            method = "Spearman" if by_rank[i, j] else "Pearson"
            value = float(best[i, j])
            yield (
                columns[i].name,
                columns[j].name,
                method,
                min(abs(value), 1.0),
                "-" if value < 0 else "+",
                int(rows[i, j]),
            )


def _correlate(values: Numbers) -> tuple[Numbers, Numbers]:
    """Correlations over the rows that both columns have, and how many these are; each of shape (k, k)."""
    known = np.isfinite(values)
    shift = np.nanmean(np.where(known, values, np.nan), axis=0)
    scale = np.nanstd(np.where(known, values, np.nan), axis=0)
    centred = np.where(known, (values - shift) / np.where(scale > 0, scale, 1.0), 0.0)
    flags = known.astype(np.float64)
    rows = flags.T @ flags
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = centred.T @ flags
        products = centred.T @ centred - sums * sums.T / rows
        squares = (centred**2).T @ flags - sums**2 / rows
        return np.nan_to_num(products / np.sqrt(squares * squares.T)), rows


def _categories(columns: Sequence[SampledColumn]) -> Iterator[_Row]:
    for place, one in enumerate(columns):
        for other in columns[place + 1 :]:
            assert one.codes is not None and other.codes is not None, "categories have codes"  # noqa: S101, PT018 - invariant
            both = (one.codes >= 0) & (other.codes >= 0)
            rows = int(both.sum())
            cells = one.codes[both] * other.categories + other.codes[both]
            counts = np.bincount(cells, minlength=one.categories * other.categories)
            strength = cramers_v(counts.reshape(one.categories, other.categories))
            if rows >= _LEAST_ROWS and strength >= _KEPT:
                yield one.name, other.name, "Cramer's V", strength, "", rows


def cramers_v(counts: npt.NDArray[np.int64]) -> float:
    """Bias-corrected Cramer's V of a table of counts; 1 where one side follows from the other.

    >>> cramers_v(np.array([[500, 0], [0, 500]])) > 0.99, cramers_v(np.array([[250, 250], [250, 250]]))
    (True, 0.0)
    """
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(np.float64)
    total = table.sum()
    if min(table.shape) < 2 or total < 2:  # noqa: PLR2004 - a constant goes with nothing
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    phi = float(((table - expected) ** 2 / expected).sum() / total)
    (left, right), spare = table.shape, total - 1
    corrected = max(0.0, phi - (left - 1) * (right - 1) / spare)
    width = min(left - (left - 1) ** 2 / spare, right - (right - 1) ** 2 / spare) - 1
    return float(min(1.0, np.sqrt(corrected / width))) if width > 0 else 0.0


def _mixed(groups: Sequence[SampledColumn], numbers: Sequence[SampledColumn]) -> Iterator[_Row]:
    for group in groups:
        for column in numbers:
            assert group.codes is not None and column.numbers is not None, "each has its values"  # noqa: S101, PT018 - invariant
            if column.kind is ColumnType.TIME:
                continue
            both = (group.codes >= 0) & np.isfinite(column.numbers)
            strength = correlation_ratio(group.codes[both], column.numbers[both], group.categories)
            if both.sum() >= _LEAST_ROWS and strength >= _KEPT:
                yield group.name, column.name, RATIO, strength, "", int(both.sum())


def correlation_ratio(codes: npt.NDArray[np.intp], values: Numbers, categories: int) -> float:
    """Root of the share of a number's variance that categories explain, corrected for how many these are.

    >>> correlation_ratio(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 2.0, 2.0]), 2)
    1.0
    """
    counts = np.bincount(codes, minlength=categories)
    used = int((counts > 0).sum())
    if len(values) <= used or used < 2:  # noqa: PLR2004 - a constant explains nothing
        return 0.0
    centred = values - values.mean()
    total = float(centred @ centred)
    means = np.bincount(codes, weights=centred, minlength=categories) / np.maximum(counts, 1)
    within = float(((centred - means[codes]) ** 2).sum())
    if total <= 0:
        return 0.0
    return float(np.sqrt(max(0.0, 1 - within / total * (len(values) - 1) / (len(values) - used))))
