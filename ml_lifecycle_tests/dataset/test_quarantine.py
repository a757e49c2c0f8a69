"""Rows that break the schema are set aside with their reasons, and none is lost."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.quarantine import Validated, validate_rows
from ml_lifecycle.dataset.rows import ROW_ID, identify
from ml_lifecycle.dataset.schema import Schema, infer_schema
from ml_lifecycle.errors import DataError

SEEN = pd.DataFrame({"age": [20, 30, 40, 40], "job": ["cook", "pilot"] * 2, "y": [0, 1, 0, 1]})
SCHEMA = infer_schema(SEEN, target="y")


def validate(frame: pd.DataFrame, schema: Schema = SCHEMA, **keywords: Any) -> Validated:
    """Validate named rows."""
    config = DatasetConfig(sources=(SourceConfig(path="x.csv"),), **keywords)
    return validate_rows(identify(frame), schema, config)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(0, 100), st.sampled_from(["30", "old"])),
            st.sampled_from(["cook", "king", None]),
            st.sampled_from([0, 1, None]),
        ),
        max_size=8,
    )
)
def test_no_row_is_lost(rows: list[Any]) -> None:
    """Rows that came are the good ones and the quarantined ones, and no row is both."""
    frame = pd.DataFrame(rows, columns=["age", "job", "y"])
    validated = validate(frame)
    good, aside = set(validated.good[ROW_ID]), set(validated.quarantined[ROW_ID])
    assert len(good) + len(aside) == len(frame) == len(good | aside)


def test_reasons_and_the_row_are_kept() -> None:
    """One row for each failure, with the row as it came."""
    came = pd.DataFrame({"age": ["25", "old", "99"], "job": ["cook", "king", "cook"], "y": [0, 1, None]})
    validated = validate(came, quarantine_share=0.9)
    reasons = validated.quarantined[["column", "check", "value"]].to_numpy().tolist()
    assert reasons == [["age", "dtype", "old"], ["age", "in_range", "99"], ["job", "isin", "king"]]
    assert json.loads(validated.quarantined["row"].iloc[0]) == {"age": "old", "job": "king", "y": 1.0}
    assert validated.good["age"].tolist() == [25]
    assert validated.good.dtypes[["age", "y"]].astype(str).tolist() == ["int64", "int64"]
    valid, share = validated.verdicts
    assert (valid.gate, valid.passed, share.gate, share.passed) == ("schema_valid", True, "quarantine_share", True)
    assert share.facts["reasons"] == {"age: dtype": 1, "age: in_range": 1, "job: isin": 1}


def test_too_many_bad_rows_block() -> None:
    """The share of rows counts, not that of failures."""
    share = validate(SEEN.assign(job=["cook", "cook", "cook", "king"])).verdicts[1]
    assert share.blocks
    assert share.facts["share"] == 0.25


def test_all_rows_quarantined_is_a_verdict() -> None:
    """Nothing is left, nothing crashes, even if any share is allowed."""
    validated = validate(SEEN.assign(job="king"), quarantine_share=1.0)
    assert len(validated.good) == 0
    assert validated.good.columns.tolist() == [ROW_ID, "age", "job", "y"]
    assert validated.verdicts[1].blocks


def test_no_rows_at_all_block() -> None:
    """An empty frame has nothing that keeps the schema."""
    validated = validate(SEEN.head(0))
    assert validated.quarantined.columns.tolist() == [ROW_ID, "column", "check", "value", "row"]
    assert validated.verdicts[1].blocks


def test_a_column_that_changed_wholesale_blocks_and_keeps_its_rows() -> None:
    """The column is told, the rows are not all quarantined for it, and what came can be stored."""
    validated = validate(SEEN.assign(age=["a", "b", 3, None]))
    assert validated.verdicts[0].blocks
    assert validated.verdicts[1].passed
    assert validated.good["age"].tolist() == ["a", "b", "3", None]


def test_dropped_columns_need_not_be_there() -> None:
    """The schema may know a column that the project leaves out."""
    assert validate(SEEN.drop(columns="job"), drop=("job",)).verdicts[0].passed
    assert not validate(SEEN.drop(columns="job")).verdicts[0].passed


def test_odd_cells_are_written_as_json() -> None:
    """Times in ISO form, what JSON does not know as text or null."""
    frame = pd.DataFrame({"age": [99], "job": ["é"], "y": [0], "at": [pd.Timestamp("2024-01-01")], "x": [float("inf")]})
    row = json.loads(validate(frame).quarantined["row"].iloc[0])
    assert row == {"age": 99, "job": "é", "y": 0, "at": "2024-01-01T00:00:00.000", "x": None}


def test_rows_need_names() -> None:
    """Without `_row_id` a quarantined row could not be found again."""
    with pytest.raises(DataError, match="_row_id"):
        validate_rows(SEEN, SCHEMA, DatasetConfig(sources=(SourceConfig(path="x.csv"),)))
