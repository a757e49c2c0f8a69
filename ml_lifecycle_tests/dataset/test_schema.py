"""A schema is guessed, written, read, and says the same of frames and of single rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Task
from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.schema import Failure, InferenceLimits, Schema, infer_schema, judge_schema, load_schema
from ml_lifecycle.errors import ConfigError

SEEN = pd.DataFrame(
    {
        "age": [20, 30, 40, 40],
        "income": [1000.0, None, 2500.0, 1500.0],
        "job": ["cook", "pilot", "cook", "pilot"],
        "note": ["a", "b", "c", None],
        "member": [True, False, True, True],
        "since": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-03-01"]),
        "bad": [0, 1, 0, 0],
    }
)

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-100, 5000),
    st.floats(-100, 5000),
    st.just(float("nan")),
    st.sampled_from(["cook", "pilot", "king", "30", "1e3", "", "true", "2024-01-05", "soon", "nan", "2024-13-01"]),
)


@pytest.fixture(scope="module")
def schema() -> Schema:
    """The schema of SEEN."""
    return infer_schema(SEEN, target="bad", task=Task.CLASSIFICATION)


def found(schema: Schema, row: dict[str, Any], **keywords: Any) -> set[tuple[str, str, str]]:
    """What `check_row` says."""
    return {(item.column, item.check, item.value) for item in schema.check_row(row, **keywords)}


@settings(deadline=None, max_examples=50)
@given(rows=st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(SEEN, CELLS)), min_size=1, max_size=4))
def test_a_row_is_judged_as_in_a_frame(schema: Schema, rows: list[dict[str, Any]]) -> None:
    """Whether rows come one by one or in a frame, the same cells fail the same checks."""
    names = sorted(set().union(*rows))
    full = [{name: row.get(name) for name in names} for row in rows]
    failures = schema.validate(pd.DataFrame(full, columns=names, index=range(len(full))))
    for position, row in enumerate(full):
        mine = failures[failures[ROW_ID] == position]
        assert set(zip(mine["column"], mine["check"], mine["value"], strict=True)) == found(schema, row)


def test_what_was_seen_passes_and_yaml_loses_nothing(schema: Schema) -> None:
    """The rows a schema was inferred from keep it, after a round trip through YAML too."""
    again = Schema.from_yaml(schema.to_yaml())
    assert again.to_yaml() == schema.to_yaml()
    assert again.validate(SEEN).empty
    assert again.columns == again.required == tuple(SEEN)
    assert again.categories("job") == ("cook", "pilot")
    assert again.categories("note") is None
    assert (again.nullable("note"), again.nullable("job"), again.nullable("bad")) == (True, False, True)
    assert again.kind("since") is ColumnType.TIME


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"age": 41}, None),
        ({"age": "41"}, None),
        ({"income": None}, None),
        ({"age": 90}, ("age", "in_range", "90")),
        ({"age": 30.5}, ("age", "dtype", "30.5")),
        ({"age": "old"}, ("age", "dtype", "old")),
        ({"age": None}, ("age", "not_nullable", "")),
        ({"job": "king"}, ("job", "isin", "king")),
        ({"bad": 2}, ("bad", "isin", "2")),
        ({"since": "soon"}, ("since", "dtype", "soon")),
        ({"member": "perhaps"}, ("member", "dtype", "perhaps")),
    ],
)
def test_single_rows(schema: Schema, change: dict[str, Any], failure: tuple[str, str, str] | None) -> None:
    """Slightly outside passes, clearly outside fails; each failure names column, check and value."""
    row = {**SEEN.iloc[0].to_dict(), **change}
    assert found(schema, row) == ({failure} if failure else set())
    frame = schema.validate(pd.DataFrame([row]))
    assert len(frame) == (1 if failure else 0)


def test_a_row_may_lack_what_is_not_asked_for(schema: Schema) -> None:
    """Serving has no target; an absent feature is a failure."""
    row = {name: value for name, value in SEEN.iloc[0].to_dict().items() if name not in {"bad", "job"}}
    assert schema.check_row(row, without={"bad"}) == [Failure("job", "column_in_dataframe", "")]
    failures = schema.validate(SEEN.drop(columns=["bad", "job"]), without={"bad"})
    assert failures["check"].tolist() == ["column_in_dataframe"] * 4


def test_reading_a_row_gives_its_types(schema: Schema) -> None:
    """Text becomes numbers and times, what cannot be read is None, unknown columns are passed on."""
    row = {**SEEN.iloc[0].to_dict(), "age": "33", "since": "2024-01-05", "income": "?", "new": 1}
    reading = schema.read_row(row)
    assert reading.cells["age"] == 33
    assert reading.cells["since"] == pd.Timestamp("2024-01-05")
    assert (reading.cells["income"], reading.cells["new"]) == (None, 1)
    assert reading.failures == [Failure("income", "dtype", "?")]


def test_columns_that_vanish_or_change_fail_as_a_whole(schema: Schema) -> None:
    """Wholesale changes are told once, with what was expected and an example; single bad cells go to their rows."""
    changed = SEEN.drop(columns="job").assign(
        age=["a", "b", "c", 40], income=["x", "1500", "2000", "2500"], more=1, jobs="cook"
    )
    inspection = schema.inspect(changed)
    vanished, age = sorted(inspection.column_failures, key=lambda item: item.column, reverse=True)
    assert (vanished.column, vanished.check, vanished.example) == ("job", "column_in_dataframe", "nearest: jobs")
    assert (age.column, age.check, age.expected, age.example) == ("age", "dtype", "int64", "a")
    assert inspection.failures[["column", "check", "value"]].to_numpy().tolist() == [["income", "dtype", "x"]]
    assert inspection.extra == ("more", "jobs")
    verdict = judge_schema(inspection)
    assert verdict.gate == "schema_valid"
    assert verdict.blocks
    assert "age: expected int64" in verdict.summary


def test_a_good_frame_passes_the_gate_and_says_what_is_new(schema: Schema) -> None:
    """Extra columns are allowed and reported."""
    verdict = judge_schema(schema.inspect(SEEN.assign(more=1)))
    assert verdict.passed
    assert verdict.facts["unknown_columns"] == ["more"]


def test_coercion_gives_a_frame_its_types(schema: Schema) -> None:
    """Integers that came as text, and numbers that came as integers, get the type that the schema names."""
    came = SEEN.assign(age=["1", "2", "3", "4"], income=[1, 2, 3, 4], member=["true", "false", "1", "0"])
    typed = schema.coerce(came)
    assert typed.dtypes[["age", "income", "member"]].astype(str).tolist() == ["int64", "float64", "bool"]
    assert came["age"].tolist() == ["1", "2", "3", "4"]


def test_integers_are_as_wide_as_the_schema_says() -> None:
    """Narrow integers are widened, float32 stays."""
    seen = pd.DataFrame({"x": np.array([1, 2, 2], dtype="int8"), "y": np.array([1, 2, 2], dtype="float32")})
    typed = infer_schema(seen).coerce(seen.assign(y=[1.0, 2.0, 3.0]))
    assert typed.dtypes.astype(str).tolist() == ["int64", "float32"]


HAND_WRITTEN = """
schema_type: dataframe
columns:
  code:
    dtype: str
    unique: true
    str_matches: "^A"
    str_length: {min_value: 2, max_value: 3}
  low:
    dtype: int64
    greater_than: 0
    less_than: 10
    notin: [5]
  high:
    dtype: float64
    required: false
    greater_than_or_equal_to: 1
    less_than_or_equal_to: 2
  share:
    dtype: float64
    in_range: {min_value: 0, max_value: 1, include_min: false, include_max: false}
  late:
    dtype: timedelta64[ns]
  what:
    nullable: true
"""


def test_checks_that_people_write_are_kept() -> None:
    """Pandera's other built-in checks hold for frames and for rows."""
    schema = Schema.from_yaml(HAND_WRITTEN)
    good = {"code": "A12", "low": 1, "high": 1.5, "share": 0.5, "late": pd.Timedelta(1), "what": []}
    bad = {"code": "B123", "low": 5, "high": 3, "share": 1.0, "late": pd.Timedelta(1), "what": None}
    ugly = {"code": "A", "low": 10, "share": 0.0, "late": pd.Timedelta(1), "what": 1}
    assert not schema.check_row(good)
    failures = schema.validate(pd.DataFrame([good, bad]))
    assert set(failures[ROW_ID]) == {1}
    expected = {
        ("code", "str_matches"),
        ("code", "str_length"),
        ("low", "notin"),
        ("high", "less_than_or_equal_to"),
        ("share", "in_range"),
    }
    assert {(item.column, item.check) for item in schema.check_row(bad)} == expected
    assert set(zip(failures["column"], failures["check"], strict=True)) == expected
    assert [item.column for item in schema.check_row(ugly)] == ["code", "low", "share"]


def test_values_that_must_be_unique_are_judged_in_frames() -> None:
    """Every row that repeats one fails."""
    schema = Schema.from_yaml(HAND_WRITTEN)
    row = {"code": "A12", "low": 1, "share": 0.5, "late": pd.Timedelta(1), "what": None}
    assert schema.validate(pd.DataFrame([row, row]))["check"].tolist() == ["field_uniqueness"] * 2


def test_a_type_that_is_not_told_apart_is_compared_by_name() -> None:
    """A column of durations that came as numbers fails as a whole."""
    schema = Schema.from_yaml(HAND_WRITTEN)
    frame = pd.DataFrame({"code": ["A12"], "low": [1], "share": [0.5], "late": [3], "what": [None]})
    (failure,) = schema.inspect(frame).column_failures
    assert (failure.column, failure.expected, failure.got, failure.example) == ("late", "timedelta64[ns]", "int64", "3")


def test_a_check_that_cannot_be_applied_fails_the_column() -> None:
    """Comparing text with a number is no crash."""
    schema = Schema.from_yaml("schema_type: dataframe\ncolumns:\n  x:\n    greater_than: 1\n")
    (failure,) = schema.inspect(pd.DataFrame({"x": ["a", "b"]})).column_failures
    assert failure.check == "greater_than"
    assert "TypeError" in failure.got


@pytest.mark.parametrize("bound", ["2024-01-31", '"2024-01-31"', '"2024-01-31 00:00:00"', '"31.01.2024"'])
def test_bounds_of_times_may_be_written_as_people_do(bound: str) -> None:
    """A date, with or without quotes, holds for frames and for rows."""
    schema = Schema.from_yaml(
        f"schema_type: dataframe\ncolumns:\n  at: {{dtype: 'datetime64[ns]', less_than: {bound}}}\n"
    )
    failures = schema.validate(pd.DataFrame({"at": ["2024-01-30", "2024-02-01"]}))
    assert failures["value"].tolist() == ["2024-02-01"]
    assert [len(schema.check_row({"at": text})) for text in ("2024-01-30", "2024-02-01")] == [0, 1]
    assert Schema.from_yaml(schema.to_yaml()).to_yaml() == schema.to_yaml()


def test_a_check_of_whole_rows_is_asked_too() -> None:
    """Pandera's checks of a frame are reported under `(row)`."""
    import pandera.pandas as pa

    longer = pa.Check(lambda frame: frame["end"] >= frame["begin"], name="ends_after_it_begins")
    schema = Schema(pa.DataFrameSchema({"begin": pa.Column("int64"), "end": pa.Column("int64")}, checks=[longer]))
    failures = schema.validate(pd.DataFrame({"begin": [1, 5], "end": [2, 2]}))
    assert failures.to_numpy().tolist() == [[1, "(row)", "ends_after_it_begins", ""]]
    assert schema.check_row({"begin": 5, "end": 2}) == [Failure("(row)", "ends_after_it_begins", "")]
    assert not schema.check_row({"begin": 1, "end": 2})


@pytest.mark.parametrize(
    "text", ["", "columns: [", "just text", "schema_type: dataframe\ncolumns:\n  x:\n    dtype: nonsense\n"]
)
def test_what_is_no_schema_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file and what to do."""
    path = tmp_path / "schema.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"schema.yaml cannot be read: expected pandera's YAML"):
        load_schema(path)


def test_a_missing_schema_file_is_refused(tmp_path: Path) -> None:
    """And a present one is read."""
    with pytest.raises(ConfigError, match="ml-lifecycle init"):
        load_schema(tmp_path / "none.yaml")
    path = tmp_path / "schema.yaml"
    path.write_text(infer_schema(SEEN).to_yaml())
    assert load_schema(path).columns == tuple(SEEN)


def test_one_row_takes_microseconds(schema: Schema) -> None:
    """Ten microseconds a column at the most; processor time, the best of several, since the machine is shared."""
    import time
    import timeit

    row = SEEN.iloc[0].to_dict()
    seconds = min(timeit.repeat(lambda: schema.check_row(row), timer=time.process_time, number=100, repeat=20)) / 100
    assert seconds < 10e-6 * len(SEEN.columns)


def test_limits_say_how_freely_rows_may_differ() -> None:
    """Fewer categories and no margin make a stricter schema."""
    strict = infer_schema(SEEN, limits=InferenceLimits(max_categories=1, margin=0.0))
    assert strict.categories("job") is None
    assert strict.check_row({**SEEN.iloc[0].to_dict(), "age": 41}) == [Failure("age", "in_range", "41")]
