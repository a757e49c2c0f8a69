"""Costs are counted by true and predicted class, and wrong ones are refused with a reason."""

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.inference.intervals import bootstrap_interval
from ml_lifecycle.evaluation.measures.costs import CostMatrix
from ml_lifecycle.evaluation.metrics import cost_metric, get_metric, metrics_of

COSTS = {"yes": {"no": 5.0, "yes": -1.0}, "no": {"yes": 1.0}}


def _matrix(costs: dict[str, dict[str, float]], classes: list[object]) -> CostMatrix:
    found = CostMatrix.of(costs, classes)
    assert found is not None
    return found


def test_the_mean_cost_by_hand() -> None:
    """One miss for 5, one alarm for 1, one hit that gains 1, one quiet row: 5/4."""
    metric = cost_metric(_matrix(COSTS, ["no", "yes"]))
    y, p = np.array([1, 0, 1, 0]), np.array([0.2, 0.9, 0.7, 0.1])
    assert metric(y, p) == pytest.approx(5 / 4)
    assert metric.at(0.15)(y, p) == pytest.approx((-1 + 1 - 1) / 4)


def test_of_classes_the_most_probable_one_is_predicted() -> None:
    """With three classes the largest probability decides, and classes may be numbers."""
    metric = cost_metric(_matrix({"0": {"2": 7.0}, "2": {"1": 3.0}}, [0, 1, 2]))
    p = np.array([[0.1, 0.2, 0.7], [0.1, 0.6, 0.3], [0.5, 0.3, 0.2]])
    assert metric(np.array([0, 2, 1]), p) == pytest.approx(10 / 3)


def test_costs_have_an_interval() -> None:
    """The bootstrap is that of a mean."""
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 500), rng.random(500)
    found = bootstrap_interval(cost_metric(_matrix(COSTS, ["no", "yes"])), y, p)
    assert found.low < found.value < found.high
    error = np.array([[0, 1], [5, -1]])[y, (p >= 0.5).astype(int)].std() / np.sqrt(500)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_no_costs_are_no_matrix_and_no_metric() -> None:
    """Without costs `cost` is not reported; asked for by name it can be looked up, and says what is missing."""
    assert CostMatrix.of({}, ["no", "yes"]) is None
    assert "cost" not in {metric.name for metric in metrics_of(Kind.BINARY)}
    unknown = get_metric("cost")
    assert not unknown.greater_is_better
    with pytest.raises(ConfigError, match=r"brief\.costs"):
        unknown(np.array([0, 1]), np.array([0.1, 0.9]))


def test_with_costs_it_is_reported_of_classifications() -> None:
    """It is one of the metrics of a classification, not of a regression."""
    costs = _matrix(COSTS, ["no", "yes"])
    assert "cost" in {metric.name for metric in metrics_of(Kind.BINARY, costs=costs)}
    assert "cost" not in {metric.name for metric in metrics_of(Kind.REGRESSION, costs=costs)}
    assert get_metric("cost", costs).function is not get_metric("cost").function


@pytest.mark.parametrize(
    ("costs", "classes", "message"),
    [
        ({"ja": {"no": 1.0}}, ["no", "yes"], "got 'ja'"),
        ({"yes": {"nein": 1.0}}, ["no", "yes"], "one of 'no', 'yes'"),
        ({"yes": {"no": 1.0}}, [], "no class at all"),
        ({"yes": {"no": float("inf")}}, ["no", "yes"], r"brief\.costs\.yes\.no"),
    ],
)
def test_wrong_costs_are_refused(costs: dict[str, dict[str, float]], classes: list[object], message: str) -> None:
    """Unknown classes and infinite costs are named."""
    with pytest.raises(ConfigError, match=message):
        CostMatrix.of(costs, classes)


def test_costs_of_other_classes_do_not_fit() -> None:
    """Predictions of three classes cannot be counted with costs of two."""
    with pytest.raises(ConfigError, match="got 3 classes"):
        cost_metric(_matrix(COSTS, ["no", "yes"]))(np.array([0]), np.array([[0.2, 0.3, 0.5]]))
