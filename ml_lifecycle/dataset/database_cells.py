"""Cells as a database's driver gives them, made into columns: in Arrow, which holds a missing whole number as such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
import pandas as pd

from ml_lifecycle.dataset.rows import text_of
from ml_lifecycle.dataset.table_files import frame_of

_PLAIN: Final = (bool, int, float, str, datetime, date, timedelta)


def frame_of_batches(batches: Iterable[Sequence[Sequence[Any]]], names: Sequence[str]) -> pd.DataFrame:
    """A frame of rows that come in batches; times are naive UTC, exact decimals float64, anything odd is text.

    >>> frame_of_batches([[(1, None), (2, "a")], [(None, "b")]], ["x", "y"])["x"].tolist()
    [1.0, 2.0, nan]
    """
    import pyarrow as pa

    chunks: list[list[Any]] = [[] for _ in names]
    for batch in batches:
        for column, cells in zip(chunks, zip(*batch, strict=True), strict=True):
            column.append(_to_arrow(cells))
    if not names or not chunks[0]:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    return frame_of(pa.table([_join(column) for column in chunks], names=list(names)))


def _to_arrow(cells: Sequence[Any]) -> Any:  # noqa: ANN401 - a pyarrow.Array
    import pyarrow as pa

    kinds = {type(cell) for cell in cells} - {type(None)}
    if Decimal in kinds:
        cells = [float(cell) if isinstance(cell, Decimal) else cell for cell in cells]
    elif datetime in kinds:  # of one column in one zone or in several, as daylight saving has it
        cells = [_in_utc(cell) for cell in cells]
    elif not kinds <= set(_PLAIN):
        cells = [_plain(cell) for cell in cells]
    try:
        return pa.array(cells)
    except (pa.ArrowException, OverflowError, TypeError):  # text beside numbers, as SQLite allows
        return pa.array([None if cell is None else text_of(cell) for cell in cells], pa.string())


def _in_utc(cell: Any) -> Any:  # noqa: ANN401 - what a driver gives
    return cell.astimezone(UTC).replace(tzinfo=None) if isinstance(cell, datetime) and cell.tzinfo else cell


def _plain(cell: Any) -> Any:  # noqa: ANN401 - what a driver gives
    if cell is None or isinstance(cell, _PLAIN):
        return cell
    return orjson.dumps(cell, default=str).decode() if isinstance(cell, dict | list) else str(cell)


def _join(chunks: list[Any]) -> Any:  # noqa: ANN401 - a pyarrow.ChunkedArray
    import pyarrow as pa

    try:
        tables = [pa.table([chunk], names=["cells"]) for chunk in chunks]
        return pa.concat_tables(tables, promote_options="permissive").column(0)
    except (pa.ArrowException, TypeError):  # numbers in one batch, text in another
        texts = [[None if cell is None else text_of(cell) for cell in chunk.to_pylist()] for chunk in chunks]
        return pa.chunked_array([pa.array(text, pa.string()) for text in texts])
