"""Drift inside the history."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import find, make_clean


def test_columns_that_move_are_one_finding() -> None:
    """The farthest first; columns that stay are not in it."""
    frame = make_clean(3000)
    late = np.arange(3000) > 2000
    frame["balance"] += 2000 * late
    frame["channel"] = np.where(late & (frame.index % 2 == 0), "app", frame["channel"])
    found = find(frame)
    assert set(found) == {"drift"}
    assert found["drift"].severity is FindingSeverity.WARNING
    assert found["drift"].columns == ("balance", "channel")


def test_without_times_it_is_a_note() -> None:
    """The order of rows may mean nothing."""
    frame = make_clean(3000).drop(columns="when").sort_values("balance", kind="stable")
    assert "drift" not in find(frame)  # a column that goes with the order is a clock
    frame = make_clean(3000).drop(columns="when")
    frame["balance"] += 900 * (np.arange(3000) > 2000)
    assert find(frame)["drift"].severity is FindingSeverity.NOTE


def test_clocks_move_by_nature() -> None:
    """A counter and the year are no drift."""
    frame = make_clean(3000)
    frame = frame.assign(counter=np.arange(3000) + np.random.default_rng(0).normal(0, 5, 3000))
    frame["year"] = frame["when"].dt.year
    assert "drift" not in find(frame)


def test_cells_that_go_missing_are_drift_too() -> None:
    """A column that is there for old rows only."""
    frame = make_clean(3000)
    frame.loc[1500:, "ratio"] = np.nan
    assert find(frame)["drift"].columns == ("ratio",)
