"""Robustness: disturbances cost what they should, leave the given rows alone, and are bounded."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.evaluation import RobustnessLimits
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.robustness import COLUMNS, MAX_ROWS, assess_robustness, draw_rows
from ml_lifecycle_tests.evaluation.problems import binary, score_frame


def test_stronger_noise_costs_more() -> None:
    """The loss grows with the noise, and its interval holds it."""
    data = binary(800)
    drops = []
    for noise in (0.05, 3.0):
        limits = RobustnessLimits(noise=noise, missing_share=0)
        table = assess_robustness(score_frame, data.frame, data.y, METRICS["roc_auc"], limits, 0)
        assert tuple(table.columns) == COLUMNS
        assert table["disturbance"].tolist() == ["none", f"noise of {noise:g} standard deviations"]
        drops.append(table.loc[1, "drop"])
        assert table.loc[1, "low"] < table.loc[1, "drop"] < table.loc[1, "high"]
    assert drops[0] < 0.02
    assert drops[1] > 0.1


def test_all_disturbances_by_default() -> None:
    """Noise on numbers, blanks everywhere, and swapped categories; the same seed gives the same table."""
    data = binary(300)
    before = data.frame.copy()
    table = assess_robustness(score_frame, data.frame, data.y, METRICS["log_loss"], RobustnessLimits(), 1)
    again = assess_robustness(score_frame, data.frame, data.y, METRICS["log_loss"], RobustnessLimits(), 1)
    assert len(table) == 4
    pd.testing.assert_frame_equal(table, again)
    pd.testing.assert_frame_equal(data.frame, before)


def test_only_the_named_columns_are_disturbed() -> None:
    """A column the model does not see, and times, stay as they are."""
    seen: list[pd.DataFrame] = []

    def predict(frame: pd.DataFrame) -> np.ndarray:
        seen.append(frame)
        return frame["x"].fillna(0).to_numpy()

    frame = pd.DataFrame({"x": np.arange(60.0), "other": np.arange(60.0), "at": pd.date_range("2024", periods=60)})
    limits = RobustnessLimits(noise=1, missing_share=0.5)
    assess_robustness(predict, frame, np.arange(60.0), METRICS["rmse"], limits, 0, columns=["x", "at"])
    assert all(part["other"].tolist() == frame["other"].tolist() for part in seen if len(part) == 60)
    assert all(part["at"].notna().all() for part in seen)


def test_whole_numbers_and_truth_values_can_be_disturbed() -> None:
    """Integers, nullable integers, truth values and categories are disturbed without an error."""
    rows = 40
    frame = pd.DataFrame(
        {
            "i": np.arange(rows),
            "n": pd.array([1, None] * 20, dtype="Int64"),
            "b": [True, False] * 20,
            "c": pd.Categorical(["u", "v"] * 20),
        }
    )

    def predict(part: pd.DataFrame) -> np.ndarray:
        return part["i"].astype(float).fillna(0).to_numpy()

    table = assess_robustness(predict, frame, np.arange(rows), METRICS["mae"], RobustnessLimits(), 0)
    assert table["value"].notna().all()


@pytest.mark.parametrize(("n", "expected"), [(10, 10), (MAX_ROWS + 500, MAX_ROWS)])
def test_rows_are_bounded(n: int, expected: int) -> None:
    """At most so many rows, in their order."""
    rows = draw_rows(n, MAX_ROWS, np.random.default_rng(0))
    assert len(rows) == expected
    assert (np.diff(rows) > 0).all()


def test_queries_are_drawn_whole() -> None:
    """A drawn query keeps all of its rows; at least one is drawn."""
    query = np.repeat(np.arange(10), 7)
    rows = draw_rows(70, 30, np.random.default_rng(0), query)
    assert len(rows) == 28
    assert set(np.bincount(query[rows], minlength=10)) == {0, 7}
    assert len(draw_rows(70, 3, np.random.default_rng(0), query)) == 7


def test_shifts_and_permuted_columns_stand_in_the_table() -> None:
    """With predictions of all rows and what permutation found, both are in it, each with its own limit."""
    data = binary(1500)
    permuted = pd.DataFrame({"feature": ["x", "city", "made"], "loss": [0.2, 0.01, np.nan], "error": [0.01, 0.01, 0.0]})
    table = assess_robustness(
        score_frame,
        data.frame,
        data.y,
        METRICS["roc_auc"],
        RobustnessLimits(),
        0,
        columns=["x", "city"],
        predictions=data.p,
        permuted=permuted,
    )
    assert table["kind"].tolist() == ["none", "noise", "missing", "swapped", "shift", "shift", "permuted", "permuted"]
    by_name = table.set_index("disturbance")
    assert by_name.loc["x permuted", "drop"] == pytest.approx(0.2 / table.loc[0, "value"])
    assert by_name.loc["x permuted", "limit"] == pytest.approx(1 - 0.5 / table.loc[0, "value"], abs=0.02)
    assert (table.loc[table["kind"] == "shift", "limit"] == 0.1).all()
    assert not table["beyond"].any()


def test_a_column_without_which_the_model_is_worse_than_none_is_beyond() -> None:
    """A permuted column may cost all that the model knows, not more."""
    data = binary(600)
    found = []
    for loss in (0.1, 0.5):
        permuted = pd.DataFrame({"feature": ["x"], "loss": [loss], "error": [0.01]})
        table = assess_robustness(
            score_frame, data.frame, data.y, METRICS["log_loss"], RobustnessLimits(), 0, permuted=permuted
        )
        found.append(bool(table.iloc[-1]["beyond"]))
    assert found == [False, True]


def test_what_is_switched_off_is_left_out() -> None:
    """Neither shifts nor permuted columns where the limits say so."""
    data = binary(200)
    limits = RobustnessLimits(noise=0, missing_share=0, shift=0, permuted=False)
    permuted = pd.DataFrame({"feature": ["x"], "loss": [0.1], "error": [0.01]})
    table = assess_robustness(
        score_frame, data.frame, data.y, METRICS["roc_auc"], limits, 0, predictions=data.p, permuted=permuted
    )
    assert table["disturbance"].tolist() == ["none"]
