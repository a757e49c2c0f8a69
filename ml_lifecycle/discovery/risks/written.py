"""Numbers and times that stand inside text: `USD 1,234.50`, `12,5`, `Jan 05, 2023 10:00`.

The search reads them so that an outcome in another spelling is found; the project's own reading is in
`ml_lifecycle.dataset.coercion`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

_NUMBER = re.compile(r"(?<![\w.,])-?\d+(?:[.,' \u00a0\u202f]\d{3})*(?:[.,]\d+)?|(?<=[^\W\d_])\d+(?:[.,]\d+)?")
_LEAST_READ = 0.9  # share of the filled cells that must hold as many numbers
_MOST_NUMBERS = 3
_LEAST_DISTINCT = 20
_LOOKED_AT = 200
_MONTHS = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|[ap]m\b", re.IGNORECASE)
_DATES: Final = ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y")
_AMERICAN: Final = ("%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d")
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p")


def read_numbers(cells: pd.Series) -> Iterator[pd.Series]:
    """Read the numbers inside texts, first, second and third, where nearly all texts hold as many.

    Args:
        cells: Texts, some missing.

    >>> [found.tolist() for found in read_numbers(pd.Series([f"EUR {n},5" for n in range(1000, 1020)]))][0][:2]
    [1000.5, 1001.5]
    """
    filled = cells.dropna().astype(str)
    looked = filled.iloc[:_LOOKED_AT].map(_NUMBER.findall)
    if not len(looked):
        return
    counts = looked.map(len)
    usual = int(counts.mode().iloc[0])
    if not 1 <= usual <= _MOST_NUMBERS or (counts == usual).mean() < _LEAST_READ:
        return
    found = filled.map(_NUMBER.findall)
    found = found[found.map(len) == usual]
    if len(found) < _LEAST_READ * len(filled):
        return
    for place in range(usual):
        numbers = _parse([row[place] for row in found])
        if numbers is not None and len(np.unique(numbers)) >= _LEAST_DISTINCT:
            yield pd.Series(numbers, index=found.index).reindex(cells.index)


def _parse(texts: list[str]) -> np.ndarray | None:
    """(m,) numbers; whether a comma groups digits or ends the whole is decided for all of them together."""
    comma = [text for text in texts if "," in text]
    point = [text for text in texts if "." in text]
    both = [text for text in comma if "." in text]
    if both:
        decimal = "," if sum(text.rfind(",") > text.rfind(".") for text in both) > len(both) / 2 else "."
    else:
        decimal = "," if comma and not point and any(re.search(r",\d{3}$", t) is None for t in comma) else "."
    drop = "[' \u00a0\u202f" + ("." if decimal == "," else ",") + "]"
    plain = [re.sub(drop, "", text).replace(",", ".") for text in texts]
    numbers = pd.to_numeric(pd.Series(plain), errors="coerce").to_numpy(dtype=np.float64)
    return numbers if np.isfinite(numbers).mean() >= _LEAST_READ else None


def read_times(cells: pd.Series) -> pd.Series | None:
    """Read times in spellings with names of months or with hours of half a day; None where they are none.

    Args:
        cells: Texts, some missing.

    >>> read_times(pd.Series(["Jan 05, 2023 10:00", "Feb 28, 2023 09:30"])).dt.month.tolist()
    [1, 2]
    """
    filled = cells.dropna().astype(str).str.strip()
    looked = filled.iloc[:_LOOKED_AT]
    if not len(looked) or looked.str.contains(_MONTHS).mean() < _LEAST_READ:
        return None
    for date in (*_DATES, *_AMERICAN):
        for clock in _CLOCKS:
            if pd.to_datetime(looked, format=date + clock, errors="coerce").notna().all():
                read = pd.to_datetime(filled, format=date + clock, errors="coerce")
                return read.reindex(cells.index) if read.notna().mean() >= _LEAST_READ else None
    return None
