"""The rows of the feature store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.errors import DataError, StateError
from ml_lifecycle.features.store_rows import (
    RowForm,
    ValueKind,
    key_kind_of,
    kind_of,
    read_rows,
    to_keys,
    to_times,
    write_rows,
)

FORM = RowForm("who", "at", None, {"who": ValueKind.WHOLE, "x": ValueKind.NUMBER})
FRAME = pd.DataFrame({"who": [1, 2], "at": pd.to_datetime(["2026-01-01", "2026-01-02"]), "x": [1.0, None]})


def test_columns_are_of_five_kinds() -> None:
    """Truth values with holes are still truth values; what is neither number nor time is text."""
    columns = {
        ValueKind.TRUTH: pd.Series([True, None], dtype=object),
        ValueKind.WHOLE: pd.Series([1, None], dtype="Int64"),
        ValueKind.NUMBER: pd.Series([1.5]),
        ValueKind.TIME: pd.Series(pd.to_datetime(["2026-01-01"])),
        ValueKind.TEXT: pd.Series(["a"], dtype="category"),
    }
    assert {kind: kind_of(column) for kind, column in columns.items()} == {kind: kind for kind in ValueKind}


def test_entities_have_one_form() -> None:
    """Whole numbers that pandas holds as floats stay whole, and equal numbers are equal texts."""
    holes = pd.Series([1.0, np.nan])
    assert key_kind_of(holes) is ValueKind.WHOLE
    assert to_keys(holes, ValueKind.WHOLE).tolist() == [1, pd.NA]
    assert to_keys(holes, ValueKind.TEXT).tolist() == ["1", None]
    assert to_keys(pd.Series(["7", 8]), ValueKind.WHOLE).tolist() == [7, 8]
    with pytest.raises(DataError, match="cannot name entities"):
        key_kind_of(pd.Series([0.5]))
    with pytest.raises(DataError, match="does not name the stored entities"):
        to_keys(pd.Series(["x"]), ValueKind.WHOLE)


def test_times_are_utc_and_never_early() -> None:
    """A zone is converted; what is finer than a microsecond is rounded up where a value is stored."""
    zoned = pd.Series(pd.to_datetime(["2026-01-01T02:00:00+02:00"]))
    assert to_times(zoned).tolist() == [pd.Timestamp("2026-01-01")]
    fine = pd.Series([pd.Timestamp("2026-01-01T00:00:00.000000001")])
    assert to_times(fine, up=True).tolist() == [pd.Timestamp("2026-01-01T00:00:00.000001")]
    with pytest.raises(DataError, match="does not hold times"):
        to_times(pd.Series(["yesterday"], name="at"))


def test_rows_without_entity_or_time_are_counted(tmp_path: Path) -> None:
    """Nothing vanishes: what cannot be stored is told."""
    frame = pd.DataFrame(
        {"who": [1, None, 3], "at": pd.to_datetime(["2026-01-01", "2026-01-01", None]), "x": [1.0, 2.0, 3.0]}
    )
    written = write_rows(tmp_path / "rows", frame, FORM, replace=False)
    assert (written.rows, written.without_entity, written.without_time) == (1, 1, 1)


def test_rows_are_added_or_replaced(tmp_path: Path) -> None:
    """Writing twice adds; replacing leaves only the new rows, and the table's version counts on."""
    path = tmp_path / "rows"
    write_rows(path, FRAME, FORM, replace=False)
    write_rows(path, FRAME, FORM, replace=False)
    assert read_rows(str(path), ["x"]).num_rows == 4
    assert write_rows(path, FRAME, FORM, replace=True).version == 2
    assert read_rows(str(path), ["who", "x"]).to_pydict() == {"who": [1, 2], "x": [1.0, None]}


def test_rows_come_back_in_the_order_they_were_written(tmp_path: Path) -> None:
    """What was written last stands last, however many files there are: it counts among equals."""
    path = tmp_path / "rows"
    for turn in range(12):
        write_rows(path, FRAME.assign(x=float(turn)), FORM, replace=False)
    assert read_rows(str(path), ["x"]).column("x").to_pylist() == [float(turn) for turn in range(12) for _ in range(2)]


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    """Writing no row makes a table that can be read."""
    write_rows(tmp_path / "rows", FRAME.iloc[:0], FORM, replace=True)
    assert read_rows(str(tmp_path / "rows"), ["who", "x"]).schema.names == ["who", "x"]


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    """A lost column and a changed type are errors that name the column."""
    with pytest.raises(DataError, match=r"no \['x'\]"):
        write_rows(tmp_path, FRAME.drop(columns="x"), FORM, replace=False)
    with pytest.raises(DataError, match="column 'x' does not fit"):
        write_rows(tmp_path, FRAME.assign(x="a"), FORM, replace=False)


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    """Reading before writing says what to do."""
    with pytest.raises(StateError, match="features store"):
        read_rows(str(tmp_path / "none"), ["x"])
