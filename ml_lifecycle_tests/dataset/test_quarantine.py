"""Rows that break the schema are set aside with their reasons, and none is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.cleaning import CleaningConfig
from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.decisions import Release
from ml_lifecycle.dataset.quarantine import Validated, judge_conserved, list_quarantined, validate_rows
from ml_lifecycle.dataset.rows import ROW_ID, identify
from ml_lifecycle.dataset.schema import Schema, infer_schema
from ml_lifecycle.errors import DataError

SEEN = pd.DataFrame({"age": [20, 30, 40, 40], "job": ["cook", "pilot"] * 2, "y": [0, 1, 0, 1]})
SCHEMA = infer_schema(SEEN, target="y")


def validate(frame: pd.DataFrame, schema: Schema = SCHEMA, releases: Any = (), **keywords: Any) -> Validated:
    """Validate named rows."""
    config = DatasetConfig(sources=(SourceConfig(path="x.csv"),), **keywords)
    named = frame if ROW_ID in frame.columns else identify(frame)
    return validate_rows(named, schema, config, releases=releases)


def release(row_id: int, corrections: dict[str, Any], was: dict[str, Any], *waive: str) -> Release:
    """A decision of somebody."""
    return Release(row_id, corrections, was, waive, by="me", at="2024-01-01T00:00:00", reason="seen")


CELLS = st.one_of(st.none(), st.integers(0, 100), st.sampled_from(["30", "old", "?", "999"]))
CLEANINGS: list[dict[str, Any]] = [
    {},
    {"duplicates": {"method": "exact"}},
    {"duplicates": {"method": "key", "key": ["job"]}, "missing_values": {"*": ["?", 999]}},
    {"duplicates": {"method": "exact"}, "types": {"age": "integer"}, "outliers": {"age": {"high": 50}}},
    {"units": {"age": {"factor": 0.5}}, "outliers": {"age": {"high": 20, "action": "missing"}}},
]


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.tuples(CELLS, st.sampled_from(["cook", "king", None]), st.sampled_from([0, 1, None])), max_size=8),
    st.sampled_from(CLEANINGS),
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from([None, 25, "x"]), st.booleans()), max_size=3),
)
def test_no_row_is_lost(rows: list[Any], cleaning: dict[str, Any], decided: list[Any]) -> None:
    """Rows that came are the good ones, the quarantined ones and the duplicates, and no row is two of them."""
    frame = identify(pd.DataFrame(rows, columns=["age", "job", "y"]))
    releases = [
        release(int(frame[ROW_ID].iloc[place]), {"age": age}, {"age": rows[place][0]}, *(["isin"] if waived else []))
        for place, age, waived in decided
        if place < len(frame)
    ]
    validated = validate(frame, releases=releases, cleaning=CleaningConfig.model_validate(cleaning))
    sides = [set(part[ROW_ID]) for part in (validated.good, validated.quarantined, validated.removed)]
    assert sum(map(len, sides)) == len(frame) == len(set().union(*sides))
    assert set(validated.removed["kept_row_id"]) <= sides[0] | sides[1]
    assert judge_conserved(frame, validated).passed


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


def test_a_lost_a_doubled_and_a_strange_row_are_told() -> None:
    """Rows are counted by their names: as many out as in is not enough."""
    validated = validate(SEEN)
    came = validated.good[ROW_ID]
    doubled = pd.concat([validated.good.iloc[1:], validated.good.iloc[1:2]])
    verdict = judge_conserved(came, replace(validated, good=doubled))
    assert verdict.blocks
    assert (verdict.facts["lost"], verdict.facts["doubled"], verdict.facts["unknown"]) == (1, 1, 0)
    assert verdict.facts["examples"] == {"lost": [came[0]], "doubled": [came[1]]}
    strange = judge_conserved(came, replace(validated, good=validated.good.assign(**{ROW_ID: [*came[:3], 7]})))
    assert (strange.facts["lost"], strange.facts["unknown"]) == (1, 1)
    twice = pd.concat([came, came[:1]])
    both = replace(validated, good=pd.concat([validated.good, validated.good.head(1)]))
    assert judge_conserved(twice, both).facts["doubled"] == 1


def test_rows_are_cleaned_before_they_are_judged() -> None:
    """Codes are missing cells, duplicates name the row that stays, outliers are set aside with the row as it came."""
    frame = identify(
        pd.DataFrame({"age": ["25", "25", "?", "90", "2e1"], "job": ["cook", "cook", "cook", "cook", "?"], "y": 1})
    )
    cleaning = {
        "duplicates": {"method": "exact"},
        "missing_values": {"*": ["?"]},
        "types": {"age": "number"},
        "outliers": {"age": {"high": 80}},
    }
    validated = validate(frame, quarantine_share=0.9, cleaning=CleaningConfig.model_validate(cleaning))
    reasons = validated.quarantined[["column", "check", "value"]].to_numpy().tolist()
    assert reasons == [
        ["age", "outlier", "90"],
        ["age", "not_nullable", ""],
        ["age", "in_range", "90"],
        ["job", "not_nullable", ""],
    ]
    assert json.loads(validated.quarantined["row"].iloc[1]) == {"age": "?", "job": "cook", "y": 1}
    (removed,) = validated.removed.to_dict("records")
    assert (removed["kept_row_id"], removed["reason"]) == (frame[ROW_ID].iloc[0], "equal in every column")
    assert json.loads(removed["row"]) == {"age": "25", "job": "cook", "y": 1}
    assert validated.good["age"].tolist() == [25]
    assert str(validated.good["age"].dtype) == "int64"
    counts = {(item.step, item.column, item.outcome): item.cells for item in validated.cleaning.itertuples()}
    assert counts["missing_values", "job", "emptied"] == 1
    assert counts["duplicates", "(row)", "removed"] == 1
    assert validated.verdicts[1].facts["rows"] == 4


def test_a_column_that_cannot_be_read_is_the_schema_s_business() -> None:
    """Its rows are not all quarantined because the YAML declares its type."""
    frame = SEEN.assign(age=["a", "b", "c", "4"])
    validated = validate(frame, cleaning=CleaningConfig(types={"age": "integer"}))
    assert validated.verdicts[0].blocks
    assert validated.quarantined.empty
    assert validated.good["age"].tolist() == ["a", "b", "c", "4"]


def test_a_type_declared_for_a_column_that_the_schema_does_not_know() -> None:
    """Bad cells are quarantined, and what is left has the type."""
    frame = SEEN.assign(more=["1", "2", "x", "4"])
    validated = validate(frame, cleaning=CleaningConfig(types={"more": "integer"}))
    assert validated.quarantined[["column", "check", "value"]].to_numpy().tolist() == [["more", "dtype", "x"]]
    assert validated.good["more"].tolist() == [1, 2, 4]
    assert str(validated.good["more"].dtype) == "int64"


def test_a_corrected_row_is_judged_again() -> None:
    """A right cell lets it in, a wrong one does not, and the quarantine keeps the row as it came."""
    frame = identify(SEEN.assign(job=["cook", "cok", "king", "cook"]))
    names = frame[ROW_ID].tolist()
    releases = [
        release(names[1], {"job": "cook"}, {"job": "cok"}),
        release(names[2], {"job": "queen"}, {"job": "king"}),
    ]
    validated = validate(frame, releases=releases, quarantine_share=0.5)
    assert validated.good["job"].tolist() == ["cook", "cook", "cook"]
    (aside,) = validated.quarantined.to_dict("records")
    assert (aside["value"], json.loads(aside["row"])["job"]) == ("queen", "king")
    assert validated.corrected.drop(columns=ROW_ID).to_numpy().tolist() == [
        ["job", "cok", "cook"],
        ["job", "king", "queen"],
    ]
    assert validated.verdicts[1].facts["corrected_cells"] == 2


def test_a_correction_of_a_cell_that_has_changed_since_is_left_out() -> None:
    """The source goes first, and it is told."""
    frame = identify(SEEN)
    validated = validate(frame, releases=[release(int(frame[ROW_ID].iloc[0]), {"job": "pilot"}, {"job": "cok"})])
    assert validated.good["job"].iloc[0] == "cook"
    assert validated.stale[["column", "was", "value"]].to_numpy().tolist() == [["job", "cok", "pilot"]]


def test_only_the_waived_check_passes() -> None:
    """Another one still keeps the row out, and a release that says nothing exempts nothing."""
    frame = identify(SEEN.assign(job=["king", "king", "king", "cook"], age=[20, 99, 30, 40]))
    names = frame[ROW_ID].tolist()
    releases = [release(names[0], {}, {}, "job: isin"), release(names[1], {}, {}, "isin"), release(names[2], {}, {})]
    validated = validate(frame, releases=releases, quarantine_share=1.0)
    assert validated.good[ROW_ID].tolist() == [names[0], names[3]]
    reasons = validated.quarantined[[ROW_ID, "check"]].to_numpy().tolist()
    assert reasons == [[names[1], "in_range"], [names[2], "isin"]]
    assert validated.waived[[ROW_ID, "check"]].to_numpy().tolist() == [[names[0], "isin"], [names[1], "isin"]]
    assert validated.verdicts[1].facts["waived_failures"] == 2


def test_a_waived_cell_that_cannot_be_read_becomes_missing() -> None:
    """The row comes in without it, and the column keeps a type that can be stored."""
    frame = identify(SEEN.assign(age=["20", "old", "30", "40"]))
    released = [release(int(frame[ROW_ID].iloc[1]), {}, {}, "dtype")]
    for cleaning in ({}, {"types": {"age": "integer"}}):
        validated = validate(frame, releases=released, cleaning=CleaningConfig.model_validate(cleaning))
        assert validated.quarantined.empty
        assert validated.good["age"].astype(object).where(validated.good["age"].notna(), None).tolist() == [
            20,
            None,
            30,
            40,
        ]
        assert validated.good["age"].dtype.kind == "f"


def test_the_quarantine_is_listed_row_by_row() -> None:
    """Failures of one row stay together; a filter chooses rows, not failures."""
    validated = validate(SEEN.assign(age=[99, 99, 30, 98], job=["king", "cook", "king", "cook"]), quarantine_share=1.0)
    listed = list_quarantined(validated.quarantined, limit=2)
    assert listed[["column", "value"]].to_numpy().tolist() == [["age", "99"], ["job", "king"], ["age", "99"]]
    jobs = list_quarantined(validated.quarantined, column="job", check="isin")
    assert jobs["column"].tolist() == ["age", "job", "job"]
    assert list_quarantined(validated.quarantined, check="dtype").empty


def test_empty_tables_can_be_stored() -> None:
    """Their columns have types although there is no row."""
    validated = validate(SEEN)
    for table in (validated.removed, validated.waived, validated.corrected, validated.stale, validated.quarantined):
        assert len(table) == 0
        assert str(table[ROW_ID].dtype) == "int64"
