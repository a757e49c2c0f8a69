"""A dataset version says what exactly a table was."""

from __future__ import annotations

import json

import pandas as pd

from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, fingerprint
from ml_lifecycle.dataset.splits import Splits
from ml_lifecycle.dataset.versions import DatasetVersion, describe


def test_a_version_is_plain_json() -> None:
    """Content, columns and ratios are in it."""
    frame = pd.DataFrame({ROW_ID: [1, 2, 3, 4], "x": [1.0, 2.0, 3.0, None]})
    splits = Splits(pd.DataFrame({ROW_ID: [1, 2, 3, 4], SPLIT: ["train", "train", "test", "validation"]}), "random")
    version = describe(frame, splits, table_version=3, statistics=False)
    assert json.loads(json.dumps(version.to_dict())) == {
        "table_version": 3,
        "fingerprint": fingerprint(frame),
        "rows": 4,
        "columns": {ROW_ID: "int64", "x": "float64"},
        "ratios": {"train": 0.5, "test": 0.25, "validation": 0.25},
        "statistics": {},
    }


def test_a_table_that_is_not_divided_has_no_ratios() -> None:
    """Before the split, and of an empty table."""
    assert describe(pd.DataFrame({"x": []})).ratios == {}
    assert Splits(pd.DataFrame({ROW_ID: [], SPLIT: []}), "random").ratios == {}


def test_a_version_with_statistics_is_read_back() -> None:
    """From plain JSON; a person sees one line a column."""
    frame = pd.DataFrame({ROW_ID: [1, 2], "x": [1.0, None], "y": ["a", "a"]})
    version = describe(frame)
    assert DatasetVersion.from_dict(json.loads(json.dumps(version.to_dict()))) == version
    shown = version.to_frame().set_index("column")
    assert shown.loc["x", ["min", "missing_share"]].tolist() == [1.0, 0.5]
    assert shown.loc["y", "top"] == "a 100.0%"
