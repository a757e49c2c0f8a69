"""Columns that two keys use in ways that cannot both be: dropped and needed, target and feature.

Whether a column exists is known by the step that reads the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ml_lifecycle.config.consistency.conflict import Conflict

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig

#: Roles whose columns are read after `dataset.drop` has taken its own away.
_ROLES: Final = ("event_time", "outcome_time", "entity", "group")
#: Encodings whose features are no numbers under the column's own name.
_RENAMED: Final = frozenset({"codes", "one_hot", "hash", "datetime", "text", "drop"})


def find_column_conflicts(project: ProjectConfig) -> Iterator[Conflict]:
    """The columns that keys of the project use against each other."""
    yield from _judge_target(project)
    yield from _judge_dropped(project)
    yield from _judge_inputs(project)
    yield from _judge_monotone(project)
    fair = project.evaluation.fairness
    if fair.mitigation != "none" and not fair.sensitive:
        advice = "name the columns, or set evaluation.fairness.mitigation to none"
        yield Conflict("evaluation.fairness.mitigation", "evaluation.fairness.sensitive beside it", "none", advice)


def _judge_target(project: ProjectConfig) -> Iterator[Conflict]:
    data, target = project.dataset, project.brief.target
    for role in ("id", *_ROLES):
        if getattr(data, role) == target:
            advice = "name another column: the target cannot have a second role"
            yield Conflict(f"dataset.{role}", "another column than brief.target", repr(target), advice)
    if target in project.evaluation.fairness.sensitive:
        advice = "name the columns of the people it is about"
        yield Conflict("evaluation.fairness.sensitive", "other columns than brief.target", repr(target), advice)
    if target in project.features.columns:
        advice = "remove it: the target is no feature"
        yield Conflict(f"features.columns.{target}", "a column that is a feature", "brief.target", advice)


def _judge_dropped(project: ProjectConfig) -> Iterator[Conflict]:
    data, evaluation = project.dataset, project.evaluation
    used: list[tuple[str, str | None]] = [("brief.target", project.brief.target)]
    used += [(f"dataset.{role}", getattr(data, role)) for role in _ROLES]
    used += [("evaluation.fairness.sensitive", column) for column in evaluation.fairness.sensitive]
    used += [("evaluation.slices.columns", column) for column in evaluation.slices.columns]
    used += [(f"features.columns.{column}", column) for column in project.features.columns]
    used += [("features.store.columns", column) for column in project.features.store.columns]
    used += [("features.store.created", project.features.store.created)]
    for key, column in used:
        if column in data.drop:
            advice = f"take {column} out of dataset.drop (features.exclude keeps it from the model), or out of {key}"
            yield Conflict(key, "a column that is kept", f"{column!r}, which dataset.drop takes away", advice)


def _judge_inputs(project: ProjectConfig) -> Iterator[Conflict]:
    """What crosses and ratios may not be made of: it is not known when predicting, or must not be seen."""
    features, fair = project.features, project.evaluation.fairness
    hidden = set() if fair.use_as_features else set(fair.sensitive)
    forbidden = {project.brief.target, project.dataset.outcome_time, *project.dataset.drop, *hidden}
    used = [(f"features.crosses[{place}]", each) for place, each in enumerate(features.crosses)]
    used += [
        (f"features.ratios[{place}]", (ratio.numerator, ratio.denominator))
        for place, ratio in enumerate(features.ratios)
    ]
    for key, columns in used:
        for column in columns:
            if column in forbidden:
                advice = "the target, its time, dropped and sensitive columns cannot be used"
                yield Conflict(key, "columns that the model may see", repr(column), advice)


def _judge_monotone(project: ProjectConfig) -> Iterator[Conflict]:
    for name in project.modeling.monotone:
        key, encoding = f"modeling.monotone.{name}", project.features.columns.get(name)
        if name in project.non_features:
            advice = "remove it, or let the model see the column"
            yield Conflict(key, "a feature", f"{name!r}, which the model does not see", advice)
        elif encoding is not None and encoding.encode in _RENAMED:
            advice = "remove it, or encode the column as a number"
            got = f"features.columns.{name}.encode: {encoding.encode}"
            yield Conflict(key, "a feature that is a number", got, advice)
