"""Partial dependence follows what the model does with a column."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.evaluation.explanation.partial_dependence import (
    COLUMNS,
    GRID,
    MAX_ROWS,
    choose_grid,
    partial_dependence,
)


def _frame(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=rows), "city": rng.choice(["a", "b"], rows, p=[0.7, 0.3])})
    frame["other"] = rng.normal(size=rows)
    return frame.assign(day=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows) % 50, unit="D"), one=1)


def _predict(frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(2 * frame["x"] + (frame["city"] == "a") + frame["x"] * frame["other"], dtype=float)


def test_a_line_is_found_again() -> None:
    """The mean prediction rises with the slope of the column, and interactions widen the band."""
    table = partial_dependence(_predict, _frame(), ["x"])
    assert tuple(table.columns) == COLUMNS
    assert len(table) == GRID
    slope = np.polyfit(table["number"], table["mean"], 1)[0]
    assert slope == pytest.approx(2, abs=0.2)
    width = table["high"] - table["low"]
    assert width.iloc[0] > 2 * width.min()


def test_categories_come_by_frequency_with_their_share() -> None:
    """The most frequent value first; the difference of the means is what the category adds."""
    table = partial_dependence(_predict, _frame(), ["city"])
    assert table["value"].tolist() == ["a", "b"]
    assert table["share"].iloc[0] > 0.6
    assert table["mean"].iloc[0] - table["mean"].iloc[1] == pytest.approx(1)


def test_each_class_is_followed() -> None:
    """With several classes there is a curve for each, by name."""

    def predict(frame: pd.DataFrame) -> np.ndarray:
        p = 1 / (1 + np.exp(-frame["x"].to_numpy()))
        return np.column_stack([p / 2, p / 2, 1 - p])

    table = partial_dependence(predict, _frame(), ["x"], classes=["u", "v", "w"])
    assert table["class"].unique().tolist() == ["u", "v", "w"]
    assert table.groupby("place")["mean"].sum().to_numpy() == pytest.approx(1)


def test_the_work_is_bounded() -> None:
    """However many rows there are, a bounded number is predicted, in one piece for a column."""
    asked = []

    def predict(frame: pd.DataFrame) -> np.ndarray:
        asked.append(len(frame))
        return _predict(frame)

    partial_dependence(predict, _frame(5_000), ["x", "city"])
    assert asked == [1, GRID * MAX_ROWS, 2 * MAX_ROWS]


def test_values_keep_their_type() -> None:
    """Times and whole numbers are set as they stand in the rows; a constant has no dependence."""
    seen = []

    def predict(frame: pd.DataFrame) -> np.ndarray:
        seen.append(str(frame["day"].dtype)[:10])
        return np.zeros(len(frame))

    table = partial_dependence(predict, _frame(), ["day", "one"])
    assert set(seen) == {"datetime64"}
    assert set(table["column"]) == {"day"}
    assert table["value"].iloc[0].startswith("2026-01-0")


def test_flags_and_two_numbers_are_categories() -> None:
    """A column of two values is tried at these, with their shares."""
    assert choose_grid(pd.Series([1, 0, 1, 1])).to_dict("list") == {"value": [0, 1], "share": [0.25, 0.75]}
    assert set(choose_grid(pd.Series([True, False, True]))["value"]) == {True, False}


def test_no_columns_is_an_empty_table() -> None:
    """Nothing is predicted then."""
    assert partial_dependence(_predict, _frame(), []).empty
