"""What speaks against labels."""

from __future__ import annotations

from math import isnan

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.discovery.feasibility.labels import share_contradicted, share_disagreeing
from ml_lifecycle_tests.discovery.feasibility.worlds import project


def test_equal_rows_with_another_label_disagree() -> None:
    """One of four equal rows."""
    rows = pd.DataFrame({"_row_id": range(5), "a": [1, 1, 1, 1, 2], "y": ["no", "no", "no", "yes", "yes"]})
    assert share_disagreeing(rows, project()) == pytest.approx(0.2)


def test_a_sure_model_contradicts_a_label() -> None:
    """The third row is as sure as those of the other class."""
    y, p = np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.1, 0.95, 0.9, 0.9])
    assert share_contradicted(Kind.BINARY, y, p) == 0.2


def test_a_number_far_from_what_is_predicted_is_contradicted() -> None:
    """Against the spread of the others."""
    y = np.r_[np.linspace(-1, 1, 99), 50.0]
    assert share_contradicted(Kind.REGRESSION, y, np.zeros(100)) == 0.01


def test_of_a_ranking_nothing_is_said() -> None:
    """Scores are no probabilities."""
    assert isnan(share_contradicted(Kind.RANKING, np.zeros(2), np.zeros(2)))
