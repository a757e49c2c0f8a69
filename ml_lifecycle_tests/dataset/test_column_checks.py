"""The quick ways through a column say what pandera says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.dataset import column_checks
from ml_lifecycle.dataset.column_checks import CheckedColumn, cell_passes, failing_by_pandera

NUMBERS = st.one_of(st.integers(-5, 5), st.floats(-5, 5), st.just(float("nan")))
TEXTS = st.sampled_from(["", "a", "ab", "b1", "é", None])

NUMBER_CHECKS = st.one_of(
    st.builds(pa.Check.in_range, st.just(-2), st.just(3.5), st.booleans(), st.booleans()),
    st.builds(pa.Check.ge, st.integers(-3, 3)),
    st.builds(pa.Check.gt, st.floats(-3, 3)),
    st.builds(pa.Check.le, st.integers(-3, 3)),
    st.builds(pa.Check.lt, st.floats(-3, 3)),
    st.builds(pa.Check.isin, st.just([0, 1, 2.5])),
    st.builds(pa.Check.notin, st.just([0, 1])),
    st.builds(pa.Check.eq, st.integers(-1, 1)),
)
TEXT_CHECKS = st.sampled_from(
    [
        pa.Check.isin(["a", "ab"]),
        pa.Check.notin(["a"]),
        pa.Check.str_matches("[ab]"),
        pa.Check.str_contains("b"),
        pa.Check.str_startswith("a"),
        pa.Check.str_endswith("b"),
        pa.Check.str_length(1, 2),
        pa.Check.eq("a"),
        pa.Check.ne("a"),
        pa.Check.ge("ab"),
    ]
)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(NUMBERS, min_size=1, max_size=6), NUMBER_CHECKS, st.sampled_from(["float64", "float32", "int64", "uint8"])
)
def test_numbers(numbers: list[float], check: pa.Check, dtype: str) -> None:
    """Every check of bounds or lists, on every width."""
    values = np.array(numbers, dtype=float)
    whole = dtype in {"int64", "uint8"}
    column = pd.Series(np.abs(np.nan_to_num(values)).astype(dtype) if whole else values.astype(dtype))
    expected = failing_by_pandera(check, column) & ~column.isna().to_numpy()
    assert CheckedColumn(column, [check], is_text=False).failing(check).tolist() == expected.tolist()


@settings(deadline=None, max_examples=100)
@given(st.lists(TEXTS, min_size=1, max_size=6), TEXT_CHECKS, st.booleans())
def test_text(texts: list[str | None], check: pa.Check, repeats: bool) -> None:  # noqa: FBT001 - drawn
    """Whether values are looked at once or wherever they are."""
    column = pd.Series(texts, dtype=object)
    expected = failing_by_pandera(check, column) & ~column.isna().to_numpy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_checks, "_SAMPLE", 20_000 if repeats else 1)
        checked = CheckedColumn(column, [check], is_text=True)
    assert checked.failing(check).tolist() == expected.tolist()
    assert checked.missing.tolist() == column.isna().tolist()


def test_a_check_with_further_options_is_pandera_s() -> None:
    """A check that counts missing cells as failures, or looks at the whole column, is not taken for another one."""
    column = pd.Series([1.0, None])
    strict = pa.Check.ge(0, ignore_na=False)
    assert CheckedColumn(column, [strict], is_text=False).failing(strict).tolist() == [False, False]
    mean = pa.Check(lambda values: values.mean() > 5, name="greater_than")
    assert CheckedColumn(column, [mean], is_text=False).failing(mean).tolist() == [True, False]


def test_what_cannot_be_applied_says_so() -> None:
    """The inspection makes it a failure of the column."""
    check = pa.Check.ge(1)
    with pytest.raises(TypeError):
        CheckedColumn(pd.Series(["a"]), [check], is_text=True).failing(check)


def test_single_cells() -> None:
    """A missing cell passes whatever is asked."""
    check = pa.Check.str_length(2, 3)
    assert [cell_passes(check, cell) for cell in ("ab", "a", None)] == [True, False, True]


def test_distinct_values_are_looked_for_where_there_are_few() -> None:
    """A column of names is shown to pandera as it is."""
    many = pd.Series([str(number) for number in range(60_000)], dtype=object)
    few: Any = pd.Series(["a", "b", "c"] * 20_000, dtype=object)
    assert not column_checks._repeats(many)
    assert column_checks._repeats(few)
