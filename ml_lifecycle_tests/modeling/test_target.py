"""The target: classes or numbers, encoded and decoded."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.errors import PackageError, TargetError
from ml_lifecycle.modeling.target import Target


def fit(values: Any, task: Task = Task.CLASSIFICATION, positive: Any = None) -> Target:
    """Fit a target called y."""
    return Target.fit(pd.Series(values), task, name="y", positive_class=positive)


def test_the_rarer_class_is_the_positive_one() -> None:
    """Without a word from the user the rarer class is predicted; at equal counts the later one."""
    assert fit(["yes", "yes", "no"]).classes == ("yes", "no")
    assert fit([0, 1]).classes == (0, 1)
    assert fit([0, 1]).positive == 1


@pytest.mark.parametrize("positive", [1, 1.0, "1"])
def test_the_positive_class_can_be_named_as_yaml_reads_it(positive: Any) -> None:
    """A class is recognised as number or as text."""
    assert fit([1, 1, 0], positive=positive).classes == (0, 1)


def test_more_classes_are_in_order() -> None:
    """Three classes make a multiclass problem, with codes in the order of the values."""
    target = fit([10, 2, 2, None, 3])
    assert target.kind is Kind.MULTICLASS
    assert target.classes == (2, 3, 10)
    assert target.positive is None
    assert fit(["b", "a", "c"]).classes == ("a", "b", "c")


def test_unused_categories_are_no_classes() -> None:
    """A category that no row has is not learnt."""
    values = pd.Series(pd.Categorical(["a", "b"], categories=["a", "b", "ghost"]))
    assert fit(values).kind is Kind.BINARY


@pytest.mark.parametrize("values", [[True, False, False], pd.Series([True, None, False, False], dtype="boolean")])
def test_truth_values_are_classes(values: Any) -> None:
    """A column of truth values is a binary target."""
    target = fit(values)
    assert target.classes == (False, True)
    assert target.decode(np.array([0.1, 0.5])).tolist() == [False, True]


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=5).filter(lambda labels: len(set(labels)) > 1))
def test_decoding_undoes_encoding(labels: list[str]) -> None:
    """Encoded labels, taken as certain predictions, decode to themselves."""
    target = fit(labels)
    codes = target.encode(pd.Series(labels))
    certain = codes.astype(float) if target.kind is Kind.BINARY else np.eye(len(target.classes))[codes]
    assert target.decode(certain).tolist() == labels


def test_a_gap_in_integer_classes_changes_no_code() -> None:
    """Classes that became float through missing values elsewhere are the same classes."""
    target = fit([0, 1, 1])
    assert (
        target.encode(pd.Series([1.0, 0.0])).tolist() == fit([0.0, 1.0, 1.0, None]).encode(pd.Series([1, 0])).tolist()
    )


def test_the_threshold_decides() -> None:
    """A probability on the threshold is positive."""
    assert fit([0, 0, 1]).decode(np.array([0.2, 0.3]), threshold=0.3).tolist() == [0, 1]


@pytest.mark.parametrize("task", [Task.REGRESSION, Task.RANKING])
def test_numbers_stay_numbers(task: Task) -> None:
    """Regression and ranking targets are float64, and predictions are their own labels."""
    target = fit([1, 2, None], task)
    assert target.kind.value == task.value
    assert target.encode(pd.Series([1, 2])).dtype == np.float64
    assert target.decode(np.array([1.5])).tolist() == [1.5]


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        ([None, None], Task.CLASSIFICATION, "no value"),
        (["a", "a", None], Task.CLASSIFICATION, "at least two classes, got only 'a'"),
        ([f"row{number}" for number in range(20)], Task.CLASSIFICATION, "20 classes"),
        (["1", "2"], Task.REGRESSION, "expected numbers, got string"),
        (pd.to_datetime(["2026-01-01", "2026-01-02"]), Task.REGRESSION, "expected numbers"),
        ([1.0, np.inf], Task.REGRESSION, "1 infinite"),
        ([3.0, 3.0], Task.REGRESSION, "numbers that differ, got only 3"),
        ([2, 2], Task.RANKING, "numbers that differ"),
    ],
)
def test_what_cannot_be_learnt_is_refused(values: Any, task: Task, message: str) -> None:
    """No labels, one class, an identifier, text or constants as numbers: each says what is wrong."""
    with pytest.raises(TargetError, match=message):
        fit(values, task)


def test_a_positive_class_must_occur() -> None:
    """A positive class that no row has is refused with the classes there are."""
    with pytest.raises(TargetError, match=r"'maybe'.*'no', 'yes'"):
        fit(["yes", "no"], positive="maybe")


@pytest.mark.parametrize(("values", "message"), [(["a", None], "1 missing"), (["a", "new"], "'new'")])
def test_missing_and_unknown_labels_are_not_encoded(values: list[Any], message: str) -> None:
    """A label that is missing or was never seen is refused, never guessed."""
    with pytest.raises(TargetError, match=message):
        fit(["a", "b"]).encode(pd.Series(values))


@pytest.mark.parametrize("values", [["a", "b"], [1, 2, 3], [0.5, 1.5], [True, False]])
def test_a_target_survives_storing(values: list[Any]) -> None:
    """JSON keeps kind, name and classes with their types."""
    target = fit(values)
    assert Target.from_dict(json.loads(json.dumps(target.to_dict()))) == target


@pytest.mark.parametrize("state", [{}, {"kind": "magic", "name": "y", "classes": []}])
def test_a_damaged_state_is_refused(state: dict[str, Any]) -> None:
    """A state that is no target is an error of the package."""
    with pytest.raises(PackageError, match="target cannot be read"):
        Target.from_dict(state)
