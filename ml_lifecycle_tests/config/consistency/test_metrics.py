"""Metrics must exist, fit the task, and have the costs that they count with."""

from __future__ import annotations

from typing import Any

import pytest

from ml_lifecycle_tests.config.consistency.projects import build, refusal

_COSTS = {"costs": {"yes": {"no": 5}, "no": {"yes": 1}}}


@pytest.mark.parametrize(
    ("key", "sections"),
    [
        ("brief.metric", {"brief": {"metric": "rocauc"}}),
        ("brief.success_criteria.rocauc", {"brief": {"success_criteria": {"rocauc": ">= 0.8"}}}),
        ("evaluation.metrics[1]", {"evaluation": {"metrics": ["lift@0.05", "rocauc"]}}),
    ],
)
def test_unknown_metrics_are_refused_wherever_they_are_named(key: str, sections: dict[str, Any]) -> None:
    """With the name that was probably meant."""
    said = refusal(**sections)
    assert f"{key}: expected one of roc_auc, pr_auc" in said
    assert "got 'rocauc' (did you mean 'roc_auc'?)" in said


@pytest.mark.parametrize(
    ("task", "metric"),
    [
        ("classification", "rmse"),
        ("regression", "lift@0.1"),
        ("ranking", "precision"),
        ("classification", "precision@5"),
        ("regression", "cost"),
    ],
)
def test_metrics_of_another_task_are_refused(task: str, metric: str) -> None:
    """`precision` is one of classes, `precision@5` one of rankings."""
    assert f"brief.metric: expected a metric of a {task}: " in refusal(task, brief={"metric": metric})


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("lift@1.5", "a number between 0 and 1"), ("ndcg@0", "a whole number from 1"), ("ndcg", "a whole number")],
)
def test_numbers_out_of_range_are_refused(metric: str, expected: str) -> None:
    """What is allowed, and an example."""
    said = refusal(evaluation={"metrics": [metric]})
    assert f"evaluation.metrics[0]: expected {expected}" in said
    assert "write it such as" in said


@pytest.mark.parametrize(
    ("key", "sections"),
    [
        ("brief.metric", {"brief": {"metric": "cost"}}),
        ("brief.success_criteria.cost", {"brief": {"success_criteria": {"cost": "<= 1"}}}),
        ("modeling.threshold.method", {"modeling": {"threshold": {"method": "cost"}}}),
        ("modeling.threshold.metric", {"modeling": {"threshold": {"method": "metric", "metric": "cost"}}}),
    ],
)
def test_costs_are_needed_where_they_are_counted(key: str, sections: dict[str, Any]) -> None:
    """The message shows how they are written; with them all is well."""
    said = refusal(**sections)
    assert f"{key}: expected brief.costs beside" in said
    assert "{yes: {no: 5}, no: {yes: 1}}" in said
    build(**{**sections, "brief": {**sections.get("brief", {}), **_COSTS}})


@pytest.mark.parametrize("costs", [{"yes": {"no": 5}}, {"yes": {"yes": -1, "no": 2}, "no": {"yes": 0}}])
def test_costs_that_make_one_answer_the_cheapest_ask_for_no_threshold(costs: dict[str, dict[str, float]]) -> None:
    """Nobody would need a model; three classes are weighed otherwise."""
    said = refusal(brief={"costs": costs}, modeling={"threshold": {"method": "cost"}})
    assert "modeling.threshold.method: expected for each of the two classes, a wrong answer that costs more" in said
    build(brief={"costs": {**costs, "perhaps": {"no": 1}}}, modeling={"threshold": {"method": "cost"}})
    build(brief={"costs": costs})


def test_costs_are_finite() -> None:
    """No mean could be taken of others."""
    said = refusal(brief={"costs": {"yes": {"no": float("inf")}}})
    assert "brief.costs.yes.no: expected a finite number, got inf" in said


def test_a_threshold_cannot_change_a_metric_of_order() -> None:
    """Only metrics of labels can be made best by it."""
    said = refusal(modeling={"threshold": {"method": "metric", "metric": "roc_auc"}})
    assert "modeling.threshold.metric: expected one of accuracy" in said


@pytest.mark.parametrize("method", ["fixed", "cost"])
def test_a_metric_without_the_method_metric_is_refused(method: str) -> None:
    """It would have no effect."""
    said = refusal(brief=_COSTS, modeling={"threshold": {"method": method, "metric": "mcc"}})
    assert f"modeling.threshold.metric: expected it beside `method: metric`, got {method}" in said


@pytest.mark.parametrize(
    ("test", "metric", "wanted"),
    [
        ("delong", "log_loss", "roc_auc"),
        ("mcnemar", "roc_auc", "accuracy"),
        ("mcnemar", None, "accuracy"),
    ],
)
def test_the_test_that_decides_is_about_the_metric(test: str, metric: str | None, wanted: str) -> None:
    """DeLong compares areas, McNemar hits; the default metric is never accuracy."""
    said = refusal(brief={"metric": metric}, evaluation={"comparison": {"test": test}})
    assert f"evaluation.comparison.test: expected the metric {wanted} for the test {test}" in said


@pytest.mark.parametrize(("test", "metric"), [("delong", "roc_auc"), ("delong", None), ("mcnemar", "accuracy")])
def test_a_test_of_the_metric_itself_may_decide(test: str, metric: str | None) -> None:
    """Whether there are two classes, only the data tell."""
    build(brief={"metric": metric}, evaluation={"comparison": {"test": test}})
