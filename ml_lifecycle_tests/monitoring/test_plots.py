"""Tests of `ml_lifecycle.monitoring.plots`."""

from __future__ import annotations

import pandas as pd

from ml_lifecycle.monitoring.plots import drift_plot, performance_plot

PNG = b"\x89PNG"


def test_drift_over_time_is_a_small_png() -> None:
    """Many windows and features still make a readable, small picture."""
    rows = [(f"2026-01-{day:02d}", f"f{at}", 0.01 * day * at, 0.1) for day in range(1, 29) for at in range(12)]
    picture = drift_plot(pd.DataFrame(rows, columns=["window", "feature", "value", "limit"]))
    assert picture.startswith(PNG)
    assert len(picture) < 150_000


def test_one_window_is_enough_for_a_picture() -> None:
    """The first day has a picture too, values that are missing included."""
    frame = pd.DataFrame({"window": ["a"], "feature": ["x"], "value": [float("nan")], "limit": [0.1]})
    assert drift_plot(frame).startswith(PNG)


def test_performance_over_time_shows_measured_and_estimated_windows() -> None:
    """Both sorts of windows, and one that was not judged, make a picture; so does no window."""
    frame = pd.DataFrame(
        {
            "window": ["a", "b", "c"],
            "value": [0.8, 0.78, float("nan")],
            "low": [0.75, 0.7, float("nan")],
            "high": [0.85, 0.82, float("nan")],
            "reference": 0.8,
            "tolerated": 0.76,
            "estimated": [False, True, False],
            "metric": "roc_auc",
        }
    )
    assert performance_plot(frame).startswith(PNG)
    assert performance_plot(frame.iloc[:0]).startswith(PNG)


def test_the_truth_that_came_later_is_drawn_beside_the_estimate() -> None:
    """And a window with concept drift is marked; windows of an older code have neither."""
    frame = pd.DataFrame(
        {
            "window": ["a", "b", "c"],
            "value": [0.8, 0.78, 0.7],
            "low": [0.75, 0.7, 0.65],
            "high": [0.85, 0.82, 0.75],
            "reference": 0.8,
            "tolerated": 0.76,
            "estimated": [False, True, False],
            "metric": "roc_auc",
        }
    )
    later = frame.assign(
        estimate=[0.79, 0.78, float("nan")], estimate_low=0.7, estimate_high=0.9, concept_drift=[None, False, True]
    )
    assert performance_plot(later).startswith(PNG)
    assert performance_plot(later) != performance_plot(frame)
