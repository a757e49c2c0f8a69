"""The reliability table shows where probabilities miss frequencies."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.calibration import COLUMNS, reliability
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary


def test_bins_hold_all_rows_in_equal_shares() -> None:
    """Ten bins of equal size, in rising order, with the observed share inside its interval."""
    data = binary(500)
    table = reliability(data.y, data.p)
    assert tuple(table.columns) == COLUMNS
    assert table["rows"].tolist() == [50] * 10
    assert table["predicted"].is_monotonic_increasing
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()


def test_a_calibrated_model_lies_on_the_diagonal() -> None:
    """Nearly all intervals of a calibrated model hold the predicted probability."""
    data = binary(3000)
    table = reliability(data.y, data.p)
    assert ((table["low"] <= table["predicted"]) & (table["predicted"] <= table["high"])).sum() >= 8


def test_tied_probabilities_share_a_bin() -> None:
    """A constant prediction is one bin."""
    table = reliability(np.array([0, 1, 1, 1]), np.full(4, 0.5))
    assert table["rows"].tolist() == [4]
    assert table["observed"].tolist() == [0.75]


def test_classes_are_judged_by_the_most_probable_one() -> None:
    """With classes, the table compares confidence with how often it is right."""
    y, p = np.array([0, 1, 2, 2]), np.array([[0.6, 0.2, 0.2], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8], [0.1, 0.1, 0.8]])
    table = reliability(y, p)
    assert (table["observed"] * table["rows"]).sum() == 3
    assert METRICS["ece"](y, p) == pytest.approx((2 * 0.1 + 2 * 0.2) / 4)


def test_dependent_rows_widen_the_intervals() -> None:
    """Groups of equal rows are worth one row each."""
    data = binary(50)
    y, p, groups = (np.repeat(part, 10) for part in (data.y, data.p, np.arange(50)))
    alone, grouped = reliability(y, p, bins=2), reliability(y, p, bins=2, groups=groups)
    assert ((grouped["high"] - grouped["low"]) > 2 * (alone["high"] - alone["low"])).all()
