"""Numbers: infinite ones, ones far out, columns with a long tail. Numbers that stand for "missing" are in `codes`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_number, as_percent, as_rows
from ml_lifecycle.discovery.audit.table import Table

_LEAST_ROWS = 50  # quartiles of fewer rows are noise
_LEAST_DIFFERENT = 10  # steps of a scale have no outliers
_HALF = 0.5
_LOGS = (-700.0, 700.0)  # what exp can take
_TRIMMED = 0.001  # share of rows at each end that the skewness leaves out
_GAP = 0.5  # a gap of half the way from the quartile to the fence; in a smooth tail there is none
_GRID = 501  # points for the medcouple: it is of order n squared, and this many give it to two digits

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fences:
    """Between which bounds numbers are usual.

    Args:
        low: The lower bound.
        high: The upper bound.
        first: The lower quartile.
        third: The upper quartile.
    """

    low: float
    high: float
    first: float
    third: float


def find_infinite(column: Column, table: Table) -> Iterator[Finding]:  # noqa: ARG001 - all checks are called alike
    """Infinite numbers."""
    if column.infinite:
        yield Finding(
            "infinite",
            (column.name,),
            FindingSeverity.WARNING,
            f"{column.name} is infinite in {as_rows(column.infinite)}.",
            "find the division by zero; say in dataset.cleaning what becomes of them",
            {"rows": column.infinite},
        )


def find_tails(column: Column, table: Table) -> Iterator[Finding]:
    """Numbers far out, and long tails."""
    if not column.is_number or column.present < _LEAST_ROWS or column.different < _LEAST_DIFFERENT:
        return
    yield from _find_outliers(column, table)
    ends = max(1, int(_TRIMMED * column.present))  # a single slip of the keyboard is an outlier and no tail
    inner = column.ordered[ends:-ends]
    skewness = float(stats.skew(inner)) if inner[0] != inner[-1] else 0.0
    if abs(skewness) >= table.limits.skewness:
        yield Finding(
            "skewed",
            (column.name,),
            FindingSeverity.NOTE,
            f"{column.name} has a long tail (skewness {skewness:.1f}), from {as_number(float(column.ordered[0]))} "
            f"to {as_number(float(column.ordered[-1]))}, the median is {as_number(float(np.median(column.ordered)))}.",
            "trees do not mind; for linear models take the logarithm or bins",
            {"skewness": skewness},
        )


def _find_outliers(column: Column, table: Table) -> Iterator[Finding]:
    """Numbers beyond the fences, unless they are so many that they are the shape of the column."""
    fences = find_fences(column.ordered, table.limits.fence)
    if fences is None:
        return
    below = int(np.searchsorted(column.ordered, fences.low, side="left"))
    above = len(column.ordered) - int(np.searchsorted(column.ordered, fences.high, side="right"))
    share = (below + above) / column.present
    if not 0 < share <= table.limits.outlier_share or not _is_extreme(column.ordered, fences, table.limits.extreme):
        return
    least, most = float(column.ordered[0]), float(column.ordered[-1])
    reach = " and ".join(
        text for text, rows in ((f"down to {as_number(least)}", below), (f"up to {as_number(most)}", above)) if rows
    )
    yield Finding(
        "outliers",
        (column.name,),
        FindingSeverity.NOTE,
        f"{column.name} has {as_rows(below + above)} ({as_percent(share)}) far from the rest, {reach}; usual is "
        f"{as_number(max(fences.low, least))} to {as_number(min(fences.high, most))}.",
        "look at those rows; if they cannot be true, set a bound under dataset.cleaning.outliers",
        {"rows": below + above, "share": share, "low": fences.low, "high": fences.high},
    )


def find_fences(ordered: Numbers, width: float) -> Fences | None:
    """Bounds of the boxplot for skewed distributions (Hubert and Vandervieren 2008); None where numbers are too alike.

    Where more than half of the rows hold one number, the others are judged by themselves. Where all numbers are
    positive and the tail is long, the bounds are those of the logarithms, if these are wider: amounts multiply.

    Args:
        ordered: Numbers, ascending.
        width: Interquartile ranges between a quartile and its fence, for a symmetric distribution.

    >>> find_fences(np.arange(100.0), 1.5)
    Fences(low=-49.5, high=148.5, first=24.75, third=74.25)
    """
    middle = float(ordered[len(ordered) // 2])
    usual = ordered
    if float(np.mean(ordered == middle)) > _HALF:
        usual = ordered[ordered != middle]
    if len(usual) < _LEAST_ROWS or usual[0] == usual[-1]:
        return None
    low, high = _bounds(usual, width)
    if usual[0] > 0 and usual is ordered:
        least, most = np.exp(np.clip(_bounds(np.log(usual), width), *_LOGS))
        low, high = min(low, float(least)), max(high, float(most))
    if low == high:
        return None
    return Fences(min(low, middle), max(high, middle), *np.quantile(usual, [0.25, 0.75]).tolist())


def _is_extreme(ordered: Numbers, fences: Fences, times: float) -> bool:
    """Whether numbers beyond a fence are a set of their own: much farther out, and behind a gap.

    A long smooth tail reaches far, too; what tells faults from it is that nothing lies before them.
    """
    mirrored = -ordered[::-1]
    return _leaves(ordered, fences.third, fences.high, times) or _leaves(mirrored, -fences.first, -fences.low, times)


def _leaves(ordered: Numbers, quartile: float, fence: float, times: float) -> bool:
    """The upper side: one number lies so many times as far as the fence, after a gap of half that distance."""
    reach = fence - quartile
    if ordered[-1] <= quartile + times * reach:
        return False
    tail = ordered[max(0, int(np.searchsorted(ordered, fence, side="right")) - 1) :]
    return bool(np.diff(tail).max(initial=0.0) >= _GAP * reach)


def _bounds(ordered: Numbers, width: float) -> tuple[float, float]:
    first, third = np.quantile(ordered, [0.25, 0.75])
    skew = medcouple(ordered)
    reach = width * (third - first)
    left, right = (-4.0, 3.0) if skew >= 0 else (-3.0, 4.0)
    return float(first - reach * np.exp(left * skew)), float(third + reach * np.exp(right * skew))


def medcouple(ordered: Numbers) -> float:
    """A robust skewness between -1 and 1 (Brys, Hubert and Struyf 2004), on a grid of quantiles.

    >>> medcouple(np.arange(11.0))
    0.0
    """
    grid = ordered[np.linspace(0, len(ordered) - 1, min(_GRID, len(ordered))).astype(np.intp)]
    middle = float(np.median(grid))
    left, right = grid[grid <= middle] - middle, grid[grid >= middle] - middle
    spread = right[:, None] - left[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        kernel = (right[:, None] + left[None, :]) / spread
    usable = spread > 0
    return float(np.median(kernel[usable])) if usable.any() else 0.0
