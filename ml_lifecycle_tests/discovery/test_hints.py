"""Hints at columns that give the target away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.discovery.guessing import Goal, Table
from ml_lifecycle.discovery.hints import Hint, find_hints

RANDOM = np.random.default_rng(0)
AMOUNT = Goal("y", Task.REGRESSION, Kind.REGRESSION)
CLASS = Goal("y", Task.CLASSIFICATION, Kind.BINARY)


def hints(frame: pd.DataFrame, goal: Goal, roles: tuple[str, ...] = ()) -> list[Hint]:
    """The hints of a frame."""
    return find_hints(Table(frame), goal, roles=roles)


def amounts(rows: int = 200) -> pd.DataFrame:
    """Two parts that sum to the target, a constant, a gap and noise."""
    parts = RANDOM.integers(0, 50, size=(rows, 2))
    frame = pd.DataFrame(parts, columns=["a", "b"]).assign(y=parts.sum(axis=1), c=0, noise=RANDOM.normal(size=rows))
    return frame.assign(gap=frame["a"].where(frame.index > 3))


def test_parts_of_the_target_are_found() -> None:
    """Two columns that sum to it, but not with a constant or with cells missing."""
    found = [hint for hint in hints(amounts(), AMOUNT) if len(hint.columns) == 2]
    assert [hint.columns for hint in found] == [("a", "b")]
    assert "a + b = y" in found[0].text


def test_a_near_copy_is_found() -> None:
    """By correlation, of either sign."""
    frame = amounts()
    frame["copy"] = -2 * frame["y"] + RANDOM.normal(size=len(frame))
    assert ("copy",) in [hint.columns for hint in hints(frame, AMOUNT)]
    assert ("noise",) not in [hint.columns for hint in hints(frame, AMOUNT)]


def test_a_column_with_one_class_per_value_is_found() -> None:
    """Where values repeat; a column that differs in each row, a constant or a role says nothing."""
    y = np.array(["no", "yes"] * 100)
    frame = pd.DataFrame({"y": y, "status": np.where(y == "yes", "closed", "open"), "n": np.arange(200), "k": 1})
    assert [hint.columns for hint in hints(frame, CLASS)] == [("status",)]
    assert hints(frame, CLASS, roles=("status",)) == []


def test_a_date_in_parts_is_found() -> None:
    """Unless there is a column of times."""
    frame = pd.DataFrame({"y": [0, 1], "year": [2024, 2024], "month": [1, 2], "day": [3, 4]})
    assert [hint.columns for hint in hints(frame, CLASS)] == [("year", "month", "day")]
    assert hints(frame.assign(at=["2024-01-03", "2024-02-04"]), CLASS) == []
