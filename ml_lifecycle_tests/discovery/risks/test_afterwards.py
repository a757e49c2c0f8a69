"""Columns that wait for the outcome are found; columns that are often empty are not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.risks.afterwards import find_known_after
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

RANDOM = np.random.default_rng(5)


def _sure(frame: pd.DataFrame, task: str = "classification", **dataset: str) -> set[str]:
    found = find_known_after(read(frame, task, **dataset))
    return {finding.columns[0] for finding in found if finding.confidence >= 80}


def test_missing_while_the_outcome_is_open() -> None:
    """Empty exactly where the target is, or nearly."""
    frame = prices()
    late, often = RANDOM.random(len(frame)) < 0.1, RANDOM.random(len(frame)) < 0.3
    frame = frame.assign(y=frame["y"].mask(late), fee=frame["noise"].mask(late), often=frame["noise"].mask(often))
    assert _sure(frame, "regression") == {"fee"}


def test_a_column_that_has_just_ended_is_not_accused() -> None:
    """The newest rows have no outcome yet; a column that ended before them is empty there too."""
    frame = people().assign(at=pd.date_range("2024-01-01", periods=1_500, freq="h"))
    newest, ended = frame.index >= 1_400, frame.index >= 1_300
    frame = frame.assign(y=frame["y"].mask(newest), old=frame["noise"].mask(ended))
    assert _sure(frame, event_time="at") == set()


def test_filled_in_one_class_only() -> None:
    """Missing or zero, unless the outcome was a certain one."""
    frame = people()
    yes = frame["y"] == "yes"
    closed = pd.Series(RANDOM.choice(["price", "moved"], len(frame))).where(yes & (RANDOM.random(len(frame)) < 0.6))
    paid = np.where(yes, RANDOM.gamma(2, 9, len(frame)), 0.0)
    assert _sure(frame.assign(closed=closed, paid=paid)) == {"closed", "paid"}


def test_filled_more_often_in_one_class() -> None:
    """A tie that leaves room for the other class is honest."""
    frame = people()
    often = np.where(frame["y"] == "yes", 0.8, 0.3)
    frame["gift"] = frame["noise"].where(RANDOM.random(len(frame)) < often)
    assert _sure(frame) == set()
