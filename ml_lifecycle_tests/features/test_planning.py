"""The choice of encoders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.codes import CategoryColumn
from ml_lifecycle.features.encoders.datetimes import DatetimeColumn
from ml_lifecycle.features.encoders.numbers import NumberColumn
from ml_lifecycle.features.planning import check_columns, plan_column
from ml_lifecycle.features.targets import TargetNumbers


def plan(cells: Any, **column: Any) -> Any:
    """Plan a column called x."""
    config = FeaturesConfig.model_validate({"max_categories": 2, "columns": {"x": column} if column else {}})
    values = cells if isinstance(cells, pd.Series) else pd.Series(cells)
    return plan_column(Values(values), "x", config, TargetNumbers(np.ones((len(values), 1)), ("",)))


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
    (encoder,) = plan(values)
    assert isinstance(encoder, kind)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None, None], "no value"),
        (pd.Series(pd.to_timedelta([1, 2])), "not supported"),
        ([1j, 2j], "not supported"),
        ([b"a", b"b"], "not supported"),
        ([f"id{number}" for number in range(20)], "identifier"),
    ],
)
def test_columns_that_are_no_features_get_a_reason(values: Any, reason: str) -> None:
    """Empty and unsupported columns and identifiers are skipped, and it is said why."""
    assert reason in plan(values)


@pytest.mark.parametrize("encode", ["number", "codes", "one_hot", "target", "frequency", "hash", "text"])
def test_the_configuration_decides(encode: str) -> None:
    """A column of numbers is encoded in the way that is asked for."""
    (encoder,) = plan([1, 2, 2], encode=encode)
    assert encoder.kind == {"codes": "category"}.get(encode, encode)


def test_options_make_prepared_numbers_flags_and_cycles() -> None:
    """What is done to numbers and dates follows the options, without naming the encoding."""
    assert [encoder.kind for encoder in plan([1, None], impute="mean", missing_flag=True)] == [
        "prepared_number",
        "missing",
    ]
    (dates,) = plan(pd.to_datetime(["2026-01-01"]).to_series(), parts=["hour"], cyclic=True)
    assert dates.parts == ("hour", "hour_sin", "hour_cos")
    assert plan([1, 2], encode="drop") == "dropped in features.columns"
    assert plan([f"id{number}" for number in range(20)], encode="hash", buckets=4)[0].buckets == 4


def test_what_cannot_be_encoded_as_asked_is_refused() -> None:
    """Text as a number or a date names column and cell; target encoding needs the target."""
    encoder = plan(["old", "new"], encode="datetime")[0]
    with pytest.raises(DataError, match=r"'x'.*'old'"):
        encoder.encode(Values(pd.Series(["old"])), np.empty((len(encoder.features), 1), dtype=np.float32))
    with pytest.raises(DataError, match=r"'x'.*'old'"):
        plan(["old", "new"], encode="number", log=True)
    config = FeaturesConfig.model_validate({"columns": {"x": {"encode": "target"}}})
    with pytest.raises(ConfigError, match="mean target"):
        plan_column(Values(pd.Series([1])), "x", config)


def test_a_key_that_is_no_column_is_refused() -> None:
    """A typo in features.columns is answered with the nearest name."""
    config = FeaturesConfig.model_validate({"columns": {"incme": {"log": True}}})
    with pytest.raises(ConfigError, match="'income'"):
        check_columns(config, ["income", "age"])
