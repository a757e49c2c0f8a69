"""Columns with a role are recognised by name and by content."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.discovery.guessing import Goal, Table
from ml_lifecycle.discovery.roles import Roles, guess_roles
from ml_lifecycle.errors import ConfigError, DataError

DAYS = [f"2024-01-{day:02}" for day in range(1, 13)]
GOAL = Goal("y", Task.CLASSIFICATION, Kind.BINARY)
RANKING = Goal("y", Task.RANKING, Kind.RANKING)


def roles(goal: Goal = GOAL, *, event_time: str | None = None, group: str | None = None, **columns: list[Any]) -> Roles:
    """Roles in a table of twelve rows."""
    frame = pd.DataFrame({"y": [0, 1] * 6, "x": [0.5, 1.5, 2.5] * 4, **columns})
    return guess_roles(Table(frame), goal, event_time=event_time, group=group)


def test_a_plain_table_has_none() -> None:
    """Then rows are dealt out at random."""
    found = roles()
    assert (found.id, found.event_time, found.entity, found.group, found.method) == (None, None, None, None, "random")


def test_rows_are_named_by_what_is_called_so_or_counts() -> None:
    """Not by any column that happens to differ in each row."""
    numbers = [7, 3, 9, 1, 2, 4, 5, 6, 8, 11, 10, 12]
    assert roles(order_id=numbers).id == "order_id"
    assert roles(anything=list(range(12))).id == "anything"
    assert roles(weight=numbers).id is None


def test_time_is_the_surest_of_the_times() -> None:
    """By its name, and the outcome's time is another role; then the split goes by time."""
    found = roles(delivered=DAYS, created_at=DAYS, outcome_at=DAYS)
    assert (found.event_time, found.outcome_time, found.method) == ("created_at", "outcome_at", "time")
    assert "delivered" in next(guess.why for guess in found.guesses if guess.what == "event_time")


def test_a_named_time_must_hold_times() -> None:
    """Numbers are none, and nothing else is."""
    assert roles(delivered=DAYS, created_at=DAYS, event_time="delivered").event_time == "delivered"
    with pytest.raises(DataError, match="does not hold times"):
        roles(event_time="x")
    with pytest.raises(DataError, match="does not hold times"):
        roles(word=["cook"] * 12, event_time="word")
    with pytest.raises(DataError, match="event time column is not in the file"):
        roles(event_time="nothing")
    with pytest.raises(ConfigError, match="cannot be the event time"):
        roles(event_time="y")


def test_customers_stay_together_unless_time_divides() -> None:
    """Whom rows are about is an entity, and a group where there is no time."""
    customers = [1, 2, 3, 1] * 3
    assert roles(customer_id=customers).group == "customer_id"
    timed = roles(customer_id=customers, day=DAYS)
    assert (timed.entity, timed.group, timed.method) == ("customer_id", None, "time")
    assert roles(customer_id=list(range(12))).entity is None


def test_a_ranking_needs_queries() -> None:
    """Recognised by name, or named."""
    assert roles(RANKING, qid=[1, 2, 3] * 4).group == "qid"
    assert roles(RANKING, topic=[1, 2, 3] * 4, group="topic").method == "group"
    with pytest.raises(ConfigError, match="--group"):
        roles(RANKING)


def test_one_column_has_one_role() -> None:
    """The target cannot be a group."""
    with pytest.raises(ConfigError, match="one role"):
        roles(group="y")


def test_sensitive_columns_are_suggested() -> None:
    """By name only."""
    assert roles(Sex=["f", "m"] * 6).sensitive == ("Sex",)
