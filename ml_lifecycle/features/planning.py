"""Which encoder a column gets, judged by its training rows and by what the configuration says.

The encoders themselves live in `encoders`, the derived columns in `derived`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.features import ColumnFeatureConfig, FeaturesConfig
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.features.cells import moment_of
from ml_lifecycle.features.columns import Values, naming
from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.encoders.codes import CategoryColumn
from ml_lifecycle.features.encoders.datetimes import DatetimeColumn, with_cycles
from ml_lifecycle.features.encoders.flags import MissingFlag
from ml_lifecycle.features.encoders.frequency import FrequencyColumn
from ml_lifecycle.features.encoders.hashing import HashColumn
from ml_lifecycle.features.encoders.numbers import NumberColumn
from ml_lifecycle.features.encoders.one_hot import OneHotColumn
from ml_lifecycle.features.encoders.prepared import PreparedNumber
from ml_lifecycle.features.encoders.target_mean import TargetColumn
from ml_lifecycle.features.encoders.texts import TextColumn
from ml_lifecycle.features.targets import TargetNumbers

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
# With fewer rows than this, that all texts of a column differ does not make it an identifier.
_FEW_ROWS = 20
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "boolean", "decimal"})
_MOMENTS = frozenset({"datetime", "datetime64", "date"})
_UNUSABLE = frozenset({"timedelta", "timedelta64", "period", "interval", "complex", "bytes"})
_DEFAULT = ColumnFeatureConfig()


@dataclass(frozen=True, slots=True)
class _Task:
    """One column to be encoded."""

    cells: Values
    column: str
    chosen: ColumnFeatureConfig
    config: FeaturesConfig
    target: TargetNumbers | None


def plan_column(
    values: Values, column: str, config: FeaturesConfig, target: TargetNumbers | None = None
) -> tuple[Encoder, ...] | str:
    """Choose and fit the encoders of one column.

    Where the configuration does not say how: numbers and truth values become numbers; dates and text that is throughout
    a date become parts of dates; all else becomes codes of categories, also a pandas Categorical of numbers.

    Args:
        values: Training rows.
        column: Their column.
        config: The features section.
        target: Targets of the same rows, for target encoding.

    Returns:
        The fitted encoders, or the reason why the column is no feature.

    Raises:
        ConfigError: Target encoding is asked for without a target.
        DataError: A cell cannot be read in the way the configuration asks for.
    """
    chosen = config.columns.get(column, _DEFAULT)
    if chosen.encode == "drop":
        return "dropped in features.columns"
    if values.missing.all():
        return "no value in the training rows"
    encode: str | None = chosen.encode
    if encode is None:
        kind = kind_of(values)
        if kind in _UNUSABLE:
            return f"values of kind {kind} are not supported"
        encode = _usual_encoding(values, kind, numeric=chosen.prepares_numbers)
        if encode == "codes" and kind == "string" and _all_differ(values):
            return "each value occurs once: an identifier"
    with naming(column):
        encoder = _FITS[encode](_Task(values, column, chosen, config, target))
    nullable = bool(values.missing.any())
    return (encoder, MissingFlag(column, nullable)) if chosen.missing_flag else (encoder,)


def check_columns(config: FeaturesConfig, known: Collection[str]) -> None:
    """Refuse a features section that names columns which do not exist.

    Raises:
        ConfigError: A key of `features.columns` is no column.
    """
    for name in config.columns:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise ConfigError(
                f"features.columns names {name!r}, which is no column",
                expected="columns of the table, crosses, ratios, history columns or those of feature functions",
                got=repr(name),
                advice=f"did you mean {near[0]!r}?" if near else "correct or remove the key",
            )


def kind_of(values: Values) -> str:
    """What kind of values a column holds, in pandas' words such as `floating`, `string` or `datetime64`."""
    dtype = values.series.dtype
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
    return values.inferred


def type_for_functions(values: Values) -> str:
    """As what a feature function is given a column: number, moment or text."""
    kind = kind_of(values)
    if kind in _NUMBERS:
        return "number"
    return "moment" if kind in _MOMENTS or (kind == "string" and _holds_dates(values)) else "text"


def plan_moments(values: Values, column: str, config: FeaturesConfig) -> DatetimeColumn:
    """Make the encoder of a column of dates."""
    chosen = config.columns.get(column, _DEFAULT)
    parts = chosen.parts or config.datetime_parts
    names = with_cycles(parts) if chosen.cyclic else tuple(parts)
    return DatetimeColumn(column, bool(values.missing.any()), names)


def _usual_encoding(values: Values, kind: str, *, numeric: bool) -> str:
    if kind in _NUMBERS or numeric:
        return "number"
    if kind in _MOMENTS or (kind == "string" and _holds_dates(values)):
        return "datetime"
    return "codes"


def _all_differ(values: Values) -> bool:
    codes = values.keys.codes
    known = codes[codes >= 0]
    return len(known) >= _FEW_ROWS and np.bincount(known).max() == 1


def _holds_dates(values: Values) -> bool:
    if isinstance(values.series.dtype, pd.CategoricalDtype):
        return False
    first = np.flatnonzero(~values.missing)[:1]
    if not len(first) or not _DATE.fullmatch(str(values.series.iloc[first[0]])):
        return False
    try:
        return all(_DATE.fullmatch(text) and moment_of(text) for text in values.keys.counts())
    except DataError:  # the question is whether it can be read; that it cannot is an answer
        return False


def _fit_number(task: _Task) -> Encoder:
    if task.chosen.prepares_numbers:
        return PreparedNumber.fit(task.cells, column=task.column, config=task.chosen)
    return NumberColumn(task.column, bool(task.cells.missing.any()))


def _fit_target(task: _Task) -> Encoder:
    if task.target is None:
        raise ConfigError(
            f"{task.column!r} cannot be encoded by its mean target",
            expected="the target of the training rows",
            got="none",
            advice="give `target` to FeatureExtractor.fit, or choose another encoding",
        )
    return TargetColumn.fit(task.cells, task.target, column=task.column, smoothing=task.chosen.smoothing)


_FITS: dict[str, Callable[[_Task], Encoder]] = {
    "number": _fit_number,
    "codes": lambda task: CategoryColumn.fit(task.cells, column=task.column, most=task.config.max_categories),
    "one_hot": lambda task: OneHotColumn.fit(task.cells, column=task.column, most=task.config.max_categories),
    "target": _fit_target,
    "frequency": lambda task: FrequencyColumn.fit(task.cells, column=task.column),
    "hash": lambda task: HashColumn.fit(task.cells, column=task.column, buckets=task.chosen.buckets),
    "datetime": lambda task: plan_moments(task.cells, task.column, task.config),
    "text": lambda task: TextColumn.fit(
        task.cells, column=task.column, components=task.chosen.components, vocabulary=task.chosen.vocabulary
    ),
}
