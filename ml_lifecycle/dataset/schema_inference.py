"""What a schema should say about each column, guessed from rows: type, range with a margin, categories, nullability.

How the guesses become a pandera schema is in `schema`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.dataset.coercion import ColumnType, coerce_column
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, factorize

_LEADING_ZERO = re.compile(r"\s*[-+]?0\d")  # 007 is a code, not the number 7
_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_TRUTHS = {"true", "false"}
_READABLE = 0.9
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What a schema says about one column.

    Args:
        name: The column.
        kind: Its type.
        dtype: How it is stored; None for any.
        nullable: Whether cells may be missing.
        low: Least value, if there is one.
        high: Greatest value, if there is one.
        categories: The only values there are, or None for any.
    """

    name: str
    kind: ColumnType
    dtype: str | None
    nullable: bool
    low: float | None = None
    high: float | None = None
    categories: tuple[str | int | float, ...] | None = None


@dataclass(frozen=True, slots=True)
class InferenceLimits:
    """How freely rows that come later may differ from those that were seen.

    Args:
        max_categories: A text column with more distinct values than this may hold any text.
        margin: How far a range is widened at each end, as a share of what was seen; it never crosses zero.
    """

    max_categories: int = 50
    margin: float = 0.1


class Hints(TypedDict, total=False):
    """What is known of the columns beforehand.

    The target may always be missing, since not every outcome is known; a number to be predicted has no range, for what
    it may become is not ours to say.

    Args:
        target: The column to predict.
        task: What is predicted; a classification's labels are categories, be they numbers.
        open_columns: Columns that may hold any value of their type: identifiers, groups.
        optional_columns: Columns that may be missing although no cell was, such as the outcome time.
        limits: How freely later rows may differ.
    """

    target: str | None
    task: Task | None
    open_columns: Collection[str]
    optional_columns: Collection[str]
    limits: InferenceLimits | None


def infer_rules(frame: pd.DataFrame, **hints: Unpack[Hints]) -> list[ColumnRule]:
    """Guess a rule for each column.

    Args:
        frame: Rows to learn from.
        hints: What is known of the columns, see `Hints`.
    """
    limits = hints.get("limits") or InferenceLimits()
    target = hints.get("target")
    return [
        _rule(
            frame[name],
            limits,
            is_open=name in hints.get("open_columns", ()),
            is_target=name == target,
            may_miss=name in hints.get("optional_columns", ()) or name == target,
            labels=name == target and hints.get("task") is Task.CLASSIFICATION,
        )
        for name in frame.columns
        if name not in {ROW_ID, SPLIT}
    ]


def infer_type(values: pd.Series) -> ColumnType:
    """Guess the type of a column; text that is all numbers, all truths or nearly all dates is taken for what it says.

    >>> infer_type(pd.Series(["1.5", "2"])), infer_type(pd.Series(["007", "008"]))
    (<ColumnType.NUMBER: 'number'>, <ColumnType.TEXT: 'text'>)
    """
    if values.isna().all():
        return ColumnType.ANY
    if isinstance(values.dtype, pd.CategoricalDtype):
        return infer_type(pd.Series(values.cat.categories))
    if pd.api.types.is_bool_dtype(values.dtype):
        return ColumnType.BOOLEAN
    if pd.api.types.is_integer_dtype(values.dtype):
        return ColumnType.NUMBER if values.isna().any() else ColumnType.INTEGER
    if pd.api.types.is_float_dtype(values.dtype):
        return ColumnType.NUMBER
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return ColumnType.TIME
    if pd.api.types.is_timedelta64_dtype(values.dtype):
        return ColumnType.ANY
    return _type_of_cells(factorize(values)[1], has_missing=bool(values.isna().any()))


def _type_of_cells(distinct: list[Any], *, has_missing: bool) -> ColumnType:
    kinds = {type(cell) for cell in distinct}
    if kinds <= {bool, np.bool_}:
        return ColumnType.BOOLEAN
    texts = [cell for cell in distinct if isinstance(cell, str)]
    if not texts:
        return _type_of_objects(pd.Series(distinct, dtype=object), kinds)
    if {text.strip().lower() for text in texts} <= _TRUTHS and len(texts) == len(distinct):
        return ColumnType.BOOLEAN
    if not any(_LEADING_ZERO.match(text) for text in texts):
        for kind in (ColumnType.INTEGER, ColumnType.NUMBER):
            if not (kind is ColumnType.INTEGER and has_missing) and _reads(distinct, kind) == 1:
                return kind
    dated = sum(_DATE.match(text) is not None for text in texts) >= _READABLE * len(texts)
    return ColumnType.TIME if dated and _reads(distinct, ColumnType.TIME) >= _READABLE else ColumnType.TEXT


def _type_of_objects(distinct: pd.Series, kinds: set[type]) -> ColumnType:
    """The type of cells that are objects but not text, such as decimals, dates and lists."""
    for kind in (ColumnType.NUMBER, ColumnType.TIME):
        if bool not in kinds and _reads(distinct.tolist(), kind) == 1:
            return kind
    return ColumnType.TEXT


def _reads(distinct: list[Any], kind: ColumnType) -> float:
    return 1 - float(coerce_column(pd.Series(distinct, dtype=object), kind).unreadable.mean())


def _rule(
    values: pd.Series, limits: InferenceLimits, *, is_open: bool, is_target: bool, may_miss: bool, labels: bool
) -> ColumnRule:
    kind = infer_type(values)
    coerced = coerce_column(values, kind)
    column = coerced.column
    nullable = may_miss or bool((column.isna() & ~coerced.unreadable).any())
    low, high, categories = None, None, None
    if (kind is ColumnType.TEXT and not is_open) or labels:
        categories = _categories(column, kind, limits, labels=labels)
    elif kind in {ColumnType.INTEGER, ColumnType.NUMBER} and not is_open and not is_target:
        low, high = _range(column, kind, limits.margin)
    return ColumnRule(str(values.name), kind, _dtype(column, kind), nullable, low, high, categories)


def _dtype(column: pd.Series, kind: ColumnType) -> str | None:
    names = {ColumnType.INTEGER: "int64", ColumnType.TEXT: "str", ColumnType.BOOLEAN: "bool"}
    if kind is ColumnType.NUMBER:
        return "float32" if column.dtype == np.float32 else "float64"
    return "datetime64[ns]" if kind is ColumnType.TIME else names.get(kind)


def _categories(
    column: pd.Series, kind: ColumnType, limits: InferenceLimits, *, labels: bool
) -> tuple[str | int | float, ...] | None:
    distinct = column.dropna().unique().tolist()
    if kind in {ColumnType.BOOLEAN, ColumnType.ANY, ColumnType.TIME} or len(distinct) > limits.max_categories:
        return None
    repeats = labels or 2 * len(distinct) <= column.notna().sum()  # else they name rows rather than kinds of rows
    return tuple(sorted(distinct)) if repeats else None


def _range(column: pd.Series, kind: ColumnType, margin: float) -> tuple[float, float] | tuple[None, None]:
    """What was seen, widened and rounded outwards; no range for whole numbers that all differ: they count rows."""
    numbers = column.to_numpy(dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    counts_rows = kind is ColumnType.INTEGER and len(numbers) > 1 and column.is_unique
    if not len(numbers) or counts_rows:
        return None, None
    low, high = float(numbers.min()), float(numbers.max())
    pad = margin * ((high - low) or abs(high) or 1.0)
    if not (math.isfinite(high - low) and math.isfinite(low - pad) and math.isfinite(high + pad)):
        pad = 0.0  # at the ends of float64 there is nothing to widen into
    wide_low = _outward(low - pad, pad, math.floor, kind)
    wide_high = _outward(high + pad, pad, math.ceil, kind)
    return (max(wide_low, 0.0) if low >= 0 else wide_low), (min(wide_high, 0.0) if high <= 0 and low < 0 else wide_high)


def _outward(bound: float, pad: float, rounding: Any, kind: ColumnType) -> float:  # noqa: ANN401 - math.floor or math.ceil
    """Round to a few digits of what the range was widened by, so that people can read the schema."""
    if kind is ColumnType.INTEGER or pad <= 0:
        return float(rounding(bound))
    places = _DIGITS - math.floor(math.log10(pad)) - 1
    if not -300 < places < 300:  # noqa: PLR2004 - where powers of ten end in float64
        return bound
    scale = 10.0**places
    rounded = rounding(bound * scale) / scale
    return round(rounded, places) if math.isfinite(rounded) else bound
