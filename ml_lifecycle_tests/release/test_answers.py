"""Answers: one row is answered as many rows are."""

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.release.answers import answer_columns, answer_row, answer_table

_CASES = [
    (Target(Kind.BINARY, "y", ("no", "yes")), np.array([0.2, 0.5, 0.9])),
    (Target(Kind.BINARY, "y", (0, 1)), np.array([0.2, 0.5, 0.9])),
    (Target(Kind.MULTICLASS, "y", ("a", "b", "c")), np.array([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2]])),
    (Target(Kind.MULTICLASS, "y", (1, 2)), np.array([[0.2, 0.8], [0.6, 0.4]])),
    (Target(Kind.REGRESSION, "y"), np.array([1.5, -2.0])),
    (Target(Kind.RANKING, "y"), np.array([0.1, 7.0])),
]


@pytest.mark.parametrize(("target", "predictions"), _CASES)
def test_a_row_is_answered_as_in_a_table(target: Target, predictions: np.ndarray) -> None:
    """The same names and the same values, whatever the kind and the type of the classes."""
    table = answer_table(target, predictions, 0.5)
    assert tuple(table.columns) == answer_columns(target)
    assert [dict(answer_row(target, one, 0.5)) for one in predictions] == table.to_dict("records")


def test_the_threshold_decides_the_label() -> None:
    """From the threshold on, it included."""
    target = Target(Kind.BINARY, "y", ("no", "yes"))
    assert answer_table(target, np.array([0.29, 0.3]), 0.3)["prediction"].tolist() == ["no", "yes"]
