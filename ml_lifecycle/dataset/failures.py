"""The table of failures: one row for each cell that breaks the schema. What breaks it is found out in `inspection`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.rows import ROW_ID, as_text

FAILURE_COLUMNS: Final = (ROW_ID, "column", "check", "value")


def failures_at(frame: pd.DataFrame, column: str, check: str, failing: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Failures of one check: `_row_id`, column, check and the cell as text, for the rows that a mask names."""
    positions = np.flatnonzero(failing)
    names = frame[ROW_ID].to_numpy()[positions] if ROW_ID in frame.columns else positions
    if column in frame.columns:
        values = as_text(frame[column].iloc[positions]).fillna("").to_numpy(dtype=object)
    else:
        values = np.full(len(positions), "", dtype=object)
    return pd.DataFrame({ROW_ID: names.astype(np.int64), "column": column, "check": check, "value": values})


def join_failures(failures: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put failures one below the other; without any, an empty frame of the same columns."""
    filled = [piece for piece in failures if len(piece)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == ROW_ID else object) for name in FAILURE_COLUMNS})
