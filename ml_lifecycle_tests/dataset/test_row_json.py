"""A row as JSON is what it was."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.row_json import rows_as_json


def test_types_are_kept() -> None:
    """Numbers as exact as they were, times in ISO form, missing and infinite cells as null."""
    frame = pd.DataFrame(
        {
            "whole": [2**60],
            "part": [0.1 + 0.2],
            "wild": [float("inf")],
            "at": [pd.Timestamp("2024-01-01 10:00:00.000000001")],
            "zoned": [pd.Timestamp("2024-01-01", tz="UTC")],
            "flag": [True],
            "text": ['é "quoted"'],
            "kind": pd.Categorical(["a"]),
            "none": [None],
        }
    )
    assert json.loads(rows_as_json(frame)[0]) == {
        "whole": 2**60,
        "part": 0.1 + 0.2,
        "wild": None,
        "at": "2024-01-01T10:00:00.000000001",
        "zoned": "2024-01-01T00:00:00+00:00",
        "flag": True,
        "text": 'é "quoted"',
        "kind": "a",
        "none": None,
    }


def test_odd_cells_are_written_all_the_same() -> None:
    """Decimals, dates, lists, numpy's own numbers, far too long numbers and half characters."""
    cells = [Decimal("1.5"), date(2024, 1, 1), [1, "a"], np.float64(2.5), 2**70, "\ud800", pd.NaT, {1: None}]
    read = [json.loads(line)["x"] for line in rows_as_json(pd.DataFrame({"x": pd.Series(cells, dtype=object)}))]
    assert read == ["1.5", "2024-01-01", [1, "a"], 2.5, 2**70, "\ud800", None, {"1": None}]


def test_a_moment_is_written_the_same_whatever_is_beside_it() -> None:
    """A correction compares cells by how they are written."""
    coarse, fine = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01 00:00:00.000001")
    alone = rows_as_json(pd.DataFrame({"at": [coarse]}))
    assert rows_as_json(pd.DataFrame({"at": [coarse, fine]}))[0] == alone[0]


def test_rows_without_columns() -> None:
    """Each is an empty object."""
    assert rows_as_json(pd.DataFrame(index=[0, 1])) == ["{}", "{}"]
