"""A metric of labels sees the labels that each model gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.evaluation.thresholds import at_one_threshold

_SHARES = st.floats(0.01, 0.99)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), _SHARES, _SHARES)
def test_every_row_is_called_what_the_model_calls_it(values: list[float], own: float, common: float) -> None:
    """Whatever the two thresholds are; and the order of the rows stays."""
    p = np.array(values)
    moved = at_one_threshold(p, get_metric("accuracy"), own=own, common=common)
    np.testing.assert_array_equal(moved >= common, p >= own)
    assert (np.diff(moved[np.argsort(p, kind="stable")]) >= 0).all()


def test_probabilities_stay_where_they_are_read_themselves() -> None:
    """And where nothing was chosen."""
    p = np.array([0.2, 0.7])
    assert at_one_threshold(p, get_metric("log_loss"), own=0.3, common=0.5) is p
    assert at_one_threshold(p, get_metric("f1"), own=None, common=0.5) is p
