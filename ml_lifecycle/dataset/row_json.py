"""Rows written as JSON, one line each: how a quarantined row is kept as it came."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.dataset.rows import is_missing

_OPTIONS: Final = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
_MILLISECOND: Final = 1_000_000


def rows_as_json(frame: pd.DataFrame) -> list[str]:
    """Write each row as a JSON object: times in ISO form, missing and infinite cells as null, odd ones as text.

    >>> rows_as_json(pd.DataFrame({"x": [1.5, None], "at": pd.to_datetime(["2024-01-01", None])}))
    ['{"x":1.5,"at":"2024-01-01T00:00:00.000"}', '{"x":null,"at":null}']
    """
    names = [str(name) for name in frame.columns]
    columns = [_cells(frame.iloc[:, place]) for place in range(frame.shape[1])]
    if not columns:
        return ["{}"] * len(frame)
    return [_write(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _cells(values: pd.Series) -> list[Any]:
    if not (isinstance(values.dtype, np.dtype) and values.dtype.kind == "M"):
        return values.tolist()
    moments = values.to_numpy().astype("datetime64[ns]")
    texts = np.datetime_as_string(moments, unit="ms").astype(object)
    finer = moments.view(np.int64) % _MILLISECOND != 0
    texts[finer] = np.datetime_as_string(moments[finer], unit="ns")
    texts[values.isna().to_numpy()] = None
    return list(texts)


def _write(row: dict[str, Any]) -> str:
    try:
        return orjson.dumps(row, default=_plain, option=_OPTIONS).decode()
    except TypeError:  # whole numbers above 64 bits, text that is no text
        return json.dumps({name: _finite(cell) for name, cell in row.items()}, default=_plain)


def _finite(cell: object) -> object:
    return None if isinstance(cell, float) and not np.isfinite(cell) else cell


def _plain(cell: object) -> str | None:
    if is_missing(cell):
        return None
    return cell.isoformat() if isinstance(cell, date) else str(cell)
