"""Columns that may give the target away: hints for a person who writes a project, no more.

They are looked for on a bounded sample, and nothing is dropped: whether a column is known when a prediction is made is
not in the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.discovery.guessing import Goal, Table

_ROWS = 20_000
_PROBED = 40  # rows on which pairs of columns are tried before all are
_CLOSE = 0.9  # absolute correlation from which a column nearly is the target
_LEAST_REPEATS = 5  # rows per value that a column must have before "each value has one class" says something
_DATE_PARTS = ("year", "month", "day")


@dataclass(frozen=True, slots=True)
class Hint:
    """What somebody should look at.

    Args:
        columns: The columns.
        text: What is striking about them.
    """

    columns: tuple[str, ...]
    text: str


def find_hints(table: Table, goal: Goal, *, roles: Sequence[str]) -> list[Hint]:
    """Look for columns that alone or in pairs determine the target, and for dates in parts.

    Args:
        table: The table.
        goal: What is predicted.
        roles: Columns that are no features anyway.
    """
    rows = table.frame.loc[table.frame[goal.target].notna()]
    rows = rows if len(rows) <= _ROWS else rows.sample(_ROWS, random_state=0)
    features = [name for name in table.columns if name != goal.target and name not in roles]
    numbers = [name for name in features if table.types[name] in {ColumnType.INTEGER, ColumnType.NUMBER}]
    hints = list(_date_parts(table))
    if goal.task is Task.CLASSIFICATION:
        hints += [Hint((name,), _DETERMINES) for name in features if _determines(rows[name], rows[goal.target])]
    if table.types[goal.target] in {ColumnType.INTEGER, ColumnType.NUMBER} and goal.task is Task.REGRESSION:
        target = rows[goal.target].to_numpy(dtype=np.float64)
        values = rows[numbers].astype("float64").to_numpy()
        hints += [_close(numbers[place], strength) for place, strength in _correlated(values, target)]
        hints += [_pair(numbers[i], numbers[j], goal.target) for i, j in _sums(values, target)]
    return hints


_DETERMINES = "each of its values goes with one class only: is it known when a prediction is made?"


def _close(name: str, strength: float) -> Hint:
    return Hint((name,), f"correlates with the target ({strength:.2f}): is it known when a prediction is made?")


def _pair(one: str, other: str, target: str) -> Hint:
    return Hint((one, other), f"{one} + {other} = {target} in every row: they are parts of it, drop them")


def _date_parts(table: Table) -> Iterator[Hint]:
    names = {name.lower(): name for name in table.columns}
    if all(part in names for part in _DATE_PARTS) and not table.of(ColumnType.TIME):
        columns = tuple(names[part] for part in _DATE_PARTS)
        yield Hint(columns, "together they say when: join them in one column of dates and name it as event_time")


def _determines(values: pd.Series, target: pd.Series) -> bool:
    """Whether each value goes with one class, in a column whose values repeat, and differ."""
    distinct = values.nunique()
    if distinct < 2 or distinct * _LEAST_REPEATS > values.notna().sum():  # noqa: PLR2004 - a constant tells nothing
        return False
    classes = target.groupby(values.to_numpy(), observed=True).nunique()
    return bool((classes == 1).all())


def _correlated(values: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> Iterator[tuple[int, float]]:
    for place in range(values.shape[1]):
        known = np.isfinite(values[:, place]) & np.isfinite(target)
        column, truth = values[known, place], target[known]
        if len(truth) > 2 and column.std() > 0 and truth.std() > 0:  # noqa: PLR2004 - two points always correlate
            strength = float(np.corrcoef(column, truth)[0, 1])
            if abs(strength) >= _CLOSE:
                yield place, strength


def _sums(values: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Pairs of columns that sum to the target in every row; tried on a few rows first."""
    complete = np.isfinite(values).all(axis=0) & (values != values[:1]).any(axis=0)
    varying = np.flatnonzero(complete).tolist()
    probe = values[:_PROBED]
    for position, i in enumerate(varying):
        rest = target[:_PROBED, None] - probe[:, [i]]
        others = varying[position + 1 :]
        for j in np.array(others)[np.isclose(rest, probe[:, others]).all(axis=0)] if others else ():
            if np.isclose(values[:, i] + values[:, j], target).all():
                yield i, int(j)
