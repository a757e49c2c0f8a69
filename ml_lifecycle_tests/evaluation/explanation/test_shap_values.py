"""Contributions add up to what the model predicts, for every family that can be explained."""

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.evaluation.explanation import shap_values
from ml_lifecycle.evaluation.explanation.shap_values import MIN_ROWS, RAW, allow_rows, contribute, count_work, find_unit
from ml_lifecycle.modeling.estimators.blend import Mix, blend_models
from ml_lifecycle_tests.evaluation.fitted import fit_case


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION])
@pytest.mark.parametrize("family", ["lightgbm", "xgboost", "catboost", "linear"])
def test_contributions_add_up_to_the_raw_prediction(kind: Kind, family: str) -> None:
    """Their sums are log odds of classifications and the prediction itself of regressions."""
    case = fit_case(kind, family)
    values = case.valid.matrix.values[:50]
    parts = contribute(case.model, values)
    assert parts.shape == (50, 4, 3 if kind is Kind.MULTICLASS else 1)
    unit = find_unit(parts, case.model.predict(values))
    assert unit == ("the prediction's unit" if kind is Kind.REGRESSION else "log odds")


def test_the_mean_contribution_of_a_linear_model_is_zero() -> None:
    """They are distances from the mean of the rows, and the start is the mean prediction."""
    case = fit_case(Kind.REGRESSION, "linear")
    values = case.valid.matrix.values
    parts = contribute(case.model, values)
    assert np.abs(parts[:, :-1].mean(axis=0)).max() < 1e-9
    assert parts[0, -1, 0] == pytest.approx(case.model.predict(values).mean())


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.REGRESSION])
def test_trees_of_scikit_learn_are_explained_by_the_extra(kind: Kind) -> None:
    """A forest's contributions add up to its predictions, of two classes for the positive one."""
    case = fit_case(kind, "random_forest", rounds=1)
    values = case.valid.matrix.values[:20]
    parts = contribute(case.model, values)
    assert parts.shape == (20, 4, 1)
    assert parts[:, :, 0].sum(axis=1) == pytest.approx(case.model.predict(values), abs=1e-5)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without shap the message says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "shap", None)
    case = fit_case(Kind.BINARY, "random_forest", rounds=1)
    with pytest.raises(ModelError, match=r"ml-lifecycle\[explain\]"):
        contribute(case.model, case.valid.matrix.values[:5])


def test_trees_that_shap_misreads_are_refused() -> None:
    """Categories inside scikit-learn's boosting are not known to shap: nothing is better than something wrong."""
    case = fit_case(Kind.BINARY, "hist_gradient_boosting")
    with pytest.raises(ModelError, match="left out"):
        contribute(case.model, case.valid.matrix.values[:50])


def test_a_blend_adds_up_what_its_members_add_up() -> None:
    """Log odds are mixed with the weights; the sums are the blend's own log odds."""
    linear, trees = fit_case(Kind.BINARY, "linear"), fit_case(Kind.BINARY)
    goal = trees.model.facts.goal
    blend = blend_models([linear.model, trees.model], Mix("odds", (0.4, 0.6), (0.1,)), goal)
    values = trees.valid.matrix.values[:40]
    assert find_unit(contribute(blend, values), blend.predict(values)) == "log odds"
    assert count_work(blend) == 1 + (count_work(trees.model) or 0)


def test_sums_that_are_nothing_known_are_a_raw_score() -> None:
    """Neither the prediction nor its log odds nor its logarithm."""
    assert find_unit(np.full((2, 3, 1), 0.1), np.array([5.0, 6.0])) == RAW
    assert find_unit(np.full((2, 2, 1), 0.5), np.full(2, np.e)) == "logarithm of the prediction"


def test_large_models_are_explained_on_few_rows_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is bounded, down to a least number of rows; beyond that the message says how to have them all."""
    model = fit_case().model
    assert allow_rows(model, 1_000) == 1_000
    monkeypatch.setattr(shap_values, "MAX_WORK", 10)
    assert allow_rows(model, 1_000) == MIN_ROWS
    monkeypatch.setattr(shap_values, "TOO_MUCH", 100)
    with pytest.raises(ModelError, match="shap_rows"):
        allow_rows(model, 1_000)
