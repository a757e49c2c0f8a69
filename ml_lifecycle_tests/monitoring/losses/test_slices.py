"""Tests of `ml_lifecycle.monitoring.losses.slices`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.monitoring.losses.slices import COLUMNS, SliceLevel, measure_slices, watch_slices

ACCURACY = get_metric("accuracy")


def _rows(rows: int, right: dict[str, float], seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    names = np.array(list(right))[generator.integers(0, len(right), rows)]
    hit = generator.random(rows) < np.array([right[name] for name in names])
    y = generator.integers(0, 2, rows)
    return pd.DataFrame({"c": names, "x": generator.random(rows)}), y, np.where(hit, y, 1 - y).astype(float)


def _levels(*, numeric: bool = False) -> tuple[SliceLevel, ...]:
    frame, y, p = _rows(3_000, {"a": 0.9, "b": 0.9, "d": 0.6}, 0)
    return measure_slices(frame, y, p, ACCURACY, min_rows=50, most=10, numeric=numeric)


def _watch(right: dict[str, float], seed: int, levels: tuple[SliceLevel, ...]) -> pd.DataFrame:
    frame, y, p = _rows(1_000, right, seed)
    return watch_slices(levels, frame, y, p, ACCURACY, max_drop=0.05, min_rows=50, rate=0.05)


def test_a_slice_that_became_worse_is_named_first() -> None:
    """With its size, its interval and its value on the test split; a slice that was bad already is not lost."""
    table = _watch({"a": 0.7, "b": 0.9, "d": 0.6}, 1, _levels())
    assert tuple(table.columns) == COLUMNS
    assert table["slice"].tolist()[0] == "c = a"
    assert table["lost"].tolist() == [True, False, False]
    first = table.iloc[0]
    assert first["low"] < first["value"] < first["high"] < first["tolerated"] < first["reference"]


def test_slices_that_stay_as_they_were_are_seldom_lost() -> None:
    """60 stationary windows: hardly one has any lost slice."""
    levels = _levels(numeric=True)
    assert len(levels) == 7
    lost = [bool(_watch({"a": 0.9, "b": 0.9, "d": 0.6}, seed, levels)["lost"].any()) for seed in range(2, 62)]
    assert np.mean(lost) <= 0.05


def test_small_and_absent_slices_are_not_judged() -> None:
    """Fewer rows than are needed, a column that was not logged: an empty table."""
    frame, y, p = _rows(60, {"a": 0.9, "b": 0.9}, 1)
    kept: dict[str, Any] = {"max_drop": 0.05, "min_rows": 50, "rate": 0.05}
    assert watch_slices(_levels(), frame, y, p, ACCURACY, **kept).empty
    assert watch_slices(_levels(), frame[["x"]], y, p, ACCURACY, **kept).empty
