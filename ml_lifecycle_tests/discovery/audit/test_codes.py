"""Codes for missing values are told from values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import find, make_clean, make_project, with_column


@pytest.mark.parametrize("code", ["?", "unknown", " N/A ", "", "Missing", "tbd"])
def test_texts_that_say_so(code: str) -> None:
    """In any case, with blanks or without."""
    assert "missing_code:job" in find(with_column("job", ["cook", "smith", "clerk", code]))


def test_none_may_be_a_kind_of_its_own() -> None:
    """It is only noted."""
    assert find(with_column("extra", ["none", "gift"]))["missing_code:extra"].severity is FindingSeverity.NOTE


@pytest.mark.parametrize("code", [999, -999, 9999, -1, 99999])
def test_numbers_that_stand_apart(code: int) -> None:
    """Far from all others, or the only one below zero."""
    frame = make_clean()
    frame.loc[::20, "visits"] = code
    assert find(frame)["missing_code:visits"].figures["rows"] == 30


def test_numbers_among_others_are_numbers() -> None:
    """Nine hundred and ninety-nine between its neighbours, minus one among negative numbers."""
    draw = np.random.default_rng(0)
    frame = make_clean(5000).assign(steps=draw.integers(0, 3000, 5000), delay=draw.integers(-20, 60, 5000))
    assert find(frame) == {}


def test_a_spike_is_noted() -> None:
    """99 that is twenty times as frequent as its neighbours, though it is possible."""
    draw = np.random.default_rng(0)
    hours = np.where(draw.random(5000) < 0.3, 99, draw.integers(0, 120, 5000))
    found = find(make_clean(5000).assign(hours=hours))["missing_code:hours"]
    assert found.severity is FindingSeverity.NOTE


def test_a_zero_that_stands_apart_is_noted() -> None:
    """A blood pressure of nought; a count of nought is a count."""
    draw = np.random.default_rng(0)
    pressure = np.where(draw.random(2000) < 0.05, 0, draw.normal(80, 8, 2000).round())
    assert set(find(make_clean(2000).assign(pressure=pressure))) == {"missing_code:pressure"}


def test_days_that_programs_write() -> None:
    """1900 among days of today; not where the history is of that time."""
    frame = make_clean().assign(joined=pd.Timestamp("2020-05-01") + pd.to_timedelta(np.arange(600) % 90, unit="D"))
    assert find(frame, event_time="when") == {}
    frame.loc[:5, "joined"] = pd.Timestamp("1900-01-01")
    assert set(find(frame, event_time="when")) == {"missing_code:joined"}


def test_declared_codes_are_known() -> None:
    """By column or for all."""
    frame = make_clean()
    frame.loc[::20, "visits"] = 999
    assert "missing_code:visits" in find(frame, make_project())
    assert find(frame, make_project(cleaning={"missing_values": {"visits": [999]}})) == {}
    assert find(frame, make_project(cleaning={"missing_values": {"*": ["999"]}})) == {}


def test_a_code_among_numbers_as_text() -> None:
    """The column is one of numbers for the rest."""
    found = find(with_column("income", ["100", "250", "80", "?"]))
    assert set(found) == {"missing_code:income"}
