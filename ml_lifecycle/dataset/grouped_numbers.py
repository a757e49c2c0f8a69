"""Numbers in text whose thousands are set apart, such as 1.234,50 or 1,234.5.

Pandas' own `thousands` takes dates such as 31.12.2023 and addresses such as 10.0.0.1 for numbers; here a column holds
numbers only if all its cells are written as numbers are.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd

from ml_lifecycle.dataset.rows import factorize
from ml_lifecycle.dataset.stacking import objects_of


def read_grouped(frame: pd.DataFrame, *, thousands: str, decimal: str, without: Collection[str] = ()) -> pd.DataFrame:
    """Read columns of text as numbers where every cell is one; the frame is changed.

    Args:
        frame: Rows.
        thousands: What sets thousands apart.
        decimal: What stands before the decimals.
        without: Columns that stay text.

    >>> rows = pd.DataFrame({"price": ["1.234,50", "7"], "day": ["31.12.2023", "01.02.2024"]})
    >>> read_grouped(rows, thousands=".", decimal=",").to_dict("list")
    {'price': [1234.5, 7.0], 'day': ['31.12.2023', '01.02.2024']}
    """
    sign, point = re.escape(thousands), re.escape(decimal)
    number = re.compile(rf"\s*[+-]?(?:\d{{1,3}}(?:{sign}\d{{3}})+|\d+)(?:{point}\d*)?\s*")
    for name in [name for name in objects_of(frame) if name not in without]:
        codes, distinct = factorize(frame[name])
        if distinct and all(isinstance(cell, str) and number.fullmatch(cell) for cell in distinct):
            plain = [cell.replace(thousands, "").replace(decimal, ".") for cell in distinct]
            whole = (codes >= 0).all() and not any("." in cell for cell in plain)
            table = pd.Series([*map(int, plain)] if whole else [*map(float, plain), None])
            frame[name] = table.to_numpy()[codes]
    return frame


def oddly_grouped(text: str, signs: tuple[str, ...]) -> bool:
    """Whether a sign that is to be taken out stands between digits where no thousands begin: it may be a decimal comma.

    >>> oddly_grouped("1,5", (",",)), oddly_grouped("1,500.5", (",",)), oddly_grouped("$5", ("$",))
    (True, False, False)
    """
    return any(re.search(rf"\d{re.escape(sign)}(?!\d{{3}}(?!\d))\d", text) for sign in signs if sign in text)
