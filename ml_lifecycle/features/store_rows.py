"""The rows of the feature store: one Delta table per view, with entities and times in one form only.

How rows are joined to times lives in `point_in_time`, how Feast is spoken to in `store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ml_lifecycle.errors import DataError, StateError


class ValueKind(StrEnum):
    """What a stored column holds; one arrow type and one type of Feast each."""

    TRUTH = "bool"
    WHOLE = "int64"
    NUMBER = "double"
    TIME = "timestamp[us]"
    TEXT = "string"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the rows given.

    Args:
        rows: Rows written.
        without_entity: Rows left out since they name no entity.
        without_time: Rows left out since the time of the event, or of their creation, is missing.
        version: Version of the Delta table.
    """

    rows: int
    without_entity: int
    without_time: int
    version: int


@dataclass(frozen=True, slots=True)
class RowForm:
    """The columns of one view's rows.

    Args:
        entity: The column that says whom a row is about.
        event_time: When its values came to be.
        created: When they were known here, where that is later.
        kinds: What each column holds, the entity among them.
    """

    entity: str
    event_time: str
    created: str | None
    kinds: dict[str, ValueKind]


def kind_of(column: pd.Series[Any]) -> ValueKind:
    """What a column holds; whatever is neither number, truth value nor time is text."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return ValueKind.TRUTH
    if pd.api.types.is_integer_dtype(column.dtype):
        return ValueKind.WHOLE
    if pd.api.types.is_float_dtype(column.dtype):
        return ValueKind.NUMBER
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return ValueKind.TIME
    return ValueKind.TRUTH if pd.api.types.infer_dtype(column, skipna=True) == "boolean" else ValueKind.TEXT


def key_kind_of(column: pd.Series[Any]) -> ValueKind:
    """Entities are whole numbers or text; whole numbers that pandas holds as floats, since some are missing, are whole.

    Raises:
        DataError: The column holds other numbers or times.
    """
    kind = kind_of(column)
    if kind is ValueKind.NUMBER and bool((column.dropna() % 1 == 0).all()):
        return ValueKind.WHOLE
    if kind in (ValueKind.WHOLE, ValueKind.TEXT):
        return kind
    raise DataError(
        f"column '{column.name}' cannot name entities",
        expected="whole numbers or text",
        got=str(column.dtype),
        advice="name another column under dataset.entity",
    )


def to_keys(column: pd.Series[Any], kind: ValueKind) -> pd.Series[Any]:
    """Entities in the form they are stored in: int64 (or Int64 with missing ones) or text.

    Raises:
        DataError: An entity is no whole number although the stored ones are.
    """
    if kind is ValueKind.TEXT:
        whole = pd.api.types.is_float_dtype(column.dtype) and bool((column.dropna() % 1 == 0).all())
        texts = column.astype("Int64") if whole else column
        return texts.astype("object").where(column.isna(), texts.astype(str)).where(column.notna(), None)
    try:
        numbers = pd.to_numeric(column).astype("Int64")
    except (ValueError, TypeError) as error:
        raise DataError(
            f"column '{column.name}' does not name the stored entities",
            expected="whole numbers, as stored",
            got=f"{type(error).__name__}: {error}",
            advice="give the entities as they stand in the data",
        ) from error
    return numbers if numbers.isna().any() else numbers.astype("int64")


def to_times(column: pd.Series[Any], *, up: bool = False) -> pd.Series[Any]:
    """Times as naive UTC in microseconds, which is what Delta holds.

    Args:
        column: Times with or without a zone; without one they count as UTC.
        up: Whether what is finer is rounded up, so that a stored value is never known too early.

    Raises:
        DataError: A value is no time.
    """
    try:
        moments = pd.to_datetime(column, utc=True).dt.tz_localize(None)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"column '{column.name}' does not hold times",
            expected="dates or ISO 8601 text",
            got=f"{type(error).__name__}: {error}",
            advice="coerce the column in the schema",
        ) from error
    return (moments.dt.ceil("us") if up else moments).astype("datetime64[us]")


def write_rows(path: Path, frame: pd.DataFrame, form: RowForm, *, replace: bool) -> Written:
    """Write rows to a view's table; each row needs an entity and its times.

    Args:
        path: The Delta table; made where absent.
        frame: Rows with the columns of the form.
        form: The view's columns.
        replace: Whether the rows take the place of those that are there.

    Raises:
        DataError: A column is absent or holds something else than the view's.
        StateError: The table cannot be written.
    """
    stamps = [form.event_time, *([form.created] if form.created is not None else [])]
    _require(frame, [*form.kinds, *stamps])
    times = pd.DataFrame({name: to_times(frame[name], up=True) for name in stamps})
    keys = to_keys(frame[form.entity], form.kinds[form.entity])
    timeless = times.isna().any(axis=1)
    nameless = keys.isna() & ~timeless
    good = ~(timeless | nameless)
    columns = {name: _to_arrow(frame.loc[good, name], kind) for name, kind in form.kinds.items() if name != form.entity}
    columns |= {name: _to_arrow(times.loc[good, name], ValueKind.TIME) for name in stamps}
    columns[form.entity] = _to_arrow(keys.loc[good], form.kinds[form.entity])
    version = _write(path, pa.table(columns), replace=replace)
    return Written(int(good.sum()), int(nameless.sum()), int(timeless.sum()), version)


def read_rows(path: str, columns: Sequence[str]) -> pa.Table:
    """Read some columns of all rows of a view, in the order they were written.

    Arrow reads the files by itself: `to_pyarrow_table` lets its threads read through Python, and one that still runs
    when the process ends takes it down (seen in two of about forty processes).

    Raises:
        StateError: There is no such table, or it cannot be read.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError
    from pyarrow import dataset

    try:
        delta = DeltaTable(path)
        files = pa.table(delta.get_add_actions(flatten=True)).select(["modification_time", "path"]).to_pylist()
        files.sort(key=lambda file: (file["modification_time"], file["path"]))
        schema = pa.schema(delta.schema().to_arrow())
        places = [str(Path(path) / file["path"]) for file in files]
        table = dataset.dataset(places, schema=schema, format="parquet").to_table(columns=list(columns))
    except (DeltaError, OSError, pa.ArrowInvalid) as error:
        raise StateError(
            "the rows of a feature view cannot be read",
            expected=f"a Delta table at {path}",
            got=f"{type(error).__name__}: {error}",
            advice="write the view's rows first (`ml-lifecycle features store`)",
        ) from error
    return table.combine_chunks()


def _write(path: Path, table: pa.Table, *, replace: bool) -> int:
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import DeltaError

    try:
        path.mkdir(parents=True, exist_ok=True)
        if replace:
            write_deltalake(path, table, mode="overwrite", schema_mode="overwrite")
        else:
            write_deltalake(path, table, mode="append")
        return int(DeltaTable(path).version())
    except (DeltaError, OSError) as error:
        raise StateError(
            "the rows of a feature view cannot be written",
            expected=f"a Delta table at {path}",
            got=f"{type(error).__name__}: {error}",
            advice="if another run wrote the same view at this moment, run again; else check the folder",
        ) from error


def _to_arrow(column: pd.Series[Any], kind: ValueKind) -> pa.Array:
    plain: pd.Series[Any] = column
    if kind is ValueKind.TEXT:
        plain = column.astype("object").where(column.isna(), column.astype(str)).where(column.notna(), None)
    elif kind is ValueKind.TIME:
        plain = to_times(column)
    try:
        return pa.Array.from_pandas(plain, type=_ARROW[kind])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column '{column.name}' does not fit its feature view",
            expected=f"{kind.value}, as the view was made with",
            got=f"{column.dtype} ({error})",
            advice="store the features under a new version",
        ) from error


_ARROW: dict[ValueKind, Any] = {
    ValueKind.TRUTH: pa.bool_(),
    ValueKind.WHOLE: pa.int64(),
    ValueKind.NUMBER: pa.float64(),
    ValueKind.TIME: pa.timestamp("us"),
    ValueKind.TEXT: pa.string(),
}


def _require(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise DataError(
            "rows for the feature store lack columns",
            expected=f"the columns {list(columns)}",
            got=f"no {absent}",
            advice="give all columns of the view, or store the others under a new version",
        )


def stamp_of(moment: datetime | np.datetime64) -> np.datetime64:
    """A moment as naive UTC in microseconds; without a zone it counts as UTC."""
    stamp = pd.Timestamp(moment)
    plain = stamp if stamp.tzinfo is None else stamp.tz_convert("UTC").tz_localize(None)
    made: np.datetime64 = plain.to_datetime64().astype("datetime64[us]")
    return made
