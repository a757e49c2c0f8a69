"""What is predicted is guessed as a person would, and said why."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.discovery.guessing import Table, guess_goal, guess_missing_codes, guess_target
from ml_lifecycle.errors import DataError, TargetError


def table(**columns: Any) -> Table:
    """A table of columns."""
    return Table(pd.DataFrame(columns))


class TestGuessTarget:
    """The target column."""

    def test_named_is_taken(self) -> None:
        """Whatever the others are called."""
        guess = guess_target(table(a=[1, 2], target=[0, 1]), "a")
        assert (guess.value, guess.why) == ("a", "named")

    def test_absent_is_told_with_the_nearest(self) -> None:
        """A typo is recognised; another role's column is no target error."""
        with pytest.raises(TargetError, match=r"did you mean 'income'"):
            guess_target(table(income=[1, 2], age=[1, 2]), "incom")
        with pytest.raises(DataError, match="event time"):
            table(a=[1]).require("at", "event time")

    def test_well_known_names_come_first(self) -> None:
        """The surest name wins, in any case of letters."""
        assert guess_target(table(Y=[0, 1, 0] * 5, Target=[1, 0, 1] * 5, z=[1, 2, 3] * 5), None).value == "Target"

    def test_last_column_else(self) -> None:
        """But no constant, no time and no name of rows."""
        rows = 12
        guess = guess_target(
            table(
                a=[1, 2] * 6,
                b=[1.5 * number for number in range(rows)],
                constant=[1] * rows,
                day=pd.date_range("2024-01-01", periods=rows),
                code=[f"x{number}" for number in range(rows)],
            ),
            None,
        )
        assert guess.value == "b"

    def test_none_is_told(self) -> None:
        """A table of constants has nothing to predict."""
        with pytest.raises(TargetError, match="--target"):
            guess_target(table(a=[1, 1], b=["x", "x"]), None)


class TestGuessGoal:
    """Task, kind and positive class."""

    @pytest.mark.parametrize(
        ("values", "task", "kind", "positive"),
        [
            (["no", "yes", "no"], Task.CLASSIFICATION, Kind.BINARY, "yes"),
            (["bad", "good", "good"], Task.CLASSIFICATION, Kind.BINARY, "bad"),
            ([1, 1, 0], Task.CLASSIFICATION, Kind.BINARY, 1),
            ([True, True, False], Task.CLASSIFICATION, Kind.BINARY, True),
            ([0.25, 0.75, 0.25], Task.CLASSIFICATION, Kind.BINARY, 0.75),
            ([1, 2, 3], Task.CLASSIFICATION, Kind.MULTICLASS, None),
            (["a", "b", "c"], Task.CLASSIFICATION, Kind.MULTICLASS, None),
            ([1.5, 2.5, 3.5], Task.REGRESSION, Kind.REGRESSION, None),
            (list(range(11)), Task.REGRESSION, Kind.REGRESSION, None),
        ],
    )
    def test_task_follows_from_values(self, values: list[Any], task: Task, kind: Kind, positive: object) -> None:
        """Few whole numbers and texts are classes, other numbers are amounts."""
        goal, guess = guess_goal(table(t=values), "t", None, None)
        assert (goal.task, goal.kind, goal.positive) == (task, kind, positive)
        assert guess.value == task

    def test_grades_by_query_are_ranked(self) -> None:
        """Where a column of queries puts rows together."""
        grades = table(qid=[1, 1, 2, 2], grade=[0, 3, 1, 2])
        assert guess_goal(grades, "grade", None, None)[0].kind is Kind.RANKING
        negative = table(qid=[1, 1, 2, 2], grade=[0, -3, 1, 2])
        assert guess_goal(negative, "grade", None, None)[0].kind is not Kind.RANKING

    def test_a_named_task_is_taken(self) -> None:
        """Seven grades may be amounts, if somebody says so."""
        assert guess_goal(table(q=[1, 2, 3]), "q", Task.REGRESSION, None)[0].kind is Kind.REGRESSION

    def test_what_cannot_be_is_told(self) -> None:
        """Text cannot be regressed, and one value teaches nothing."""
        with pytest.raises(TargetError, match="--template classification"):
            guess_goal(table(q=["a", "b"]), "q", Task.REGRESSION, None)
        with pytest.raises(TargetError, match="two different values"):
            guess_goal(table(q=["a", None]), "q", None, None)


class TestGuessMissingCodes:
    """Codes for missing values."""

    def test_question_marks_and_dashes_among_numbers(self) -> None:
        """With the places where they stand; a sign that means something is left."""
        frame = pd.DataFrame({"a": ["x", " ?", "y"], "b": ["?", "?", "1"], "n": ["1", "-", "2"]})
        assert guess_missing_codes(frame) == {" ?": "1 cell of a", "?": "2 cells of b", "-": "1 cell of n"}
        assert guess_missing_codes(frame.assign(sign=["-", "+", "+"])).keys() == {" ?", "?"}

    def test_a_column_of_nothing_else_is_left(self) -> None:
        """Then it says nothing anyway."""
        assert guess_missing_codes(pd.DataFrame({"a": ["?", "?"]})) == {}
