"""Answers: one row is answered as many rows are."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.decision import Decision, GroupThresholds
from ml_lifecycle.modeling.predictor import Predictions
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.release.answers import answer_columns, answer_row, answer_table

_BINARY = Target(Kind.BINARY, "y", ("no", "yes"))
_COLOURS = Target(Kind.MULTICLASS, "y", ("a", "b", "c"))
_SHARES = np.array([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2]])
_CASES = [
    (_BINARY, np.array([0.2, 0.5, 0.9]), Decision()),
    (Target(Kind.BINARY, "y", (0, 1)), np.array([0.2, 0.5, 0.9]), Decision(threshold=0.9)),
    (_COLOURS, _SHARES, Decision()),
    (_COLOURS, _SHARES, Decision(costs=((0, 9, 9), (1, 0, 1), (1, 1, 0)))),
    (Target(Kind.MULTICLASS, "y", (1, 2)), np.array([[0.2, 0.8], [0.6, 0.4]]), Decision()),
    (Target(Kind.REGRESSION, "y"), np.array([1.5, -2.0]), Decision()),
    (Target(Kind.RANKING, "y"), np.array([0.1, 7.0]), Decision()),
]


@pytest.mark.parametrize(("target", "predictions", "decision"), _CASES)
def test_a_row_is_answered_as_in_a_table(target: Target, predictions: np.ndarray, decision: Decision) -> None:
    """The same names and the same values, whatever the kind and the type of the classes."""
    predicted = Predictions(predictions)
    table = answer_table(target, predicted, decision)
    assert tuple(table.columns) == answer_columns(target)
    assert [dict(answer_row(target, one, decision)) for one in predicted.one_by_one()] == table.to_dict("records")


def test_the_threshold_decides_the_label() -> None:
    """From the threshold on, it included."""
    table = answer_table(_BINARY, Predictions(np.array([0.29, 0.3])), Decision(threshold=0.3))
    assert table["prediction"].tolist() == ["no", "yes"]


def test_groups_have_thresholds_of_their_own() -> None:
    """The raw row says which one holds; a row without the column, or of another group, takes the default."""
    decision = Decision(by_group=GroupThresholds("sex", {"f": 0.2, "m": 0.6}, default=0.4))
    rows = pd.DataFrame({"sex": ["f", "m", None, "x"]})
    predicted = Predictions(np.full(4, 0.4))
    table = answer_table(_BINARY, predicted, decision, rows)
    assert table["prediction"].tolist() == ["yes", "no", "yes", "yes"]
    pairs = zip(predicted.one_by_one(), rows.to_dict("records"), strict=True)
    assert [answer_row(_BINARY, one, decision, row) for one, row in pairs] == table.to_dict("records")  # type: ignore[arg-type]
    assert answer_row(_BINARY, predicted.one_by_one()[0], decision, {})["prediction"] == "yes"


def test_the_probability_is_that_of_the_class_that_is_answered() -> None:
    """Also where costs choose another class than the most probable one."""
    table = answer_table(_COLOURS, Predictions(_SHARES), Decision(costs=((0, 9, 9), (1, 0, 1), (1, 1, 0))))
    assert table["prediction"].tolist() == ["a", "a"]
    assert table["probability"].tolist() == [0.2, 0.4]


def test_intervals_are_answered_where_there_are_any() -> None:
    """Lower and upper end by name, in a table and for one row."""
    target, predicted = Target(Kind.REGRESSION, "y"), Predictions(np.array([1.0, 2.0]), np.array([[0, 3], [1, 4.5]]))
    table = answer_table(target, predicted, Decision())
    assert tuple(table.columns) == answer_columns(target, intervals=True) == ("prediction", "low", "high")
    assert [answer_row(target, one, Decision()) for one in predicted.one_by_one()] == table.to_dict("records")
    assert table["high"].tolist() == [3, 4.5]
