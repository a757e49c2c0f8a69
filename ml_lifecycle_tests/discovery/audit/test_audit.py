"""A whole audit: what it says of clean tables, that it repeats, what roles do, what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle.errors import DataError
from ml_lifecycle_tests.discovery.audit.tables import NOW, find, make_clean, make_project, with_column


@pytest.mark.parametrize("seed", range(6))
def test_a_clean_table_has_no_findings(seed: int) -> None:
    """Few rows or many: nothing is made of chance."""
    assert find(make_clean(rows=(60, 300, 1000, 4000, 9000, 600)[seed], seed=seed)) == {}


def test_two_audits_of_one_table_are_equal() -> None:
    """The sample has a seed; another seed may find other strengths, but reads the same rows for all else."""
    frame = make_clean(3000)
    one, other = (audit_rows(frame, target="bought", rows=500, now=NOW).to_dict() for _ in range(2))
    assert one == other
    assert one["scope"]["sampled_rows"] == 500


def test_times_are_found_where_there_is_one_column_of_them() -> None:
    """And with two, nothing is guessed."""
    frame = make_clean()
    assert audit_rows(frame).scope.history == "when"
    assert audit_rows(frame.assign(paid_at=frame["when"])).scope.history == ""
    assert audit_rows(frame.assign(paid_at=frame["when"]), event_time="paid_at").scope.history == "paid_at"


def test_roles_quieten_what_they_explain() -> None:
    """An id names rows rightly, a declared code is known, a dropped column is nobody's concern."""
    frame = make_clean().assign(order_id=range(600), junk=1)
    frame.loc[:9, "region"] = "?"
    assert {"identifier:order_id", "constant:junk", "missing_code:region"} <= set(find(frame))
    project = make_project(id="order_id", drop=["junk"], cleaning={"missing_values": {"region": ["?"]}})
    assert find(frame, project) == {}


def test_cleaning_answers_findings() -> None:
    """Duplicates that are removed and bounds that are set are no news."""
    frame = make_clean()
    frame.loc[17, "balance"] = 104_200.0
    frame = pd.concat([frame, frame.head(2)]).sort_values("when")
    assert set(find(frame, make_project())) == {"outliers:balance", "duplicate_rows"}
    cleaning = {"duplicates": {"method": "exact"}, "outliers": {"balance": {"high": 5000}}}
    assert find(frame, make_project(cleaning=cleaning)) == {}


def test_a_target_that_is_still_to_be_labelled_may_be_absent() -> None:
    """The project says it, the rows do not have it yet."""
    assert audit_rows(make_clean().drop(columns="bought"), make_project(), now=NOW).scope.target == ""


def test_a_finding_can_be_accepted_by_name_or_by_kind() -> None:
    """It stays in the table with its reason and no longer counts."""
    frame = make_clean().assign(one=1, two=2)
    accepted = [{"finding": "constant:one", "reason": "a placeholder"}]
    audit = audit_rows(frame, make_project(risks={"accepted": accepted}), now=NOW)
    assert [(item.name, item.accepted) for item in audit.findings] == [
        ("constant:two", ""),
        ("constant:one", "a placeholder"),
    ]
    assert audit.counts["warning"] == 1
    all_of_it = make_project(risks={"accepted": [{"finding": "constant", "reason": "placeholders"}]})
    assert audit_rows(frame, all_of_it, now=NOW).counts["warning"] == 0


def test_what_is_accepted_stays_accepted_among_many() -> None:
    """Findings of one kind become one line, but not with those that a person has accepted."""
    frame = make_clean().assign(**{f"fixed_{number}": number for number in range(7)})
    accepted = [{"finding": "constant:fixed_0", "reason": "a placeholder"}]
    found = find(frame, make_project(risks={"accepted": accepted}))
    assert set(found) == {"constant", "constant:fixed_0"}
    assert len(found["constant"].columns) == 6


def test_personal_values_are_not_shown() -> None:
    """Neither in the figures nor as an example of a finding."""
    frame = with_column("contact", [f"person{number}@example.org" for number in range(50)])
    audit = audit_rows(frame, target="bought", now=NOW)
    assert "sensitive:contact" in {finding.name for finding in audit.findings}
    assert "example.org" not in json.dumps(audit.to_dict())
    assert "example.org" not in audit.to_markdown()


def test_what_cannot_be_audited_is_said() -> None:
    """An absent target with the nearest name, two columns of one name, no rows."""
    frame = make_clean()
    with pytest.raises(DataError, match="bought"):
        audit_rows(frame, target="bouht")
    with pytest.raises(DataError, match="several columns called 'x'"):
        audit_rows(pd.DataFrame([[1, 2]], columns=["x", "x"]))
    with pytest.raises(DataError, match="0 rows"):
        audit_rows(frame.head(0))


_CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.binary(max_size=3),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=80))
def test_no_table_makes_it_fail(rows: list[tuple[object, object]]) -> None:
    """Whatever cells there are, the result is plain JSON, and missing cells are counted rightly."""
    frame = pd.DataFrame({"a": [row[0] for row in rows], "b": pd.Series([row[1] for row in rows], dtype=object)})
    audit = audit_rows(frame, target="a", now=NOW)
    json.dumps(audit.to_dict(), allow_nan=False)
    audit.to_markdown()
    assert audit.columns["missing"].tolist() == frame.isna().sum().tolist()


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(200)))
def test_the_order_of_rows_matters_for_history_alone(order: list[int]) -> None:
    """Shuffled rows have the same figures and the same findings but for those about order."""
    frame = make_clean(200).assign(junk=1, code=np.resize(["a", "b ", "b", "?"], 200))
    one, other = (find(rows, event_time="when") for rows in (frame, frame.iloc[order]))
    unordered = {name for name in other if not name.startswith("out_of_order")}
    assert set(one) == unordered


def test_severities_rank() -> None:
    """The gravest comes first."""
    frame = make_clean().assign(junk=1, card=np.resize(["4111111111111111"], 600))
    found = list(find(frame.assign(bought="no")).values())
    ranks = [finding.severity.rank for finding in found]
    assert ranks == sorted(ranks)
    assert found[0].severity is FindingSeverity.SERIOUS
