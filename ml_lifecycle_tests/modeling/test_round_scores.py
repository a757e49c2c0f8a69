"""A model is asked as it was after some of its rounds."""

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import FittedModel, Rounds, get_family
from ml_lifecycle.modeling.round_scores import trace_rounds
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.problems import KINDS, SCORES, make_goal, make_samples

BOOSTED = ("lightgbm", "hist_gradient_boosting", "xgboost", "catboost")


def _fit(family: str, kind: Kind, rounds: int = 9) -> FittedModel:
    return fit_model(
        get_family(family), make_samples(kind), None, {}, goal=make_goal(kind), rounds=Rounds(rounds)
    ).model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", BOOSTED)
def test_stages_are_the_model_after_so_many_rounds(family: str, kind: Kind) -> None:
    """The last is the model itself, one before it the model of fewer rounds."""
    model, values = _fit(family, kind), make_samples(kind, 50, seed=1).matrix.values
    stages = model.stages(values, [2, 4, 9])
    assert stages is not None
    first, fewer, last = stages
    np.testing.assert_allclose(last, model.predict(values), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(fewer, _fit(family, kind, 4).predict(values), rtol=1e-5, atol=1e-7)
    assert first.shape == last.shape


@pytest.mark.parametrize("objective", ["poisson", "tweedie", "quantile"])
def test_stages_are_in_units_of_the_target(objective: str) -> None:
    """Also where the booster adds up logarithms."""
    from dataclasses import replace

    train = make_samples(Kind.REGRESSION)
    train = replace(train, y=np.exp(train.y))
    goal = replace(make_goal(Kind.REGRESSION), objective=objective, level=1.5 if objective == "tweedie" else 0.5)
    model = fit_model(get_family("lightgbm"), train, None, {}, goal=goal, rounds=Rounds(6)).model
    stages = model.stages(train.matrix.values, [6])
    assert stages is not None
    np.testing.assert_allclose(next(iter(stages)), model.predict(train.matrix.values), rtol=1e-6)


def test_scores_by_rounds_end_with_those_of_the_model() -> None:
    """On training rows it learns on and on."""
    train, valid, score = make_samples(Kind.BINARY), make_samples(Kind.BINARY, seed=1), SCORES[Kind.BINARY]
    model = _fit("lightgbm", Kind.BINARY, 30)
    found = trace_rounds(model, train, valid, score, marks=7)
    assert found["round"].tolist() == [5, 10, 15, 20, 25, 30]
    assert found["train"].is_monotonic_decreasing
    assert found["valid"].iloc[-1] == pytest.approx(score(valid.y, model.predict_matrix(valid.matrix)))


def test_few_rows_are_looked_at() -> None:
    """However many there are."""
    train = make_samples(Kind.REGRESSION, 200)
    model = fit_model(get_family("lightgbm"), train, None, {}, goal=make_goal(Kind.REGRESSION), rounds=Rounds(4)).model
    seen: list[int] = []

    class Counting:
        """A score that counts its rows."""

        name, greater_is_better = "rows", True

        def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
            """Count them."""
            del predictions, query
            seen.append(len(y))
            return float(len(y))

    trace_rounds(model, train, train, Counting(), rows=30)
    assert set(seen) == {30}


@pytest.mark.parametrize("family", ["linear", "random_forest", "decision_tree"])
def test_what_is_not_boosted_has_no_such_scores(family: str) -> None:
    """Trees of a forest are no steps of learning."""
    train = make_samples(Kind.BINARY)
    assert trace_rounds(_fit(family, Kind.BINARY), train, train, SCORES[Kind.BINARY]).empty
