"""Two states of a table are compared by the names of their rows."""

from __future__ import annotations

import json

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.dataset.rows import ROW_ID, identify
from ml_lifecycle.dataset.version_diff import compare_versions

OLD = pd.DataFrame({ROW_ID: [1, 2, 3], "x": [1, 2, 3], "y": ["a", "b", None], "gone": [0, 0, 0]})
NEW = pd.DataFrame({ROW_ID: [4, 3, 2], "x": [9.0, 3.0, 2.5], "y": ["d", None, "b"], "more": ["z"] * 3})


def test_what_changed_is_counted() -> None:
    """Rows by name, cells by column, columns by name and type, figures by column."""
    diff = compare_versions(OLD, NEW)
    assert [(item.column, item.change) for item in diff.schema] == [
        ("gone", "removed"),
        ("more", "added"),
        ("x", "type"),
    ]
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (1, 1, 1)
    assert diff.rows.changed_cells == {"x": 1}
    assert diff.rows.examples == {"added": [4], "removed": [1], "changed": [2]}
    changed = {(item.column, item.statistic): item.difference for item in diff.statistics}
    assert changed["x", "max"] == 6
    assert ("y", "missing_share") not in changed


def test_a_diff_is_a_table_and_plain_json() -> None:
    """For a person and for a program."""
    diff = compare_versions(OLD, NEW)
    assert json.loads(json.dumps(diff.to_dict()))["rows"]["added"] == 1
    assert set(diff.to_frame()["of"]) == {"schema", "rows", "statistics"}
    assert diff.summary.startswith("3 rows became 3: 1 added, 1 removed, 1 changed; 3 changes of the schema")


def test_tables_without_names_are_compared_by_content() -> None:
    """A changed row is one that went and one that came."""
    diff = compare_versions(pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [2, 3]}))
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (1, 1, 0)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", None])), max_size=8), st.randoms())
def test_the_order_of_rows_and_columns_does_not_matter(cells: list[tuple[int, str]], random: object) -> None:
    """A table equals itself, shuffled."""
    frame = identify(pd.DataFrame(cells, columns=["x", "y"]))
    shuffled = frame.iloc[random.sample(range(len(frame)), len(frame))][["y", ROW_ID, "x"]]  # type: ignore[attr-defined]
    assert compare_versions(frame, shuffled).is_empty
