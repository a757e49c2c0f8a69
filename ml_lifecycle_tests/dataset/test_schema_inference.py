"""Types, ranges and categories are guessed as a careful person would."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Task
from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.schema import infer_schema
from ml_lifecycle.dataset.schema_inference import ColumnRule, infer_rules, infer_type


def rule(values: list[Any], **keywords: Any) -> ColumnRule:
    """The rule for one column."""
    (found,) = infer_rules(pd.DataFrame({"x": values}), **keywords)
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, None], ColumnType.ANY),
        ([1, 2], ColumnType.INTEGER),
        ([1, None], ColumnType.NUMBER),
        ([True, False], ColumnType.BOOLEAN),
        ([True, None], ColumnType.BOOLEAN),
        (["true", "False", None], ColumnType.BOOLEAN),
        (["1", "2"], ColumnType.INTEGER),
        (["1", "2", None], ColumnType.NUMBER),
        (["1.5", "2"], ColumnType.NUMBER),
        (["01", "02"], ColumnType.TEXT),
        (["a", "1"], ColumnType.TEXT),
        (["2024-01-01", "2024-01-02"], ColumnType.TIME),
        (["2024-01-01"] * 5 + [f"2024-01-{day}" for day in range(10, 30)] + ["soon"], ColumnType.TIME),
        ([pd.Timestamp(0), None], ColumnType.TIME),
        ([Decimal("1.5"), None], ColumnType.NUMBER),
        ([pd.Timestamp(0).date()], ColumnType.TIME),
        ([[1], [2]], ColumnType.TEXT),
        ([pd.Timedelta(1)], ColumnType.ANY),
        (pd.Categorical(["a", "b"]), ColumnType.TEXT),
        (pd.Categorical([1, 2]), ColumnType.INTEGER),
    ],
)
def test_types(values: Any, kind: ColumnType) -> None:
    """Text that says numbers, truths or dates is taken for what it says; codes with leading zeros stay text."""
    assert infer_type(pd.Series(values)) is kind


def test_ranges_are_wider_than_what_was_seen_and_do_not_cross_zero() -> None:
    """What was never negative may not become negative."""
    assert (rule([0, 50, 100, 100]).low, rule([0, 50, 100, 100]).high) == (0, 110)
    assert (rule([-10.0, 10.0]).low, rule([-10.0, 10.0]).high) == (-12, 12)
    assert (rule([-10.0, -5.0]).high, rule([5.0, 5.0]).low, rule([0.0, 0.0]).high) == (-4.5, 4.5, 0.1)


def test_whole_numbers_that_all_differ_count_rows() -> None:
    """A row number goes on growing: it has no range, nor has a column that is open or the target."""
    assert rule([1, 2, 3]).low is None
    assert rule([1, 2, 2], open_columns=["x"]).low is None
    assert rule([1, 2, 2], target="x", task=Task.REGRESSION).low is None
    assert rule([float("inf"), float("nan")]).low is None


def test_categories_need_few_values_that_repeat() -> None:
    """Names of rows are not categories; labels always are, be they numbers."""
    assert rule(["a", "b", "a", "b"]).categories == ("a", "b")
    assert rule(["a", "b", "c"]).categories is None
    assert rule(["a", "b", "a", "b"], open_columns=["x"]).categories is None
    assert rule([1, 0, 1], target="x", task=Task.CLASSIFICATION).categories == (0, 1)
    assert rule([True, False], target="x", task=Task.CLASSIFICATION).categories is None
    assert rule([True, False], target="x", task=Task.CLASSIFICATION).nullable


def test_missing_cells_and_optional_columns_are_nullable() -> None:
    """A column without a missing cell must stay so, unless it is said to be optional."""
    assert rule(["a", None]).nullable
    assert not rule(["a", "b"]).nullable
    assert rule(["a", "b"], optional_columns=["x"]).nullable
    assert rule([None, None]).dtype is None


def test_our_own_columns_are_left_out() -> None:
    """`_row_id` is not the user's."""
    assert infer_rules(pd.DataFrame({ROW_ID: [1], "x": [1]}))[0].name == "x"


def test_a_range_that_fills_float64_is_not_widened() -> None:
    """Its ends are what was seen."""
    assert (rule([1.7e308, -1.7e308]).low, rule([1.7e308, -1.7e308]).high) == (-1.7e308, 1.7e308)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=8), st.sampled_from([0.0, 0.1, 1.0])
)
def test_what_was_seen_is_always_inside(values: list[float], margin: float) -> None:
    """Rounding a range for the reader never leaves out a value it came from."""
    from ml_lifecycle.dataset.schema import InferenceLimits

    frame = pd.DataFrame({"x": np.array(values)})
    assert infer_schema(frame, limits=InferenceLimits(margin=margin)).validate(frame).empty
