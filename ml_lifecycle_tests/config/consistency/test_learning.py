"""A family must be able to reach the objective, and the keys of a search must work together."""

from __future__ import annotations

from typing import Any

import pytest

from ml_lifecycle_tests.config.consistency.projects import build, refusal


@pytest.mark.parametrize(
    ("task", "objective"), [("classification", "poisson"), ("regression", "lambdarank"), ("ranking", "quantile")]
)
def test_an_objective_of_another_task_is_refused(task: str, objective: str) -> None:
    """The task that it is for is named."""
    said = refusal(task, modeling={"objective": objective})
    assert f"for a {task}, got {objective} ({objective} is for a " in said


def test_an_objective_that_the_family_lacks_is_refused() -> None:
    """The families that have it are named."""
    said = refusal("regression", modeling={"objective": "quantile", "family": "random_forest"})
    assert "modeling.objective: expected one of auto, squared_error, absolute_error, poisson with random_forest" in said
    assert "choose modeling.family from lightgbm, hist_gradient_boosting, xgboost, catboost" in said


@pytest.mark.parametrize(
    ("task", "modeling"),
    [
        ("classification", {"family": "knn"}),
        ("regression", {"family": "linear"}),
        ("regression", {"family": "lightgbm", "objective": "quantile"}),
        ("ranking", {"family": "catboost"}),
    ],
)
def test_what_cannot_be_bound_is_not_monotone(task: str, modeling: dict[str, Any]) -> None:
    """By family, and by objective."""
    said = refusal(task, modeling={"monotone": {"x": 1}, **modeling})
    assert "modeling.monotone: expected a family with monotone constraints" in said


def test_hyperparameters_must_exist() -> None:
    """With the name that was probably meant; those of a linear model depend on the task."""
    said = refusal(modeling={"parameters": {"num_leafs": 3}})
    assert "modeling.parameters.num_leafs: expected hyperparameters of lightgbm" in said
    assert "did you mean 'num_leaves'?" in said
    build(modeling={"family": "linear", "parameters": {"C": 0.1}})
    assert "modeling.parameters.C" in refusal("regression", modeling={"family": "linear", "parameters": {"C": 0.1}})


def test_values_of_a_hyperparameter_must_exist_where_they_are_few() -> None:
    """The penalties of a linear model."""
    said = refusal(modeling={"family": "linear", "parameters": {"penalty": "ridge"}})
    assert "modeling.parameters.penalty: expected one of l2, l1, elasticnet, none, got 'ridge'" in said


@pytest.mark.parametrize(
    ("key", "modeling"),
    [
        ("method", {"search": {"method": "cmaes", "objective": "quality_and_latency"}}),
        ("tolerance", {"search": {"tolerance": 0.1}}),
        ("pruner", {"search": {"pruner": "median", "objective": "quality_and_latency"}}),
        ("pruner", {"search": {"pruner": "hyperband"}, "family": "knn"}),
        ("pruner", {"search": {"pruner": "median"}, "family": "decision_tree"}),
    ],
)
def test_keys_of_a_search_that_exclude_each_other_are_refused(key: str, modeling: dict[str, Any]) -> None:
    """Each with what to do."""
    assert f"modeling.search.{key}: expected " in refusal(modeling=modeling)


@pytest.mark.parametrize(
    "modeling",
    [
        {"family": "knn"},
        {"family": "knn", "search": {"pruner": "median", "validation": "folds"}},
        {"search": {"objective": "quality_and_latency", "tolerance": 0.1}},
    ],
)
def test_a_pruner_that_nobody_asked_for_is_no_conflict(modeling: dict[str, Any]) -> None:
    """The default gives way; with folds a trial can be stopped between them."""
    build(modeling=modeling)


def test_folds_are_not_made_for_a_calibration_that_is_none() -> None:
    """One of the two is a mistake."""
    said = refusal(modeling={"calibration": "none", "calibrate_on": "folds"})
    assert "modeling.calibrate_on: expected a calibration beside it" in said


def test_of_several_families_one_that_can_is_enough() -> None:
    """Those that cannot take no part in the contest."""
    auto = {"family": "auto", "search": {"families": ["linear", "lightgbm"]}}
    build("regression", modeling={**auto, "objective": "huber", "monotone": {"x": 1}, "parameters": {"alpha": 1.0}})
    auto = {"family": "auto", "search": {"families": ["linear", "knn"], "pruner": "median"}}
    said = refusal("regression", modeling={**auto, "objective": "huber", "monotone": {"x": 1}, "parameters": {"a": 1}})
    assert "modeling.objective: expected one of auto, squared_error, poisson, gamma, tweedie with linear, knn" in said
    assert "modeling.monotone: expected a family with monotone constraints" in said
    assert "modeling.parameters.a: expected hyperparameters of linear, knn" in said
    assert "modeling.search.pruner" not in said


def test_forms_are_not_judged_on_rows_that_were_learnt_from() -> None:
    """Validation rows judge the forms of a model, or teach it."""
    said = refusal(modeling={"refit": "train_and_validation", "optimize": {"variants": ["prune"]}})
    assert "modeling.refit: expected no variants beside train_and_validation, got modeling.optimize.variants" in said
    build(modeling={"refit": "train_and_validation"})
