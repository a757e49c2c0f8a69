"""Times in the future, out of order, and missing for a while."""

from __future__ import annotations

import pandas as pd

from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import find, make_clean


def _hourly(hours: int = 2000) -> pd.DataFrame:
    return make_clean(hours).assign(when=pd.date_range("2024-01-01", periods=hours, freq="h"))


def test_times_in_the_future() -> None:
    """Also written as text; a due date may well lie ahead."""
    frame = make_clean()
    frame.loc[597:, "when"] = pd.Timestamp("2027-03-01")
    assert find(frame)["future_times:when"].figures["rows"] == 3
    text = make_clean().assign(paid=["2025-01-01"] * 300 + ["2027-01-01"] * 300, due_date="2028-01-01 12:00")
    assert {name for name in find(text) if "future" in name} == {"future_times:paid"}


def test_late_rows_in_a_table_in_order() -> None:
    """A few steps back are found; no order at all is no fault."""
    frame = make_clean()
    late = pd.concat([frame.drop(index=[100, 200]), frame.loc[[100, 200]]])
    assert set(find(late)) == {"out_of_order:when"}
    assert find(frame.sample(frac=1, random_state=0)) == {}


def test_series_one_below_the_other_are_in_order() -> None:
    """Each begins anew."""
    shops = pd.concat([_hourly(700).assign(region=name) for name in ("north", "south", "west")], ignore_index=True)
    assert {name for name in find(shops) if "order" in name} == set()


def test_holes_in_a_series() -> None:
    """A note for a few moments, a warning for many."""
    assert find(_hourly()) == {}
    assert find(_hourly().drop(index=[500, 501]))["time_holes:when"].severity is FindingSeverity.NOTE
    found = find(_hourly().drop(index=range(500, 600)))["time_holes:when"]
    assert found.severity is FindingSeverity.WARNING
    assert found.figures["lacking"] == 100


def test_a_gap_in_irregular_times() -> None:
    """Two months without a row."""
    frame = make_clean(3000)
    empty = (frame["when"] > "2023-06-01") & (frame["when"] < "2023-08-01")
    assert "time_gap:when" in find(frame[~empty])
