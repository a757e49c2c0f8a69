"""Capping rows keeps what matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(list(Kind)), limit=st.integers(12, 400), seed=st.integers(0, 9), timed=st.booleans())
def test_a_cap_holds_and_repeats(kind: Kind, limit: int, seed: int, timed: bool) -> None:  # noqa: FBT001
    """At most `limit` rows come, in order, without repetition; capping to what came gives the same rows."""
    samples, goal = make_samples(kind, timed=timed and kind is not Kind.RANKING), make_goal(kind, seed)
    part = cap_rows(samples, limit, goal)
    assert len(part) <= limit or len(part) == len(samples)
    assert (np.diff(part.row_ids) > 0).all()
    np.testing.assert_array_equal(cap_rows(samples, len(part), goal).row_ids, part.row_ids)
    if kind is not Kind.RANKING:
        assert len(part) == min(limit, len(samples))


def test_queries_stay_whole() -> None:
    """A ranking keeps all rows of a query or none."""
    part = cap_rows(make_samples(Kind.RANKING), 55, make_goal(Kind.RANKING))
    assert part.query is not None
    assert set(np.unique(part.query, return_counts=True)[1]) == {10}
    assert len(part) == 50


def test_rare_classes_stay() -> None:
    """A class with few rows keeps them."""
    samples = make_samples(Kind.BINARY)
    rare = np.zeros(300, dtype=np.int64)
    rare[[7, 100, 200]] = 1
    for timed in (False, True):
        time = make_samples(Kind.BINARY, timed=True).time if timed else None
        part = cap_rows(replace(samples, y=rare, time=time), 20, make_goal(Kind.BINARY))
        assert part.y.sum() >= 1
        assert len(part) == 20


def test_the_newest_rows_stay() -> None:
    """Rows with a time keep the newest half of the limit whole."""
    part = cap_rows(make_samples(Kind.REGRESSION, timed=True), 100, make_goal(Kind.REGRESSION))
    assert set(range(250, 300)) <= set(part.row_ids)
    assert len(part) == 100
