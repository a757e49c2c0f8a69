"""What a family can do (`Capabilities`), and whether it can reach a goal. How it does it is the family's own file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, ModelError
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators.facts import Goal

if TYPE_CHECKING:
    from ml_lifecycle.modeling.estimators.base import Family

#: The objectives that fit each kind of problem; those of a ranking learn the order within queries.
OBJECTIVES: dict[Kind, frozenset[str]] = {
    Kind.BINARY: frozenset({"auto"}),
    Kind.MULTICLASS: frozenset({"auto"}),
    Kind.REGRESSION: frozenset(
        {"auto", "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma", "tweedie"}
    ),
    Kind.RANKING: frozenset({"auto", "lambdarank", "xendcg"}),
}
#: Objectives that predict the exponential of a sum, so that labels must not be negative.
LOGARITHMIC = frozenset({"poisson", "gamma", "tweedie"})
#: Objectives whose leaves are medians or quantiles.
ORDER_STATISTICS = frozenset({"absolute_error", "quantile"})
#: Huber's loss is quadratic up to so many robust standard deviations (Huber 1981: 95 % efficiency).
HUBER_WIDTH = 1.345


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a family can do.

    Args:
        missing_values: It learns from missing cells itself; other families replace them.
        categories: It splits categories as such; other families see their codes as numbers, or a column for each.
        monotone: Predictions can be bound to rise or fall with a feature.
        ranking: It learns the order within queries; other families learn relevance as a number, row by row.
        quantiles: It can predict a quantile.
        objectives: The objectives it has, as `modeling.objective` names them.
        interpretability: How well a person can follow a prediction.
        free_objectives: Objectives that it cannot keep monotone: leaves are moved afterwards.
    """

    missing_values: bool
    categories: bool
    monotone: bool
    ranking: bool
    quantiles: bool
    objectives: frozenset[str]
    interpretability: Literal["high", "medium", "low"]
    free_objectives: frozenset[str] = frozenset()


def check_goal(family: Family, goal: Goal) -> None:
    """See that an objective fits the kind of problem, and that a family can reach the goal.

    A ranking with the objective `auto` can be learnt by every family: without the capability `ranking` pointwise, as a
    regression on relevance.

    Raises:
        ConfigError: The objective or a monotone feature is not for this kind or this family; the families that could
            are named.
    """
    if goal.objective not in OBJECTIVES[goal.kind]:
        fitting = [str(kind) for kind, objectives in OBJECTIVES.items() if goal.objective in objectives]
        raise ConfigError(
            "modeling.objective does not fit the kind of problem",
            expected=f"one of {', '.join(sorted(OBJECTIVES[goal.kind]))} for {goal.kind}",
            got=goal.objective,
            advice=f"{goal.objective} is for {' or '.join(fitting)}" if fitting else "choose one of those",
        )
    if goal.objective not in family.capabilities.objectives:
        able = _names(other for other in _all() if goal.objective in other.capabilities.objectives)
        raise ConfigError(
            f"{family.name} {'cannot rank' if goal.kind is Kind.RANKING else 'lacks the objective'} {_called(goal)}",
            expected=f"one of {', '.join(sorted(family.capabilities.objectives & OBJECTIVES[goal.kind]))}",
            got=goal.objective,
            advice=f"choose modeling.family from {able}",
        )
    if goal.monotone:
        _check_monotone(family, goal)


def _called(goal: Goal) -> str:
    return f"by {goal.objective}" if goal.kind is Kind.RANKING else goal.objective


def _check_monotone(family: Family, goal: Goal) -> None:
    if goal.kind is Kind.MULTICLASS:
        raise ConfigError(
            "modeling.monotone does not fit the kind of problem",
            expected="a binary classification, a regression or a ranking",
            got=str(goal.kind),
            advice="remove it: with several classes there is no one figure that could only rise",
        )
    if not _binds(family, goal):
        able = _names(other for other in _all() if _binds(other, goal))
        raise ConfigError(
            f"{family.name} cannot be bound by modeling.monotone",
            expected=f"a family with monotone constraints for the objective {goal.objective}",
            got=family.name,
            advice=f"choose modeling.family from {able}",
        )


def _binds(family: Family, goal: Goal) -> bool:
    capable, objective = family.capabilities, goal.objective
    if goal.kind is Kind.RANKING and capable.ranking and objective == "auto":
        objective = "lambdarank"
    return capable.monotone and objective in capable.objectives - capable.free_objectives


def adapt_goal(family: Family, goal: Goal) -> Goal:
    """The goal without what a family cannot do, for a model that is only there to compare with.

    The objective becomes `auto`, and monotone features are left free, where the family lacks them.
    """
    capable = family.capabilities
    if goal.objective not in capable.objectives:
        goal = replace(goal, objective="auto", level=None)
    if goal.monotone and not _binds(family, goal):
        goal = replace(goal, monotone={})
    return goal


def monotone_signs(matrix: FeatureMatrix, goal: Goal) -> list[int] | None:
    """The sign of each feature in its order (0: free), or None where all are free.

    Raises:
        ConfigError: `modeling.monotone` names a feature that is unknown or holds categories.
    """
    if not goal.monotone:
        return None
    names = tuple(matrix.names)
    for name in goal.monotone:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            raise ConfigError(
                f"modeling.monotone names {name!r}, which is no feature of the model",
                expected="names of selected features",
                got=name,
                advice=f"did you mean {near[0]!r}" if near else "remove it, or see why the feature was not selected",
            )
        if names.index(name) in matrix.categorical:
            raise ConfigError(
                f"modeling.monotone names {name!r}, which holds categories",
                expected="features that are numbers",
                got=f"{name}, whose values have no order",
                advice="remove it",
            )
    return [int(goal.monotone.get(name, 0)) for name in names]


def check_labels(y: np.ndarray, goal: Goal) -> None:
    """See that the labels are ones the objective can learn.

    Raises:
        ModelError: They are not.
    """
    if goal.objective not in LOGARITHMIC or len(y) == 0:
        return
    positive = goal.objective == "gamma"
    fits = float(y.min()) > 0 if positive else float(y.min()) >= 0 and float(y.sum()) > 0
    if not fits:
        raise ModelError(
            f"the objective {goal.objective} cannot learn these labels",
            expected="labels above 0" if positive else "labels of 0 or more, not all of them 0",
            got=f"labels from {float(y.min()):g} to {float(y.max()):g}",
            advice="choose another modeling.objective",
        )


def huber_delta(y: np.ndarray) -> float:
    """From which residual on Huber's loss is linear: `HUBER_WIDTH` robust standard deviations of the labels."""
    low, high = np.quantile(y, [0.25, 0.75])
    spread = float(high - low) / 1.349  # the interquartile range of a normal distribution with deviation 1
    return HUBER_WIDTH * (spread or float(np.std(y)) or 1.0)


def _all() -> Iterable[Family]:
    from ml_lifecycle.modeling.estimators import FAMILIES  # they import this module

    return FAMILIES.values()


def _names(families: Iterable[Family]) -> str:
    return ", ".join(family.name for family in families)
