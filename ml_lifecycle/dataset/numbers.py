"""Numbers in cells of any type, read by pandas' parser, which some texts must be kept away from.

What the cells of a column are read as, by its schema, is in `coercion`.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

#: An exponent of so many digits is no number, but part of a code; pandas 2.3 crashes on some, such as "0e6678994503".
_HUGE_EXPONENT = re.compile(r"[eE][+-]?\d{4}").search


def parse_numbers(values: pd.Series) -> pd.Series:
    """Read each cell as a number; NaN where it is none.

    >>> parse_numbers(pd.Series(["1.5", "x", None, "0e6678994503", 2], dtype=object)).tolist()
    [1.5, nan, nan, nan, 2.0]
    """
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype):
        cells = values.astype(object)
        risky = [isinstance(cell, str) and _HUGE_EXPONENT(cell) is not None for cell in cells.tolist()]
        values = cells.mask(np.array(risky)) if any(risky) else cells
    numbers: pd.Series = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers
