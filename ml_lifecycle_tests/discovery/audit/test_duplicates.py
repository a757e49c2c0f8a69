"""Rows that come twice, keys that do, and rows that contradict each other."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import NOW, find, make_clean, make_project


def test_repeated_rows_are_counted() -> None:
    """A few are noted, many are a warning; the id does not hide them."""
    frame = make_clean()
    assert find(pd.concat([frame, frame.head(2)]))["duplicate_rows"].severity is FindingSeverity.NOTE
    twice = pd.concat([frame, frame.head(60)], ignore_index=True)
    assert find(twice)["duplicate_rows"].severity is FindingSeverity.WARNING
    named = twice.assign(order_id=range(660))
    assert "duplicate_rows" not in find(named)
    assert "duplicate_rows" in find(named, make_project(id="order_id"))


def test_a_declared_id_must_name_rows() -> None:
    """A repeated or a missing one is serious."""
    frame = make_clean().assign(order_id=[*range(599), 5])
    assert find(frame, make_project(id="order_id"))["repeated_keys:order_id"].severity is FindingSeverity.SERIOUS
    lost = make_clean().assign(order_id=[*range(599), None])
    assert "repeated_keys:order_id" in find(lost, make_project(id="order_id"))


def test_equal_rows_with_another_outcome() -> None:
    """No model can be right about both."""
    frame = make_clean()
    flipped = frame.head(30).assign(bought=frame["bought"].head(30).map({"yes": "no", "no": "yes"}))
    found = find(pd.concat([frame, flipped]))
    assert found["contradicting_rows"].figures["rows"] == 60
    assert "duplicate_rows" not in found


_CELL = st.sampled_from([0, 1, None, float("nan"), -0.0])
_ROWS = st.lists(st.tuples(_CELL, st.sampled_from(["a", "b", None]), st.booleans()), min_size=1, max_size=40)


@given(_ROWS)
def test_repeated_rows_are_what_pandas_says(rows: list[tuple[object, str | None, bool]]) -> None:
    """Zero equals minus zero, missing equals missing."""
    frame = pd.DataFrame(rows, columns=["x", "word", "flag"])
    frame["x"] = frame["x"].astype("float64") + 0.0
    found = {item.name: item for item in audit_rows(frame, now=NOW).findings}
    repeated = int(frame.duplicated().sum())
    assert (found["duplicate_rows"].figures["rows"] if "duplicate_rows" in found else 0) == repeated
