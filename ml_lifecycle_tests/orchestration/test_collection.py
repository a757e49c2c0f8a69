"""Rows from production: in the form of the sources, without history that a client has sent."""

from pathlib import Path

from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.orchestration.assets.collection import history_names
from ml_lifecycle_tests.release import tiny


def test_history_columns_are_known_without_rows(tmp_path: Path) -> None:
    """By the names that computing them gives, of whichever entity."""
    by_city = {"column": "age", "lags": [1], "by": "city"}
    config = tiny.project(tmp_path, features={"history": [tiny.HISTORY, by_city]})
    assert history_names(config) == HistoryState.fit(tiny.table(), config).columns
    assert history_names(tiny.project(tmp_path)) == ()
