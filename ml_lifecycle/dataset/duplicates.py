"""Equal rows: which of them are taken out, and which one is kept for each. Serving looks for none.

What else is mended before rows are judged is in `column_cleaning`.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.cleaning import DuplicatesConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.numbers import parse_numbers
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, factorize, hash_rows

KEPT: Final = "kept_row_id"
"""The column of removed rows that names the row that was kept in their place."""

REASON: Final = "reason"

_NEITHER = frozenset({ROW_ID, SPLIT})


def find_duplicates(frame: pd.DataFrame, config: DuplicatesConfig, event_time: str | None = None) -> pd.DataFrame:
    """Find the rows that are to be taken out.

    Of rows that are equal in every column the first is kept, of those with one key the latest. Rows whose key lacks a
    part are no duplicates: nobody knows whom they are about.

    Args:
        frame: Rows with `_row_id`.
        config: What makes rows equal.
        event_time: What "latest" goes by where the config names no column.

    Returns:
        One row for each to be taken out: `_row_id`, kept_row_id, reason and, as index, its position in the frame.

    >>> frame = pd.DataFrame({"_row_id": [7, 8, 9], "x": [1, 2, 1]})
    >>> find_duplicates(frame, DuplicatesConfig(method="exact")).to_dict("records")
    [{'_row_id': 9, 'kept_row_id': 7, 'reason': 'equal in every column'}]
    """
    columns = [name for name in frame.columns if name not in _NEITHER]
    if config.method == "exact" and columns:
        return _removed(frame, _exact_places(frame, columns), columns, "first", "equal in every column")
    if config.method == "key" and set(config.key) <= set(columns):
        ordered = _by_age(frame, config.order_by or event_time)
        complete = frame[list(config.key)].notna().all(axis=1).to_numpy()
        places = ordered[complete[ordered]]
        return _removed(frame, places, list(config.key), "last", f"a later row has this {', '.join(config.key)}")
    return _removed(frame, np.zeros(0, dtype=np.intp), columns[:1], "first", "")


def _exact_places(frame: pd.DataFrame, columns: list[str]) -> npt.NDArray[np.intp]:
    """Where rows are whose hash comes twice: few, so that comparing them cell by cell costs little."""
    return np.flatnonzero(pd.Series(hash_rows(frame[columns])).duplicated(keep=False).to_numpy())


def _by_age(frame: pd.DataFrame, column: str | None) -> npt.NDArray[np.intp]:
    """Positions from the oldest row to the latest; rows without an age come first, equals stay in their order."""
    if column is None or column not in frame.columns:
        return np.arange(len(frame))
    values = frame[column]
    if not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values):
        times = parse_times(values)
        numbers = parse_numbers(values)
        values = numbers if numbers.notna().sum() > times.column.notna().sum() else times.column
    return values.reset_index(drop=True).sort_values(kind="stable", na_position="first").index.to_numpy()


def _removed(
    frame: pd.DataFrame,
    places: npt.NDArray[np.intp],
    columns: list[str],
    keep: Literal["first", "last"],
    reason: str,
) -> pd.DataFrame:
    names = frame[ROW_ID].to_numpy() if ROW_ID in frame.columns else np.arange(len(frame))
    codes = pd.DataFrame({column: factorize(frame[column].iloc[places])[0] for column in columns})
    group = codes.groupby(columns, sort=False).ngroup().to_numpy() if len(places) else np.zeros(0, dtype=np.intp)
    place = pd.Series(places)
    kept = place.groupby(group).transform(keep).to_numpy() if len(places) else places
    gone = np.sort(places[kept != places])
    kept_for = pd.Series(kept, index=places).loc[gone].to_numpy(dtype=np.intp)
    return pd.DataFrame({ROW_ID: names[gone], KEPT: names[kept_for], REASON: reason}, index=gone)
