"""The as-of join, against the plain search of its definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.point_in_time import find_rows, judge_point_in_time

START = np.datetime64("2026-01-01", "us")
SOURCE = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6), st.integers(0, 6)), max_size=25)
ASKED = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.integers(-1, 8)), max_size=12)


def days(numbers: Sequence[int]) -> np.ndarray:
    """Midnights so many days after the start."""
    return START + np.array(numbers, dtype="timedelta64[D]").astype("timedelta64[us]")


def search(source: list[tuple[str, int, int]], key: str | None, day: int, ttl: int | None) -> int:
    """The newest row of the key that was known on the day, by looking at each; the last of equals."""
    best, newest = -1, (-1, -1)
    for place, (name, event, created) in enumerate(source):
        known = name == key and event <= day and created <= day and (ttl is None or event >= day - ttl)
        if known and (event, created) >= newest:
            best, newest = place, (event, created)
    return best


@given(SOURCE, ASKED, st.one_of(st.none(), st.integers(1, 4)))
def test_the_join_finds_what_a_search_finds(
    source: list[tuple[str, int, int]], asked: list[tuple[str | None, int]], ttl: int | None
) -> None:
    """Ties, late corrections, unseen and missing entities, times before all rows: the same row as by searching."""
    names, events, created = (list(column) for column in zip(*source, strict=True)) if source else ([], [], [])
    keys, times = (list(column) for column in zip(*asked, strict=True)) if asked else ([], [])
    found = find_rows(
        pd.Series(names, dtype=object),
        days(events),
        days(created),
        pd.Series(keys, dtype=object),
        times=days(times),
        ttl=None if ttl is None else np.timedelta64(ttl, "D"),
    )
    assert found.tolist() == [search(source, key, day, ttl) for key, day in asked]


def test_without_a_time_there_is_no_answer() -> None:
    """An asked row or a source row whose time is missing finds nothing and is not found."""
    never = np.array(["NaT"], dtype="datetime64[us]")
    key = pd.Series(["a"])
    assert find_rows(key, days([0]), None, key, times=never, ttl=None).tolist() == [-1]
    assert find_rows(key, never, None, key, times=days([9]), ttl=None).tolist() == [-1]


class Told:
    """A store that gives out the answers it is told to."""

    entity, event_time, created = "who", "at", None

    def __init__(self, answers: list[float | None]) -> None:
        self.answers = pd.Series(answers, dtype=float)

    def get_historical(self, entity_frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
        """The answers by the index of the rows."""
        assert list(features) == ["v:x"]
        return entity_frame.assign(x=self.answers.reindex(entity_frame.index))


ENTITIES = pd.DataFrame({"who": ["a", "a", "b"], "at": days([2, 5, 5])})
HISTORY = pd.DataFrame({"who": ["a", "a", "a"], "at": days([1, 3, 9]), "x": [1.0, 3.0, 9.0]})


def judge(answers: list[float | None], ttl: timedelta | None = None) -> dict[str, object]:
    """The facts of the verdict and whether it passed."""
    verdict = judge_point_in_time(Told(answers), ENTITIES, HISTORY, ttl, features=["v:x"], rows=10, seed=0)
    assert verdict.gate == "point_in_time_correct"
    assert verdict.blocks is not verdict.passed
    return {"passed": verdict.passed, **verdict.facts}


def test_what_was_known_passes() -> None:
    """The newest earlier value, and nothing for an entity without one."""
    assert judge([1.0, 3.0, None])["passed"]


def test_a_late_value_fails_and_is_counted() -> None:
    """A value that the entity only has later is told apart from one that is merely wrong."""
    facts = judge([1.0, 9.0, 4.0])
    assert (facts["passed"], facts["wrong_cells"], facts["late_cells"]) == (False, 2, 1)
    assert "x is 9.0, expected 3.0" in str(facts["examples"])


def test_an_expired_value_fails() -> None:
    """With a ttl of a day the value of two days ago must not be given out."""
    assert not judge([1.0, 3.0, None], timedelta(days=1))["passed"]
    assert judge([1.0, None, None], timedelta(days=1))["passed"]


def test_nothing_to_compare_does_not_pass() -> None:
    """Without rows nothing is proved."""
    verdict = judge_point_in_time(Told([]), ENTITIES.iloc[:0], HISTORY, None, features=["v:x"], rows=10, seed=0)
    assert not verdict.passed


def test_lost_rows_are_an_error() -> None:
    """A store that answers with fewer rows than asked is not compared."""

    class Losing(Told):
        def get_historical(self, entity_frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
            return super().get_historical(entity_frame, features).iloc[1:]

    with pytest.raises(DataError, match="lost or gained rows"):
        judge_point_in_time(Losing([1.0]), ENTITIES, HISTORY, None, features=["v:x"], rows=10, seed=0)
