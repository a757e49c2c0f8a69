"""Tests of `ml_lifecycle.dataset.cell_rows`: a sequence of mappings, whichever way it is read."""

from ml_lifecycle.dataset.cell_rows import CellRows

_ROWS = CellRows(["a", "b", "a"], [[1, 2, 3], [4, 5, 6]])


def test_it_reads_as_the_mappings_would() -> None:
    """By row, by part and by column; of two columns of a name the last one holds."""
    assert list(_ROWS) == [{"a": 3, "b": 2}, {"a": 6, "b": 5}]
    assert list(_ROWS[1:]) == [{"a": 6, "b": 5}]
    assert (_ROWS.column("a"), _ROWS.column("c"), len(_ROWS)) == ([3, 6], None, 2)


def test_columns_are_left_out() -> None:
    """All of a name; nothing is copied where there is none."""
    assert list(_ROWS.without({"a"})) == [{"b": 2}, {"b": 5}]
    assert _ROWS.without({"c"}) is _ROWS


def test_no_rows_have_empty_columns() -> None:
    """And not none."""
    assert CellRows(["a"], []).column("a") == []
