"""Missing cells: shares, columns with one cause, changes over the history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import find, make_clean


def _lacking(column: str, where: np.ndarray, rows: int = 2000) -> pd.DataFrame:
    frame = make_clean(rows)
    frame.loc[where, column] = np.nan
    return frame


def _some(share: float, rows: int = 2000, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random(rows) < share


def test_a_few_missing_cells_are_no_finding() -> None:
    """Under five in a hundred."""
    assert find(_lacking("balance", _some(0.02))) == {}


def test_many_are_noted_and_most_are_a_warning() -> None:
    """The share decides."""
    assert find(_lacking("balance", _some(0.2)))["missing:balance"].severity is FindingSeverity.NOTE
    assert find(_lacking("balance", _some(0.8)))["missing:balance"].severity is FindingSeverity.WARNING


def test_columns_that_lack_the_same_rows_are_one_finding() -> None:
    """Also when one lacks a few rows more; columns that lack other rows are not drawn in."""
    where = _some(0.2)
    frame = _lacking("balance", where)
    frame.loc[where | _some(0.01, seed=2), "ratio"] = np.nan
    frame.loc[_some(0.2, seed=3), "visits"] = np.nan
    assert set(find(frame)) == {"missing_together:balance+ratio", "missing:visits"}


def test_a_break_in_the_history_is_found() -> None:
    """A sensor that was put in later: its cells are missing before."""
    found = find(_lacking("balance", np.arange(2000) < 700))
    change = found["missing_over_time:balance"]
    assert change.severity is FindingSeverity.WARNING
    shares = change.figures["shares"]
    assert isinstance(shares, dict)
    assert next(iter(shares.values())) == 1.0


def test_without_times_the_order_of_the_rows_is_the_history() -> None:
    """Then it is a note, since the order may mean nothing."""
    found = find(_lacking("balance", np.arange(2000) < 700).drop(columns="when"))
    assert found["missing_over_time:balance"].severity is FindingSeverity.NOTE


def test_infinite_numbers_are_not_missing() -> None:
    """They have a finding of their own."""
    frame = make_clean()
    frame.loc[:99, "balance"] = np.inf
    assert set(find(frame)) == {"infinite:balance"}
