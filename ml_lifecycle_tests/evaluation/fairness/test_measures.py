"""The named measures of fairness are Fairlearn's."""

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as fairlearn
from sklearn.metrics import accuracy_score

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import FairnessLimits
from ml_lifecycle.evaluation.fairness.assessment import FairnessReport, assess_fairness
from ml_lifecycle.evaluation.fairness.measures import COLUMNS
from ml_lifecycle_tests.evaluation.problems import Problem, binary


@pytest.fixture(scope="module")
def unequal() -> Problem:
    """Predictions that favour one sex, and three cities."""
    data = binary(900)
    return Problem(data.frame, data.y, np.where(data.frame["sex"] == "m", data.p**0.6, data.p**1.6))


@pytest.fixture(scope="module")
def report(unequal: Problem) -> FairnessReport:
    """Both columns compared."""
    limits = FairnessLimits(sensitive=("sex", "city"))
    return assess_fairness(unequal.frame, unequal.y, unequal.p, Kind.BINARY, limits)


@pytest.mark.parametrize("column", ["sex", "city"])
@pytest.mark.parametrize("name", ["demographic_parity", "equal_opportunity", "equalized_odds"])
@pytest.mark.parametrize("form", ["difference", "ratio"])
def test_measures_are_those_of_fairlearn(
    unequal: Problem, report: FairnessReport, column: str, name: str, form: str
) -> None:
    """Value by value, and inside its interval."""
    expected = getattr(fairlearn, f"{name}_{form}")(
        unequal.y, unequal.p >= 0.5, sensitive_features=unequal.frame[column]
    )
    found = report.measures.set_index(["column", "measure"]).loc[(column, f"{name}_{form}")]
    assert found["value"] == pytest.approx(expected)
    assert found["low"] < found["value"] < found["high"]


@pytest.mark.parametrize(
    ("measure", "metric"),
    [
        ("selection_rate", fairlearn.selection_rate),
        ("true_positive_rate", fairlearn.true_positive_rate),
        ("false_positive_rate", fairlearn.false_positive_rate),
        ("false_negative_rate", fairlearn.false_negative_rate),
        ("accuracy", accuracy_score),
    ],
)
def test_rates_are_those_of_a_metric_frame(
    unequal: Problem, report: FairnessReport, measure: str, metric: object
) -> None:
    """Group by group, also of two columns together."""
    features = unequal.frame[["sex", "city"]]
    frame = fairlearn.MetricFrame(
        metrics=metric, y_true=unequal.y, y_pred=unequal.p >= 0.5, sensitive_features=features
    )
    both = report.groups[(report.groups["column"] == "sex & city") & (report.groups["measure"] == measure)]
    ours = both.set_index("group")["value"]
    expected = {f"= {sex}, = {city}": value for (sex, city), value in frame.by_group.items()}
    assert ours.to_dict() == pytest.approx(expected)


def test_classes_have_measures_of_their_own() -> None:
    """Each class against the rest; the accuracy once."""
    rng = np.random.default_rng(0)
    y, sex = rng.integers(0, 3, 600), rng.choice(["f", "m"], 600)
    limits = FairnessLimits(sensitive=("sex",))
    found = assess_fairness(pd.DataFrame({"sex": sex}), y, np.eye(3)[y], Kind.MULTICLASS, limits).measures
    assert tuple(found.columns) == COLUMNS
    assert len(found) == 3 * 5 * 2 + 2
    values = found.set_index("measure")["value"]
    assert values["equalized_odds_difference of class 2"] == 0
    assert values["accuracy_ratio"] == 1
