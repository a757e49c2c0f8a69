"""Splits, folds and histories: that the columns are named which they are made by.

How rows are divided is `dataset/splits` and `dataset/folds`; a test proves that the same is expected there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.consistency.conflict import Conflict

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig

#: The role of the column that a method divides by.
_NEEDS: Final = {
    "group": "group",
    "stratified_group": "group",
    "time": "event_time",
    "rolling": "event_time",
    "purged": "event_time",
}
_IN_TIME: Final = frozenset({"time", "rolling", "purged"})


def find_row_conflicts(project: ProjectConfig) -> Iterator[Conflict]:
    """What is wrong with the split, the folds, and what looks back in time."""
    yield from _judge_split(project)
    yield from _judge_folds(project)
    yield from _judge_past(project)
    if project.serving.batch is not None and project.dataset.event_time is None:
        advice = "name the column that says when a row happened"
        yield Conflict("serving.batch", "dataset.event_time beside it", "none", advice)


def split_method(project: ProjectConfig) -> str:
    """How the rows are divided: as named, or by the roles of columns where it is `auto`."""
    data = project.dataset
    if data.split.method != "auto":
        return data.split.method
    if project.brief.task is Task.RANKING or data.group is not None:
        return "group"
    return "random" if data.event_time is None else "time"


def _judge_split(project: ProjectConfig) -> Iterator[Conflict]:
    data, method = project.dataset, split_method(project)
    if project.brief.task is Task.RANKING and data.group is None:
        yield Conflict("dataset.group", "the column of the query id in a ranking", "none", "name it")
        return
    if project.brief.task is Task.RANKING and method == "random":
        advice = "set it to group, or leave it out"
        yield Conflict("dataset.split.method", "one that keeps a query in one piece", method, advice)
    role = _NEEDS.get(method)
    if role is not None and getattr(data, role) is None:
        advice = "name the column, or choose another method"
        yield Conflict("dataset.split.method", f"dataset.{role} beside a split by {method}", "none", advice)
    if method == "time":
        return
    if data.split.validation_from is not None:
        advice = "set the method to time and name dataset.event_time, or leave the borders out"
        key = "dataset.split.validation_from"
        yield Conflict(key, "a split by time", f"a split by {_called(method)}", advice)
    if data.split.gap_days:
        advice = "set the method to time and name dataset.event_time, or leave the gap out"
        yield Conflict("dataset.split.gap_days", "a split by time", f"a split by {_called(method)}", advice)


def _judge_folds(project: ProjectConfig) -> Iterator[Conflict]:
    data, folds = project.dataset, project.dataset.split.folds
    key = "dataset.split.folds.method"
    role = _NEEDS.get(folds.method)
    if role is not None and getattr(data, role) is None:
        advice = "name the column, or choose another method"
        yield Conflict(key, f"dataset.{role} beside folds by {folds.method}", "none", advice)
    if folds.method == "random" and project.brief.task is Task.RANKING:
        yield Conflict(key, "folds that keep a query in one piece", folds.method, "set it to group, or leave it out")
    method = split_method(project) if folds.method == "auto" else folds.method
    if folds.gap_days and method not in _IN_TIME:
        advice = "set dataset.split.folds.method to rolling or purged, or leave the gap out"
        yield Conflict("dataset.split.folds.gap_days", "folds in time", f"folds by {_called(method)}", advice)


def _judge_past(project: ProjectConfig) -> Iterator[Conflict]:
    data, features = project.dataset, project.features
    for place, asked in enumerate(features.history):
        key, by = f"features.history[{place}]", asked.by or data.entity
        if by is None or data.event_time is None:
            got = f"entity {by or 'none'}, event_time {data.event_time or 'none'}"
            advice = "name the columns that say whom a row is about and when it happened"
            yield Conflict(key, "dataset.event_time, and dataset.entity or `by`", got, advice)
        elif asked.column == project.brief.target and data.outcome_time is None:
            advice = "name the column that says when the outcome became known, or take another column"
            yield Conflict(key, "dataset.outcome_time for a history of the target", "none", advice)
    if features.store.enabled and (data.entity is None or data.event_time is None):
        got = f"entity {data.entity or 'none'}, event_time {data.event_time or 'none'}"
        advice = "name both columns, or switch features.store off"
        yield Conflict("features.store.enabled", "dataset.entity and dataset.event_time beside it", got, advice)


def _called(method: str) -> str:
    return "chance" if method == "random" else method.replace("_", " ")
