"""Reading a column that the configuration names as a time; one that holds something else altogether is refused."""

from __future__ import annotations

from typing import Final

import pandas as pd

from ml_lifecycle.dataset.coercion import Coerced, parse_times
from ml_lifecycle.dataset.rows import text_of
from ml_lifecycle.errors import DataError

_WHOLESALE: Final = 0.5
"""Above this share of unreadable cells a column is no column of times."""


def read_times(values: pd.Series, *, key: str) -> Coerced:
    """Read a column of times: naive datetime64[ns] in UTC, single cells that cannot be read are marked.

    Args:
        values: The column.
        key: What names it, for the message: a key of the YAML or an option.

    Raises:
        DataError: More than half of its cells are no times.
    """
    parsed = parse_times(values)
    wrong = int(parsed.unreadable.sum())
    if wrong > _WHOLESALE * values.notna().sum():
        raise DataError(
            f"the column {str(values.name)!r}, which {key} names, does not hold times",
            expected="dates or times, such as 2024-05-31 or 2024-05-31T14:00:00",
            got=f"{wrong} of {len(values)} cells such as {text_of(values[parsed.unreadable].iloc[0])!r}",
            advice=f"correct {key} or the column",
        )
    return parsed
