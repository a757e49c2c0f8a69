"""Each way in which data leaves its form has its own verdict and its own advice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.dataset.evolution import ChangeKind, SchemaChange, find_changes, judge_evolution
from ml_lifecycle.dataset.rows import identify
from ml_lifecycle.dataset.schema import Schema, infer_schema
from ml_lifecycle.dataset.schema_proposal import propose_schema
from ml_lifecycle.dataset.table_profile import Profile, profile_rows

SEEN = identify(
    pd.DataFrame(
        {
            "age": [20, 30, 40, 40] * 25,
            "income": [1.5, 2.5, 3.0, 2.0] * 25,
            "job": ["cook", "pilot"] * 50,
            "at": pd.Timestamp("2024-01-01"),
        }
    )
)
SCHEMA = infer_schema(SEEN)
OPEN = Schema.from_yaml(
    "schema_type: dataframe\ncolumns:\n  x: {dtype: float64, nullable: true}\n  job: {dtype: str, nullable: true}\n"
    "  maybe: {required: false}\n"
)


def changes(frame: pd.DataFrame, schema: Schema = SCHEMA, previous: Profile | None = None) -> list[SchemaChange]:
    """What has changed."""
    return find_changes(schema.inspect(frame), schema, previous)


def with_cell(column: str, value: Any) -> pd.DataFrame:
    """The rows with another cell in the second one."""
    cells = SEEN[column].astype(object).to_list()
    return SEEN.assign(**{column: [cells[0], value, *cells[2:]]})


@pytest.mark.parametrize(
    ("frame", "kind", "column", "advice"),
    [
        (SEEN.assign(more=1), ChangeKind.NEW_COLUMN, "more", "add it to the schema file"),
        (SEEN.drop(columns="job"), ChangeKind.LOST_COLUMN, "job", "train again"),
        (SEEN.assign(age="x"), ChangeKind.CHANGED_TYPE, "age", "dataset.cleaning"),
        (with_cell("job", "king"), ChangeKind.NEW_CATEGORY, "job", "misspelling"),
        (with_cell("age", 4000), ChangeKind.WIDER_RANGE, "age", "cleaning.units"),
        (with_cell("income", None), ChangeKind.NULLABILITY, "income", "nullable: true"),
    ],
)
def test_each_kind_has_its_own_advice(frame: pd.DataFrame, kind: ChangeKind, column: str, advice: str) -> None:
    """And names what was there before and what came."""
    (change,) = changes(frame)
    assert (change.kind, change.column) == (kind, column)
    assert advice in change.advice
    verdict = judge_evolution([change])
    assert not verdict.passed
    assert not verdict.blocks
    assert verdict.facts["kinds"][kind.value] == 1  # type: ignore[index,call-overload]
    assert column in verdict.summary


def test_what_was_seen_has_not_changed() -> None:
    """Neither by the schema nor by the run before."""
    assert changes(SEEN, previous=profile_rows(SEEN)) == []
    assert judge_evolution([]).passed


def test_a_change_says_how_far_it_goes() -> None:
    """Values, counts and bounds as a person reads them."""
    frame = SEEN.assign(job=["king"] * 3 + ["cook"] * 97, age=[90, -5] + [30] * 98)
    job, age = changes(frame)
    assert (job.before, job.after, job.cells) == ("2 categories: cook, pilot", "king (3)", 3)
    assert (age.before, age.after, age.cells) == ("in_range 18 to 42", "-5 to 90 beyond it", 2)


def test_what_the_schema_permits_is_judged_by_the_run_before() -> None:
    """A category that is gone, missing cells, numbers far beyond, a column that may be absent and is."""
    before = pd.DataFrame({"x": np.linspace(0, 1, 100), "job": ["a", "b"] * 50, "maybe": 1})
    now = pd.DataFrame({"x": [*np.linspace(0, 1, 98), 50.0, None], "job": ["a", "c"] * 50})
    found = {(item.kind, item.column): item for item in changes(now, OPEN, profile_rows(before))}
    assert set(found) == {
        (ChangeKind.LOST_COLUMN, "maybe"),
        (ChangeKind.NULLABILITY, "x"),
        (ChangeKind.WIDER_RANGE, "x"),
        (ChangeKind.LOST_CATEGORY, "job"),
        (ChangeKind.NEW_CATEGORY, "job"),
    }
    assert "renamed" in found[ChangeKind.NEW_CATEGORY, "job"].advice
    assert found[ChangeKind.WIDER_RANGE, "x"].cells == 1
    assert changes(now, OPEN) == []


def test_what_may_be_chance_is_not_told() -> None:
    """Of ten rows a rare category may be absent, and a column without its rare missing cells is no news."""
    before = pd.DataFrame({"x": [None] + [1.0] * 99, "job": ["a"] * 99 + ["b"]})
    assert changes(pd.DataFrame({"x": [1.0] * 10, "job": ["a"] * 10}), OPEN, profile_rows(before)) == []
    always = pd.DataFrame({"x": [None, 1.0] * 50, "job": ["a", "b"] * 50})
    kinds = [
        item.kind for item in changes(pd.DataFrame({"x": [1.0] * 10, "job": ["a"] * 10}), OPEN, profile_rows(always))
    ]
    assert kinds == [ChangeKind.NULLABILITY, ChangeKind.LOST_CATEGORY]


def test_rows_that_fail_anyway_are_not_compared() -> None:
    """A cell that cannot be read is no missing cell of a column that had none."""
    (cells,) = [changes(with_cell("age", "old"), previous=profile_rows(SEEN))]
    assert cells == []


def test_a_profile_survives_json() -> None:
    """So that it can be kept for the next run."""
    profile = profile_rows(SEEN.assign(flag=True, empty=None))
    assert Profile.from_dict(profile.to_dict()) == profile
    assert profile.columns["job"].categories == {"cook": 50, "pilot": 50}
    assert (profile.columns["age"].low, profile.columns["age"].high) == (20, 40)
    assert profile.columns["empty"].missing == 1


CELLS = st.one_of(st.none(), st.integers(-500, 500), st.floats(-500, 500), st.sampled_from(["cook", "king", "7"]))
BOUNDED = Schema.from_yaml(
    """
schema_type: dataframe
columns:
  age: {dtype: int64, in_range: {min_value: 0, max_value: 9, include_min: true, include_max: false}}
  income: {dtype: float64, greater_than: 0, less_than: 10.5}
  job: {dtype: str, isin: [cook]}
  at: {dtype: "datetime64[ns]", required: false, in_range: {min_value: "2024-01-01", max_value: "2024-02-01"}}
"""
)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([SCHEMA, BOUNDED]),
    st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(["age", "income", "job", "new"], CELLS)), min_size=1),
)
def test_the_proposed_schema_accepts_the_change(schema: Schema, rows: list[dict[str, Any]]) -> None:
    """Whatever came, but for single cells that cannot be read; and what was accepted before still is."""
    frame = identify(pd.DataFrame(rows))
    proposed = propose_schema(schema, frame)
    inspection = proposed.inspect(frame)
    assert inspection.column_failures == ()
    assert inspection.extra == ()
    assert set(inspection.failures["check"]) <= {"dtype"}


def test_a_proposal_changes_nothing_else() -> None:
    """Times have bounds too, and columns that fit stay as they were."""
    frame = pd.DataFrame(
        {"age": [1, 20], "income": [1.0, 2.0], "job": ["cook", "cook"], "at": pd.Timestamp("2024-03-01")}
    )
    proposed = propose_schema(BOUNDED, frame)
    assert proposed.inspect(frame).failures.empty
    changed = set(proposed.to_yaml().splitlines()) - set(BOUNDED.to_yaml().splitlines())
    assert {line.strip() for line in changed} == {"max_value: 20", "max_value: '2024-03-01 00:00:00'"}
