"""A metric of labels sees the labels that a model's decision gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.evaluation.decided import as_decided, for_metric
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.modeling.decision import Decision, GroupThresholds

_ROWS = pd.DataFrame({"side": ["left", "right"] * 2})
_BY_SIDE = Decision(by_group=GroupThresholds("side", {"left": 0.2, "right": 0.8}, 0.5))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=20), st.floats(0.01, 0.99))
def test_every_row_is_called_what_was_decided(rows: list[tuple[float, bool]], threshold: float) -> None:
    """Whatever its probability is."""
    p, codes = np.array([row[0] for row in rows]), np.array([int(row[1]) for row in rows])
    np.testing.assert_array_equal(as_decided(p, codes, threshold) >= threshold, codes == 1)


def test_of_several_classes_the_decided_one_is_the_most_probable() -> None:
    """Also where its probability is not."""
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    assert as_decided(p, np.array([2, 0]), 0.5).argmax(axis=1).tolist() == [2, 0]


def test_thresholds_by_group_reach_metrics_of_labels_only() -> None:
    """Accuracy counts what is served, log loss what is predicted."""
    p, y = np.array([0.3, 0.7, 0.1, 0.9]), np.array([1, 0, 0, 1])
    accuracy, log_loss = get_metric("accuracy"), get_metric("log_loss")
    assert accuracy(y, p) == 0.5
    assert accuracy(y, for_metric(p, _ROWS, accuracy, _BY_SIDE.codes)) == 1
    assert for_metric(p, _ROWS, log_loss, _BY_SIDE.codes) is p
    assert for_metric(p, _ROWS, accuracy, None) is p
