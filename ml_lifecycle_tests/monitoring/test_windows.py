"""Tests of `ml_lifecycle.monitoring.windows`."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.monitoring.windows import PredictionWindow, Window, judge_enough_rows, window_of

DAY = Window(datetime(2026, 1, 2), datetime(2026, 1, 3), "2026-01-02")  # noqa: DTZ001 - windows are naive UTC
LOG = pd.DataFrame(
    {
        "event_time": pd.to_datetime(["2026-01-02 00:00:00", "2026-01-02 12:00:00"]),
        "model_version": ["1", "2"],
        "outcome": [0.0, None],
        "x": [2, 3],
    }
)


def _window(rows: pd.DataFrame) -> PredictionWindow:
    return window_of(rows, DAY.start, DAY.end, DAY.name)


def test_a_window_knows_its_figures() -> None:
    """Rows, known outcomes and the versions that answered."""
    window = _window(LOG)
    facts = window.facts()
    assert (facts["rows"], facts["labelled"], facts["versions"]) == (2, 1, {"1": 1, "2": 1})
    assert facts["first"] == "2026-01-02T00:00:00"
    assert "2 predictions, 1 (50%) with a known outcome" in window.markdown()
    assert window.of_version("2").frame["x"].tolist() == [3]


def test_an_empty_window_is_a_window() -> None:
    """Nothing was predicted: no version, no crash."""
    window = _window(LOG.iloc[:0])
    assert window.main_version is None
    assert window.facts()["first"] is None
    assert "Model versions: none" in window.markdown()


def test_too_few_rows_warn() -> None:
    """The gate compares with min_rows and only warns."""
    window = _window(LOG)
    verdict = judge_enough_rows(window, DriftConfig())
    assert (verdict.gate, verdict.passed, verdict.blocks) == ("enough_rows", False, False)
    many = PredictionWindow(DAY, pd.concat([window.frame] * 50, ignore_index=True))
    assert judge_enough_rows(many, DriftConfig()).passed


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    """A stretch without time is a mistake of the program."""
    with pytest.raises(ValueError, match="ends after its start"):
        Window(DAY.end, DAY.start, "x")


def test_a_window_survives_storage() -> None:
    """Taken apart and put together it is the same."""
    window = _window(LOG)
    again = PredictionWindow.from_parts(window.to_parts())
    assert again.window == DAY
    assert again.facts() == window.facts()
    assert len(again) == 2
