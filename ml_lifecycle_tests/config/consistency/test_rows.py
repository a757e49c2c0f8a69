"""Splits, folds and histories need the columns that they are made by."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.consistency.rows import split_method
from ml_lifecycle.dataset.splits import choose_method
from ml_lifecycle.errors import ConfigError
from ml_lifecycle_tests.config.consistency.projects import build, refusal

_LATER = {"validation_from": "2026-01-01", "test_from": "2026-02-01"}
_HISTORY = [{"column": "x", "lags": [1]}]


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("dataset.split.method: expected dataset.group beside a split by group", {"split": {"method": "group"}}),
        ("dataset.split.method: expected dataset.event_time", {"split": {"method": "time"}}),
        ("dataset.split.validation_from: expected a split by time, got a split by chance", {"split": _LATER}),
        (
            "dataset.split.validation_from: expected a split by time, got a split by group",
            {"split": _LATER, "event_time": "t", "group": "g"},
        ),
        ("dataset.split.gap_days: expected a split by time", {"split": {"gap_days": 1}}),
        ("dataset.split.folds.method: expected dataset.event_time", {"split": {"folds": {"method": "purged"}}}),
        ("dataset.split.folds.method: expected dataset.group", {"split": {"folds": {"method": "stratified_group"}}}),
        ("dataset.split.folds.gap_days: expected folds in time", {"split": {"folds": {"gap_days": 1}}}),
        (
            "dataset.split.folds.gap_days: expected folds in time, got folds by chance",
            {"event_time": "t", "split": {"folds": {"method": "random", "gap_days": 1}}},
        ),
    ],
)
def test_rows_are_divided_by_columns_that_are_named(key: str, dataset: dict[str, Any]) -> None:
    """What is missing, or without effect, is said."""
    assert key in refusal(dataset=dataset)


def test_a_ranking_needs_its_query() -> None:
    """Whatever the split."""
    for method in ("auto", "time"):
        said = refusal("ranking", dataset={"group": None, "event_time": "t", "split": {"method": method}})
        assert "dataset.group: expected the column of the query id in a ranking" in said


def test_a_query_stays_in_one_piece() -> None:
    """Neither the split nor the folds of a ranking are by chance."""
    assert "dataset.split.method: expected one" in refusal("ranking", dataset={"split": {"method": "random"}})
    said = refusal("ranking", dataset={"split": {"folds": {"method": "random"}}})
    assert "dataset.split.folds.method: expected folds that keep a query in one piece" in said


def test_gaps_and_borders_go_with_time() -> None:
    """Also where the split is by time because an event time is named."""
    build(dataset={"event_time": "t", "split": {"gap_days": 1, **_LATER, "folds": {"gap_days": 1}}})


@pytest.mark.parametrize("roles", [{}, {"event_time": "t"}, {"group": "g"}, {"event_time": "t", "group": "g"}])
@pytest.mark.parametrize(
    ("task", "method"), list(product(["classification", "ranking"], ["auto", "random", "time", "group"]))
)
def test_the_split_is_judged_as_the_rows_are_divided(task: str, method: str, roles: dict[str, Any]) -> None:
    """What is let through is divided by the same method; what is refused there is refused here."""
    dataset = {"group": None, **roles, "split": {"method": method}}
    try:
        project = build(task, dataset=dataset)
    except ConfigError:
        project = build(dataset={**dataset, "split": {}})
        data = project.dataset.model_copy(update={"split": project.dataset.split.model_copy(update={"method": method})})
        if task == "classification":
            with pytest.raises(ConfigError):
                choose_method(data, Task(task))
    else:
        assert split_method(project) == choose_method(project.dataset, Task(task))


@pytest.mark.parametrize("dataset", [{}, {"event_time": "t"}, {"entity": "e"}])
def test_a_history_needs_an_entity_and_a_time(dataset: dict[str, Any]) -> None:
    """And so does the feature store."""
    said = refusal(dataset=dataset, features={"history": _HISTORY, "store": {"enabled": True}})
    assert "features.history[0]: expected dataset.event_time, and dataset.entity or `by`" in said
    assert "features.store.enabled: expected dataset.entity and dataset.event_time beside it" in said


def test_a_history_of_the_target_needs_to_know_when_it_was_known() -> None:
    """Else it would look ahead."""
    roles = {"event_time": "t", "entity": "e"}
    history = [{"column": "y", "lags": [1]}]
    assert "features.history[0]: expected dataset.outcome_time" in refusal(dataset=roles, features={"history": history})
    build(dataset={**roles, "outcome_time": "o"}, features={"history": history})


def test_batches_need_a_time() -> None:
    """Windows are cut by it."""
    assert "serving.batch: expected dataset.event_time" in refusal(serving={"batch": {"path": "in/*.csv"}})
