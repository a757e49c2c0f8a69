"""Looking back from a state: what the table gives, after any way of filling it, and after storing it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.features.history.plan import HistorySpec
from ml_lifecycle.features.history.state import HistoryState, judge_history
from ml_lifecycle.features.history.windows import add_history
from ml_lifecycle.parts import Parts, Storable
from ml_lifecycle_tests.features.history.stories import LATE, PROJECT, as_table, tables

TABLE = as_table(
    [
        {"who": "a", "when": f"2026-01-0{day}", "known": f"2026-01-0{day + 1}", "x": day / 10, "y": 1.0}
        for day in range(1, 8)
    ]
)


def newest_rows(table: pd.DataFrame) -> list[int]:
    """Positions of rows that are not older than any other of their entity."""
    timed = table[table["who"].notna() & table["when"].notna()]
    return [int(position) for position in timed.index if timed.loc[position, "when"] == _newest(timed, position)]


def _newest(timed: pd.DataFrame, position: int) -> pd.Timestamp:
    newest: pd.Timestamp = timed.loc[timed["who"] == timed.loc[position, "who"], "when"].max()
    return newest


def same_bits(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether floats agree to the last bit, NaN being NaN."""
    return np.array(one).tobytes() == np.array(other).tobytes() or bool(
        np.array_equal(np.array(one), np.array(other), equal_nan=True)
    )


@pytest.mark.parametrize("project", [PROJECT, LATE], ids=["column", "outcome"])
@settings(max_examples=30, deadline=None)
@given(table=tables, cut=st.integers(0, 25))
def test_one_row_sees_what_the_table_shows(project: ProjectConfig, table: pd.DataFrame, cut: int) -> None:
    """For the newest rows of each entity state and table agree to the last bit, also when filled in two steps."""
    by_time = table.sort_values("when", kind="stable").index
    early, late = table.loc[sorted(by_time[:cut])], table.loc[sorted(by_time[cut:])]
    batch = add_history(table, project)
    state = HistoryState.fit(early, project).update(late) if len(early) else HistoryState.fit(late, project)
    state = HistoryState.from_parts(state.to_parts())
    for position in newest_rows(table):
        found = state.read_row(table.loc[position].to_dict())
        wanted = batch.loc[position, list(state.columns)].to_list()
        assert same_bits(list(found.values()), wanted)


def test_a_state_keeps_only_what_is_needed() -> None:
    """Rows that no window and no lag reaches are dropped; what `all` needs of them is in the totals."""
    state = HistoryState.fit(TABLE, PROJECT)
    assert len(state.rows[0]) == 4  # three for the lag, one that is pending
    assert state.totals[0]["number"].tolist() == [6]


def test_the_next_row_sees_all_before() -> None:
    """A row that comes after the table sees the table's newest row."""
    state = HistoryState.fit(TABLE, PROJECT)
    found = state.read_row({"who": "a", "when": "2026-01-09"})
    assert found["x__lag1"] == 0.7
    assert found["x__count_all"] == 7


def test_without_entity_or_time_nothing_is_known() -> None:
    """A row without entity or time has no history; an unknown entity has an empty one."""
    state = HistoryState.fit(TABLE, PROJECT)
    assert np.isnan(list(state.read_row({"when": "2026-01-09"}).values())).all()
    assert np.isnan(list(state.read_row({"who": "a", "when": None}).values())).all()
    assert state.complete_row({"who": "new", "when": "2026-01-09"})["x__count_all"] == 0


def test_rows_of_a_batch_do_not_see_one_another() -> None:
    """Rows that are completed together are each answered as if alone."""
    frame = pd.DataFrame({"who": ["a", "a"], "when": ["2026-01-09", "2026-01-10"], "x": [1.0, 2.0]})
    assert HistoryState.fit(TABLE, PROJECT).complete(frame)["x__lag1"].tolist() == [0.7, 0.7]


def test_the_gate_compares_state_and_table() -> None:
    """A state of the same table passes; one that has seen other values is named."""
    assert judge_history(HistoryState.fit(TABLE, PROJECT), TABLE).passed
    verdict = judge_history(HistoryState.fit(TABLE.assign(x=5.0), PROJECT), TABLE)
    assert verdict.blocks
    assert "x__lag1" in verdict.facts["differing"]


def test_a_state_is_storable_and_a_damaged_plan_is_refused() -> None:
    """Parts are tables and JSON; JSON of something else is not misread."""
    state = HistoryState.fit(TABLE, PROJECT)
    assert isinstance(state, Storable)
    with pytest.raises(PackageError, match="stored history"):
        HistoryState.from_parts(Parts({}, {"history.json": b'[{"column": "x"}]'}))
    with pytest.raises(PackageError, match="stored history"):
        HistorySpec.from_dict(state.specs[0].to_dict() | {"windows": ["soon"]})
