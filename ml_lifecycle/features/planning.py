"""Which encoder a column gets, judged by its training rows. The encoders themselves live in `columns`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.cells import moment_of
from ml_lifecycle.features.columns import CategoryColumn, ColumnEncoder, DatetimeColumn, NumberColumn

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
# With fewer rows than this, that all texts of a column differ does not make it an identifier.
_FEW_ROWS = 20
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "boolean", "decimal"})
_MOMENTS = frozenset({"datetime", "datetime64", "date"})
_UNUSABLE = frozenset({"timedelta", "timedelta64", "period", "interval", "complex", "bytes"})


def plan_column(values: pd.Series, column: str, config: FeaturesConfig) -> ColumnEncoder | str:
    """Choose and fit the encoder of one column.

    Numbers and truth values become numbers; dates and text that is throughout a date become parts of dates; all else
    becomes categories, also a pandas Categorical of numbers.

    Returns:
        The fitted encoder, or the reason why the column is no feature.
    """
    missing = values.isna()
    if missing.all():
        return "no value in the training rows"
    nullable = bool(missing.any())
    kind = _kind_of(values)
    if kind in _UNUSABLE:
        return f"values of kind {kind} are not supported"
    if kind in _NUMBERS:
        return NumberColumn(column, nullable)
    if kind in _MOMENTS or (kind == "string" and _holds_dates(values[~missing])):
        return DatetimeColumn(column, nullable, tuple(config.datetime_parts))
    encoder = CategoryColumn.fit(values, column=column, most=config.max_categories)
    known = len(values) - int(missing.sum())
    if kind == "string" and known >= _FEW_ROWS and values.nunique() == known:
        return "each value occurs once: an identifier"
    return encoder


def _kind_of(values: pd.Series) -> str:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "string" if pd.api.types.infer_dtype(dtype.categories) == "string" else "categorical"
    is_object = pd.api.types.is_object_dtype(dtype)
    checks: dict[str, Callable[[Any], bool]] = {
        "complex": pd.api.types.is_complex_dtype,
        "boolean": pd.api.types.is_bool_dtype,
        "floating": pd.api.types.is_numeric_dtype,
        "datetime64": pd.api.types.is_datetime64_any_dtype,
        "timedelta64": pd.api.types.is_timedelta64_dtype,
    }
    for kind, holds in checks.items():
        if not is_object and holds(dtype):
            return kind
    return str(pd.api.types.infer_dtype(values, skipna=True))


def _holds_dates(texts: pd.Series) -> bool:
    if isinstance(texts.dtype, pd.CategoricalDtype) or not _DATE.fullmatch(str(texts.iloc[0])):
        return False
    try:
        return all(_DATE.fullmatch(text) and moment_of(text) for text in texts.unique())
    except DataError:  # the question is whether it can be read; that it cannot is an answer
        return False
