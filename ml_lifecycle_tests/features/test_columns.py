"""Encoders of single columns, and the choice among them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.columns import CategoryColumn, DatetimeColumn, NumberColumn, encoder_from_dict
from ml_lifecycle.features.planning import plan_column

CONFIG = FeaturesConfig(max_categories=2)


def encode(encoder: Any, values: pd.Series) -> list[list[float]]:
    """Encode a batch into nested lists."""
    out = np.empty((len(values), len(encoder.features)), dtype=np.float32)
    encoder.encode(values, out)
    return out.tolist()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], NumberColumn),
        ([1.5, None], NumberColumn),
        ([True, False], NumberColumn),
        (pd.Series([True, None], dtype=object), NumberColumn),
        (pd.Series([1, None], dtype="Int64"), NumberColumn),
        (pd.Series([1, 2.5], dtype=object), NumberColumn),
        ([Decimal("1.5"), None], NumberColumn),
        (["a", "b"], CategoryColumn),
        (["a", 1], CategoryColumn),
        (pd.Series(["a", None], dtype="string"), CategoryColumn),
        (pd.Series([3, 4], dtype="category"), CategoryColumn),
        (pd.to_datetime(["2026-01-01", None]), DatetimeColumn),
        (pd.to_datetime(["2026-01-01"], utc=True), DatetimeColumn),
        ([date(2026, 1, 1), None], DatetimeColumn),
        (["2026-01-01", None, "2026-02-01T10:00"], DatetimeColumn),
        (["2026-01-01", "unknown"], CategoryColumn),
        (["2026-01-01", "2026-13-01"], CategoryColumn),
    ],
)
def test_the_encoder_follows_the_values(values: Any, kind: type) -> None:
    """Numbers, truth values, categories and dates are told apart, whatever type holds them."""
    assert isinstance(plan_column(pd.Series(values), "x", CONFIG), kind)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None, None], "no value"),
        (pd.to_timedelta([1, 2]), "not supported"),
        ([1j, 2j], "not supported"),
        ([b"a", b"b"], "not supported"),
        ([f"id{number}" for number in range(20)], "identifier"),
    ],
)
def test_columns_that_are_no_features_get_a_reason(values: Any, reason: str) -> None:
    """Empty and unsupported columns and identifiers are skipped, and it is said why."""
    assert reason in str(plan_column(pd.Series(values), "x", CONFIG))


def test_codes_follow_frequency_and_unknown_is_last() -> None:
    """The most frequent category is 0, the rest beyond the limit and new ones share a code, missing is NaN."""
    encoder = CategoryColumn.fit(pd.Series(["b", "a", "c", "c", None, "b"]), column="x", most=2)
    assert encoder.categories == ("b", "c")
    assert encoder.nullable
    np.testing.assert_array_equal(encode(encoder, pd.Series(["c", "a", "new", None])), [[1], [2], [2], [np.nan]])


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_the_type_of_a_category_column_does_not_matter(dtype: Any) -> None:
    """Categories are the extractor's knowledge: any type of the same values gives the same codes."""
    encoder = CategoryColumn.fit(pd.Series(["a", "a", "b"], dtype=dtype), column="x", most=9)
    np.testing.assert_array_equal(
        encode(encoder, pd.Series(["b", None, "a", "z"], dtype=dtype)), [[1], [np.nan], [0], [2]]
    )


def test_unused_categories_of_a_categorical_are_not_learnt() -> None:
    """A category without a training row is unknown, although the type lists it."""
    values = pd.Series(pd.Categorical(["a", "a"], categories=["a", "ghost"]))
    assert CategoryColumn.fit(values, column="x", most=9).categories == ("a",)


def test_numbers_as_categories_encode_equally_as_int_float_and_text() -> None:
    """A column of ints that became float through a gap keeps its codes."""
    encoder = CategoryColumn.fit(pd.Series([1, 1, 2], dtype="category"), column="x", most=9)
    assert encode(encoder, pd.Series([1, 2])) == encode(encoder, pd.Series([1.0, 2.0])) == [[0], [1]]
    assert encode(encoder, pd.Series(["1", "2"])) == [[0], [1]]


def test_true_and_one_stay_apart_in_a_mixed_column() -> None:
    """Hashing would merge True with 1; the batch does not, so it agrees with single cells."""
    encoder = CategoryColumn.fit(pd.Series(["a", True, 1, 1], dtype=object), column="x", most=9)
    assert encoder.categories == ("1", "True", "a")
    assert encode(encoder, pd.Series([1, True, 1.0], dtype=object)) == [[0], [1], [0]]
    assert [encoder.cell()(value) for value in (1, True, 1.0)] == [0, 1, 0]


def test_infinite_numbers_become_missing() -> None:
    """Infinity and what float32 cannot hold are missing, in typed and in object columns."""
    numbers = [1e300, -np.inf, 2.0]
    expected = [[np.nan], [np.nan], [2]]
    for values in (pd.Series(numbers), pd.Series(numbers, dtype=object)):
        np.testing.assert_array_equal(encode(NumberColumn("x", nullable=False), values), expected)


def test_text_in_a_number_column_is_refused_by_name() -> None:
    """A batch with text where numbers were learnt fails and names the column and the value."""
    with pytest.raises(DataError, match=r"'age'.*'old'"):
        encode(NumberColumn("age", nullable=False), pd.Series([1, "old"], dtype=object))


def test_dates_are_taken_apart() -> None:
    """Parts of dates are those in UTC, from typed columns, zoned columns, text and objects alike."""
    encoder = DatetimeColumn("t", nullable=True, parts=("year", "month", "day", "weekday", "hour"))
    expected = [[2026, 2, 1, 6, 1], [np.nan] * 5]
    text = ["2026-01-31T23:30:00-02:00", None]
    moments = pd.to_datetime(pd.Series(text), utc=True)
    objects = pd.Series([date(2026, 2, 1), None, moments[0]], dtype=object)
    for values in (moments, moments.dt.tz_localize(None), moments.dt.tz_convert("Asia/Tokyo"), pd.Series(text)):
        np.testing.assert_array_equal(encode(encoder, values), expected)
    np.testing.assert_array_equal(encode(encoder, objects), [[2026, 2, 1, 6, 0], [np.nan] * 5, [2026, 2, 1, 6, 1]])


def test_a_mixed_column_of_dates_encodes_cell_by_cell() -> None:
    """Text and datetimes in one column are both read."""
    encoder = DatetimeColumn("t", nullable=False, parts=("day",))
    mixed = pd.Series(["2026-01-02", pd.Timestamp("2026-01-03"), None], dtype=object)
    np.testing.assert_array_equal(encode(encoder, mixed), [[2], [3], [np.nan]])


@pytest.mark.parametrize(
    "encoder",
    [
        NumberColumn("x", nullable=True),
        CategoryColumn("x", nullable=False, categories=("a", "b")),
        DatetimeColumn("x", nullable=True, parts=("month",)),
    ],
)
def test_encoders_survive_storing(encoder: Any) -> None:
    """What `to_dict` gives makes an equal encoder."""
    assert encoder_from_dict(encoder.to_dict()) == encoder


@pytest.mark.parametrize("state", [{"kind": "magic"}, {"kind": "datetime", "parts": ["century"]}])
def test_an_unknown_kind_or_part_is_refused(state: dict[str, Any]) -> None:
    """A state of a later version is not misread."""
    with pytest.raises(ValueError, match="expected an encoder"):
        encoder_from_dict({"column": "x", "nullable": False, **state})
