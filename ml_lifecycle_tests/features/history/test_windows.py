"""History of a table: against the slow way, and what it must never see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.features.history.windows import accumulate, add_history
from ml_lifecycle_tests.features.history.stories import FEATURES, LATE, PROJECT, as_table, look_back, tables
from ml_lifecycle_tests.features.projects import make_project


@settings(max_examples=30, deadline=None)
@given(tables)
def test_history_is_what_a_person_would_write_down(table: pd.DataFrame) -> None:
    """Lags and windows equal those found row by row, ties and missing cells included."""
    wanted = look_back(table, "x", late=False)
    found = add_history(table, PROJECT)[wanted.columns]
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(tables)
def test_outcomes_are_seen_from_when_they_are_known(table: pd.DataFrame) -> None:
    """The history of the target holds only outcomes that were known by the row's own time."""
    wanted = look_back(table, "y", late=True)
    found = add_history(table, LATE)[wanted.columns]
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(tables)
def test_the_future_changes_nothing(table: pd.DataFrame) -> None:
    """What rows see stays to the last bit, whatever the values of later rows are, and in whatever order rows come."""
    middle = table["when"].dropna().sort_values().iloc[len(table) // 3 :].min()
    later = ~(table["when"] <= middle)
    changed = table.assign(x=table["x"].where(~later, -1.0)).iloc[::-1]
    columns = [*add_history(table, PROJECT).columns.difference(table.columns)]
    before = add_history(table, PROJECT).loc[~later, columns]
    after = add_history(changed, PROJECT).loc[before.index, columns]
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_a_window_begins_with_its_span() -> None:
    """A row exactly a span ago is within the window; one of the same time as the row itself is not."""
    rows = [("a", "2026-01-01T00:00", 1.0), ("a", "2026-01-01T02:00", 2.0), ("a", "2026-01-01T02:00", 4.0)]
    table = as_table([{"who": who, "when": when, "known": None, "x": x, "y": 0.0} for who, when, x in rows])
    found = add_history(table, PROJECT)
    assert found["x__sum_2h"].tolist() == [0, 1, 1]
    assert found["x__lag1"].tolist()[1:] == [1, 1]


def test_classes_of_the_target_are_counted() -> None:
    """Of a target of two classes the history is the share of the positive one."""
    history = {"history": [{"column": "y", "windows": ["all"]}]}
    project = make_project(history, target="y", entity="who", event_time="when", outcome_time="known")
    times = pd.date_range("2026-01-01", periods=3, freq="D")
    table = pd.DataFrame({"who": 7, "when": times, "known": times, "y": ["yes", "no", "no"]})
    np.testing.assert_array_equal(add_history(table, project)["y__mean_all"], [np.nan, 1.0, 0.5])


def test_history_of_what_is_known_only_with_the_outcome_is_refused() -> None:
    """A dropped column may be one: it says what is missing."""
    table = as_table([{"who": "a", "when": None, "known": None, "x": 1.0, "y": 0.0}])
    project = make_project(FEATURES, target="y", task="regression", event_time="when", entity="who", drop=["x"])
    with pytest.raises(ConfigError, match="outcome_time"):
        add_history(table, project)


def test_another_entity_has_names_of_its_own() -> None:
    """The same column by two entities gives two sets of columns."""
    history = [{"column": "x", "lags": [1]}, {"column": "x", "lags": [1], "by": "shop"}]
    project = make_project({"history": history}, target="y", entity="who", event_time="when")
    table = as_table([{"who": "a", "when": None, "known": None, "x": 1.0, "y": 0.0}]).assign(shop="s")
    assert list(add_history(table, project).columns[-2:]) == ["x__lag1", "x__lag1__by_shop"]


def test_few_long_and_many_short_entities_accumulate_alike() -> None:
    """Both ways to accumulate give the same bits."""
    values = np.random.default_rng(0).normal(size=300)
    long = accumulate(np.add, values, np.array([0, 150, 300]))
    short = accumulate(np.add, np.r_[values, np.zeros(200)], np.r_[0, 150, 300, 301:501])
    assert (long == short[:300]).all()
