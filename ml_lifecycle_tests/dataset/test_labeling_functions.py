"""What each kind of rule says about rows, and how it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.labeling import LabelingConfig
from ml_lifecycle.dataset.labeling_functions import SILENT, Votes, collect_votes, label_key
from ml_lifecycle.errors import ConfigError, DataError, LifecycleError

HERE = "ml_lifecycle_tests.dataset.test_labeling_functions"
FRAME = pd.DataFrame(
    {
        "income": [500.0, 5000.0, np.nan, 900.0],
        "age": pd.array([20, 40, None, 30], dtype="Int64"),
        "note": ["Please REFUND me", "thanks", None, "a+b"],
        "amount of": ["1", "20", "many", None],
    }
)
NO_FUNCTION = 3


def by_age(frame: pd.DataFrame) -> list[str | None]:
    """Label a row by its age where that is known."""
    return [None if pd.isna(age) else "young" if age < 25 else "old" for age in frame["age"]]


def of_numpy(frame: pd.DataFrame) -> np.ndarray:
    """Vote 1 for every row, in numpy's own type."""
    return np.ones(len(frame), dtype=np.int64)


def too_short(frame: pd.DataFrame) -> list[str]:
    """Forget all rows but one."""
    return ["old"][: len(frame)]


def too_many(frame: pd.DataFrame) -> list[str]:
    """Vote for another label in every row."""
    return [f"label {row}" for row in range(len(frame))]


def failing(frame: pd.DataFrame) -> None:
    """Look for a column that is not there."""
    frame["ghost"]


def votes(*rules: dict[str, Any], frame: pd.DataFrame = FRAME) -> Votes:
    """The votes of some rules."""
    named = [{"name": f"rule_{number}", **rule} for number, rule in enumerate(rules)]
    return collect_votes(frame, LabelingConfig(functions=named))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ({"when": "income < 1000 and age < 25"}, [0]),
        ({"when": "age > 25"}, [1, 3]),
        ({"when": "note == 'thanks' or `amount of` == '1'"}, [0, 1]),
        ({"when": "note.str.contains('a')"}, [0, 1, 3]),
        ({"column": "note", "keywords": ["refund", "A+B"]}, [0, 3]),
        ({"column": "income", "above": 700}, [1, 3]),
        ({"column": "amount of", "below": 5}, [0]),
        ({"column": "age", "above": 25, "below": 35}, [3]),
    ],
)
def test_a_rule_votes_where_it_applies(rule: dict[str, Any], rows: list[int]) -> None:
    """Cells that are missing or cannot be read fit no rule."""
    found = votes({"label": "yes", **rule})
    assert np.flatnonzero(found.matrix[:, 0] != SILENT).tolist() == rows
    assert found.labels == ("yes",)
    assert found.covered.tolist() == [row in rows for row in range(4)]


def test_a_function_gives_its_own_labels() -> None:
    """None is silence; labels of several rules share their places."""
    found = votes({"python": f"{HERE}:by_age"}, {"when": "age > 0", "label": "old"})
    assert found.labels == ("young", "old")
    assert found.matrix.tolist() == [[0, 1], [1, 1], [SILENT, SILENT], [1, 1]]
    assert type(votes({"python": f"{HERE}:of_numpy"}).labels[0]) is int


def test_labels_are_compared_by_what_they_mean() -> None:
    """1, 1.0, True and "1" are one label; True and "true" are not."""
    found = votes(
        {"when": "age > 0", "label": 1}, {"when": "age > 0", "label": "1"}, {"when": "age > 0", "label": True}
    )
    assert found.labels == (1,)
    assert label_key(value=True) != label_key("true")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"when": "incme < 1", "label": 1}, "'rule_0' names an unknown column.*got incme.*did you mean 'income'"),
        ({"column": "nte", "keywords": ["x"], "label": 1}, "'rule_0' names an unknown column.*did you mean 'note'"),
        ({"when": "income <", "label": 1}, "'rule_0' cannot be evaluated.*SyntaxError"),
        ({"when": "income + 1", "label": 1}, "'rule_0' cannot be evaluated.*true or false"),
        ({"when": "note < 3", "label": 1}, "'rule_0' cannot be evaluated.*TypeError"),
        ({"when": "@pd.io", "label": 1}, "'rule_0'"),
        ({"when": "1 == 1", "label": 1}, "'rule_0' cannot be evaluated.*each row"),
        ({"python": "no_such_module:f"}, "'rule_0' cannot be found.*no_such_module"),
        ({"python": f"{HERE}:ghost"}, "'rule_0' cannot be found.*ghost"),
        ({"python": f"{HERE}:NO_FUNCTION"}, "'rule_0' is no function.*int"),
        ({"python": f"{HERE}:failing"}, "'rule_0' failed.*KeyError"),
        ({"python": f"{HERE}:too_short"}, "'rule_0' gives something else.*4 labels.*got 1 values"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_named(rule: dict[str, Any], message: str) -> None:
    """The message names the rule, what is wrong and what to do."""
    with pytest.raises(LifecycleError, match=message) as caught:
        votes(rule)
    assert isinstance(caught.value, ConfigError | DataError)
    assert "What to do" in str(caught.value)


def test_numbers_are_no_classes() -> None:
    """A function that votes for ever new labels is refused."""
    with pytest.raises(DataError, match="at most 100 labels"):
        votes({"python": f"{HERE}:too_many"}, frame=pd.DataFrame({"x": range(200)}))
