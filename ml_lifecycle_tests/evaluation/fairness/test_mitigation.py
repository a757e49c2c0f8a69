"""Thresholds by group: they close the gap at a cost that is told, are deterministic, and can be used."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.evaluation import FairnessLimits
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.evaluation.fairness.mitigation import COLUMNS, Mitigation, compare_thresholds, mitigate
from ml_lifecycle.modeling.decision import Decision
from ml_lifecycle.parts import Storable
from ml_lifecycle_tests.evaluation.problems import Problem, binary

PARITY = FairnessLimits(sensitive=("sex",), mitigation="demographic_parity")


@pytest.fixture(scope="module")
def unequal() -> Problem:
    """Men are more often positive, and the model knows."""
    data = binary(3000)
    men = (data.frame["sex"] == "m").to_numpy()
    rng = np.random.default_rng(0)
    p = np.where(men, data.p**0.5, data.p**1.8)
    return Problem(data.frame, (rng.random(3000) < p).astype(int), p)


@pytest.mark.parametrize(
    ("constraint", "measure"),
    [
        ("demographic_parity", "demographic_parity_difference"),
        ("true_positive_rate_parity", "equal_opportunity_difference"),
        ("equalized_odds", "equalized_odds_difference"),
    ],
)
def test_the_gap_closes_at_a_cost(unequal: Problem, constraint: str, measure: str) -> None:
    """Each constraint closes its own gap; the accuracy falls, and by how much is told with an interval."""
    limits = FairnessLimits(sensitive=("sex",), mitigation=constraint)
    found = mitigate(unequal.frame, unequal.y, unequal.p, limits)
    table = found.table.set_index("measure")
    assert tuple(found.table.columns) == COLUMNS
    assert table.loc[measure, "before"] > 0.15
    assert table.loc[measure, "after"] < 0.08
    assert table.loc["accuracy", "change"] < 0
    assert table.loc["accuracy", "low"] < table.loc["accuracy", "change"] < table.loc["accuracy", "high"]


def test_what_is_lost_by_not_drawing_lots_is_told(unequal: Problem) -> None:
    """Demographic parity can be kept by single thresholds; the rates asked and reached stand side by side."""
    found = mitigate(unequal.frame, unequal.y, unequal.p, PARITY)
    assert found.missed_by < 0.005
    reached = found.groups.set_index("group")["reached"]
    labels = unequal.p >= found.thresholds.of_rows(unequal.frame, 3000)
    rates = pd.Series(labels).groupby(unequal.frame["sex"].to_numpy()).mean()
    assert reached.to_dict() == pytest.approx(rates.to_dict())


def test_thresholds_fit_a_decision(unequal: Problem) -> None:
    """They go into a predictor's decision and through JSON."""
    found = mitigate(unequal.frame, unequal.y, unequal.p, PARITY, threshold=0.4)
    decision = Decision.from_dict(Decision(by_group=found.thresholds).to_dict())
    expected = unequal.p >= found.thresholds.of_rows(unequal.frame, 3000)
    assert decision.codes(unequal.p, unequal.frame).astype(bool).tolist() == expected.tolist()
    assert decision.general_threshold == 0.4


def test_it_can_be_stored(unequal: Problem) -> None:
    """It comes back from its parts as it was."""
    found = mitigate(unequal.frame, unequal.y, unequal.p, PARITY)
    assert isinstance(found, Storable)
    again = Mitigation.from_parts(found.to_parts())
    assert again.thresholds == found.thresholds
    pd.testing.assert_frame_equal(again.table, found.table)


def test_small_and_missing_groups_keep_the_old_threshold(unequal: Problem) -> None:
    """They are in nobody's way: no threshold is chosen from a few rows."""
    frame = unequal.frame.copy()
    frame.loc[:9, "sex"] = "x"
    frame.loc[10:19, "sex"] = None
    found = mitigate(frame, unequal.y, unequal.p, PARITY)
    assert set(found.thresholds.thresholds) == {"f", "m"}
    assert set(found.thresholds.of_rows(frame, 3000)[:20]) == {0.5}


def test_the_column_with_the_widest_gap_is_chosen(unequal: Problem) -> None:
    """Of two sensitive columns the one that the constraint fails most in, as long as it has few values."""
    frame = unequal.frame.assign(income=np.where(unequal.frame["sex"] == "m", 1.0, 0.0) + np.arange(3000))
    limits = FairnessLimits(sensitive=("city", "sex", "income"), mitigation="demographic_parity")
    assert mitigate(frame, unequal.y, unequal.p, limits).thresholds.column == "sex"


def test_what_cannot_be_mitigated_is_an_error(unequal: Problem) -> None:
    """No constraint, no column of few values, a column that is not there, or no two groups that are large enough."""
    frame, y, p = unequal.frame, unequal.y, unequal.p
    with pytest.raises(ConfigError, match="nothing to choose"):
        mitigate(frame, y, p, FairnessLimits(sensitive=("sex",)))
    with pytest.raises(ConfigError, match="at most 30 values"):
        mitigate(frame, y, p, FairnessLimits(sensitive=("x",), mitigation="equalized_odds"))
    with pytest.raises(ConfigError, match="'age' is not in the rows"):
        mitigate(frame, y, p, PARITY, column="age")
    with pytest.raises(DataError, match="two groups"):
        mitigate(frame[:60], y[:60], p[:60], PARITY)


def test_other_rows_tell_what_thresholds_are_worth(unequal: Problem) -> None:
    """Thresholds of one half close the gap of the other half too."""
    halves = [unequal.frame.iloc[::2], unequal.frame.iloc[1::2]]
    found = mitigate(halves[0], unequal.y[::2], unequal.p[::2], PARITY)
    table = compare_thresholds(halves[1], unequal.y[1::2], unequal.p[1::2], PARITY, found.thresholds)
    gap = table.set_index("measure").loc["demographic_parity_difference"]
    assert gap["after"] < 0.1 < gap["before"]
