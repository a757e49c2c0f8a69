"""Scoring: every row has its answer or its error, and one row is answered as many are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.dataset.rows import identify
from ml_lifecycle.modeling.decision import Decision, GroupThresholds
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle_tests.release import tiny

_GOOD = {"income": 40.5, "age": 30, "city": "Riga"}


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    plain = rows[["income", "age", "city"]].astype(object).where(rows[["income", "age", "city"]].notna(), None)
    return plain.to_dict("records")


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION])
def test_rows_one_by_one_together_and_as_a_frame_get_the_same(tmp_path: Any, kind: Kind) -> None:
    """Whatever the way, the same prediction."""
    scorer = Scorer(tiny.package(tmp_path / "package", kind))
    rows = tiny.table(30, seed=5)
    together = scorer.score_rows(_records(rows))
    alone = [scorer.score_rows([record])[0] for record in _records(rows)]
    frame = scorer.score_frame(identify(rows))
    assert [answer.output for answer in together] == [answer.output for answer in alone]
    assert frame.answers.to_dict("records") == [dict(answer.output or {}) for answer in together]
    np.testing.assert_array_equal(frame.scores, np.array([answer.score for answer in together]))


@pytest.mark.parametrize(
    "predictor",
    [
        tiny.with_intervals,
        lambda: tiny.without_city(Decision(by_group=GroupThresholds("city", {"Oslo": 0.1, "Riga": 0.9}, default=0.5))),
        lambda: replace(tiny.predictor(), decision=Decision(threshold=0.8)),
    ],
    ids=["intervals", "groups", "threshold"],
)
def test_intervals_and_decisions_are_the_same_whatever_the_way(
    tmp_path: Path, predictor: Callable[[], Predictor]
) -> None:
    """One by one, together, and as a frame."""
    kind = predictor().target.kind
    tiny.write(tmp_path / "package", kind, predictor=predictor())
    scorer = Scorer(load_package(tmp_path / "package"))
    rows = tiny.table(30, seed=5)
    together = scorer.score_rows(_records(rows))
    alone = [scorer.score_rows([record])[0] for record in _records(rows)]
    answers = scorer.score_frame(identify(rows)).answers.to_dict("records")
    assert answers == [dict(answer.output or {}) for answer in together] == [answer.output for answer in alone]
    if kind is Kind.REGRESSION:
        assert all(answer["low"] < answer["prediction"] < answer["high"] for answer in answers)


def test_a_row_without_the_column_that_decides_is_refused(tmp_path: Path) -> None:
    """A mitigation that silently did not act would be worse than an error."""
    groups = GroupThresholds("city", {"Oslo": 0.1}, default=0.5)
    tiny.write(tmp_path / "package", predictor=tiny.without_city(Decision(by_group=groups)))
    scorer = Scorer(load_package(tmp_path / "package"))
    refused = scorer.score_rows([{"income": 40.5, "age": 30}])[0]
    assert [(item.column, item.check) for item in refused.failures] == [("city", "column_in_dataframe")]


def test_a_bad_row_gets_its_errors_and_the_others_their_answers(scorer: Scorer) -> None:
    """Unknown category, unreadable number, missing column, no row at all; in their places."""
    rows = [_GOOD, {**_GOOD, "city": "Mars"}, {**_GOOD, "age": "old"}, {"income": 3, "age": 30}, "no row", _GOOD]
    answers = scorer.score_rows(rows)
    found = [[(item.column, item.check) for item in answer.failures] for answer in answers]
    assert found == [
        [],
        [("city", "isin")],
        [("age", "dtype")],
        [("city", "column_in_dataframe")],
        [("", "row")],
        [],
    ]
    assert [answer.output is None for answer in answers] == [False, True, True, True, True, False]


def test_columns_that_the_model_does_not_read_are_not_asked_for(scorer: Scorer) -> None:
    """The target, identifiers and anything else may be there or not."""
    plain, more = scorer.score_rows([_GOOD, {**_GOOD, "repaid": "perhaps", "id": None, "colour": "red"}])
    assert plain.output == more.output


def test_a_frame_is_divided_into_answered_and_rejected(scorer: Scorer) -> None:
    """Together they are all rows that came."""
    rows = identify(pd.DataFrame([_GOOD, {**_GOOD, "city": "Mars"}, {**_GOOD, "age": 31}]))
    scored = scorer.score_frame(rows)
    assert len(scored.good) == len(scored.answers) == len(scored.scores) == 2
    assert set(scored.rejected["_row_id"]) == set(rows["_row_id"]) - set(scored.good["_row_id"])


def test_without_a_column_every_row_is_rejected(scorer: Scorer) -> None:
    """And nothing crashes."""
    scored = scorer.score_frame(identify(pd.DataFrame([_GOOD, _GOOD]).drop(columns="city")))
    assert len(scored.answers) == 0
    assert scored.rejected["check"].unique().tolist() == ["column_in_dataframe"]


def test_no_rows_are_answered_with_nothing(scorer: Scorer) -> None:
    """An empty request, an empty day."""
    assert scorer.score_rows([]) == []
    assert len(scorer.score_frame(identify(pd.DataFrame())).answers) == 0


_CELL = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({}, optional={"income": _CELL, "age": _CELL, "city": _CELL}) | _CELL, max_size=20
    )
)
def test_whatever_comes_every_row_has_an_answer_or_an_error(scorer: Scorer, rows: list[Any]) -> None:
    """Never both, never neither, never a crash; and the same whether it comes alone or with others."""
    answers = scorer.score_rows(rows)
    assert len(answers) == len(rows)
    for row, answer in zip(rows, answers, strict=True):
        assert (answer.output is None) == bool(answer.failures)
        assert scorer.score_rows([row])[0].output == answer.output
