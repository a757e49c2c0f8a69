"""Rows of the shipped sample that break the schema on purpose, a few in a thousand, as careless systems deliver them.

Only what is written is spoilt: the outcome follows from what was true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.sample_rows import Uniforms

FAULT_SHARE: Final = 0.005
"""Share of rows that break the schema."""

#: What may go wrong: the column, and what its cell becomes. Each breaks schema.yaml of the project `loans`.
_FAULTS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "a sign lost its meaning": ("age", lambda age: -int(str(age))),
    "a category nobody announced": ("education", lambda _: "phd"),
    "a region that does not exist": ("region", lambda _: "n/k"),
    "a number written as text": ("salary", lambda salary: f"{salary} EUR"),
    "a salary in cents": ("salary", lambda salary: int(str(salary)) * 100),
    "a code for unknown": ("home_years", lambda _: 999.0),
    "nothing was borrowed": ("loan_amount", lambda _: 0),
}


def spoil(rows: pd.DataFrame, draw: Uniforms) -> pd.DataFrame:
    """Break a few rows in one cell each, chosen and broken by their uniform numbers alone."""
    faults = list(_FAULTS.values())
    kinds = (draw("kind of fault") * len(faults)).astype(np.int64)
    chosen = draw("fault") < FAULT_SHARE
    spoilt = rows.copy(deep=False)
    for kind, (column, change) in enumerate(faults):
        places = np.flatnonzero(chosen & (kinds == kind))
        if not len(places):
            continue
        cells = spoilt[column].astype(object) if column == "salary" else spoilt[column].copy()
        cells.iloc[places] = [change(cell) for cell in cells.iloc[places]]
        spoilt[column] = cells
    return spoilt
