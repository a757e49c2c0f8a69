"""Cleaning and schema as one say the same of tables and of single rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.cleaning import CleaningConfig
from ml_lifecycle.dataset.cleaning import Cleaner
from ml_lifecycle.dataset.reading import CleanReader
from ml_lifecycle.dataset.row_checks import Failure
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.schema import infer_schema

SEEN = pd.DataFrame({"age": [20, 30, 40, 40], "income": [1.5, None, 2.0, 2.0], "job": ["cook", "pilot"] * 2})
CLEANING = {
    "missing_values": {"*": ["?"], "age": [999]},
    "types": {"age": "integer"},
    "units": {"income": {"strip": ["$"], "factor": 0.001}},
    "outliers": {"age": {"low": 0, "high": 35}},
    "duplicates": {"method": "exact"},
}
READER = CleanReader(Cleaner(CleaningConfig.model_validate(CLEANING)), infer_schema(SEEN))
CELLS = st.sampled_from([None, 20, 36, 999, "999", "?", "$1500", "old", "cook", "king", 1999.5, -5])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(SEEN, CELLS)), min_size=1, max_size=4))
def test_a_row_is_read_as_in_a_table(rows: list[dict[str, Any]]) -> None:
    """The same cells fail the same checks; equal rows are two questions."""
    names = sorted(set().union(*rows))
    full = [{name: row.get(name) for name in names} for row in rows]
    failures = READER.validate(pd.DataFrame(full, columns=names, index=range(len(full))))
    for position, row in enumerate(full):
        mine = failures[failures[ROW_ID] == position]
        told = {(item.column, item.check, item.value) for item in READER.check_row(row)}
        assert set(zip(mine["column"], mine["check"], mine["value"], strict=True)) == told


def test_a_row_is_cleaned_and_then_read() -> None:
    """Each failure is told once; what is not looked at has none."""
    reading = READER.read_row({"age": "40", "income": "$1500", "job": "?"})
    assert reading.cells == {"age": 40, "income": 1.5, "job": None}
    assert reading.failures == [Failure("age", "outlier", "40"), Failure("job", "not_nullable", "")]
    assert READER.check_row({"age": "old", "income": None, "job": "cook"}) == [Failure("age", "dtype", "old")]
    assert READER.check_row({"age": "old", "income": None, "job": "cook"}, without={"age"}) == []


def test_without_cleaning_the_schema_reads_alone() -> None:
    """A reader whose cleaner has nothing to do costs nothing."""
    idle = CleanReader(Cleaner(CleaningConfig()), READER.schema)
    row = {"age": 99, "income": np.nan, "job": "cook"}
    assert idle.read_row(row) == READER.schema.read_row(row)
