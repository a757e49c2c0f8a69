"""The newest known row is found as a loop would find it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.modeling.baselines.newest import NEVER, Newest

_ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(-5, 5)), min_size=1, max_size=12)


def _by_loop(rows: np.ndarray, asked: np.ndarray, delay: int) -> list[float]:
    found = []
    for time, entity in asked:
        known = [row for row in rows if row[1] == entity and row[0] + delay < time]
        latest = max((row[0] for row in known), default=None)
        same = [row[2] for row in known if row[0] == latest]
        found.append(float(np.mean(same)) if same else 0.0)
    return found


@given(rows=_ROWS, asked=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), min_size=1), delay=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_a_loop(rows: list[tuple[int, int, int]], asked: list[tuple[int, int]], delay: int) -> None:
    """Strictly earlier by more than the delay, of the same entity; several at the newest moment count by their mean."""
    seen, wanted = np.array(rows), np.array(asked)
    newest = Newest.find(seen[:, 0], seen[:, 1], wanted[:, 0], wanted[:, 1], delay)
    values = seen[newest.sources, 2:].astype(float)
    np.testing.assert_allclose(newest.mean(values)[:, 0], _by_loop(seen, wanted, delay))


def test_rows_without_a_time_neither_tell_nor_know() -> None:
    """A missing time is not the beginning of all time."""
    newest = Newest.find([NEVER, 5], [0, 0], [NEVER, 5, 6], [0, 0, 0], 0)
    assert newest.nothing.tolist() == [True, True, False]
    assert newest.sources.tolist() == [1]
