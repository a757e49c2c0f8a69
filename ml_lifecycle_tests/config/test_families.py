"""What the configuration knows of the families is what they say of themselves."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.families import FAMILIES, OBJECTIVES
from ml_lifecycle.config.modeling import FamilyName
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling import estimators
from ml_lifecycle.modeling.estimators import Goal, check_goal
from ml_lifecycle.modeling.estimators.capabilities import OBJECTIVES as BY_KIND
from ml_lifecycle.modeling.estimators.linear_solvers import PENALTIES

_KINDS = {
    Task.CLASSIFICATION: (Kind.BINARY, Kind.MULTICLASS),
    Task.REGRESSION: (Kind.REGRESSION,),
    Task.RANKING: (Kind.RANKING,),
}
_CLASSES = {Kind.BINARY: 2, Kind.MULTICLASS: 3}
_CASES = list(product(FAMILIES, Task))


def _goals(task: Task, objective: str, *, monotone: bool = False) -> list[Goal]:
    kinds = (Kind.BINARY,) if monotone and task is Task.CLASSIFICATION else _KINDS[task]
    level = 0.5 if objective == "quantile" else 1.5
    signs = {"x": 1} if monotone else {}
    return [Goal(kind, _CLASSES.get(kind, 0), objective=objective, level=level, monotone=signs) for kind in kinds]


def _reaches(name: str, goal: Goal) -> bool:
    try:
        check_goal(estimators.get_family(name), goal)
    except ConfigError:
        return False
    return True


def test_the_families_are_those_of_the_yaml() -> None:
    """In one order everywhere."""
    assert list(FAMILIES) == list(estimators.FAMILIES) == list(get_args(FamilyName))


def test_the_objectives_are_those_of_the_kinds() -> None:
    """Task by task."""
    for task, objectives in OBJECTIVES.items():
        assert all(BY_KIND[kind] == set(objectives) for kind in _KINDS[task])


@pytest.mark.parametrize(("name", "task"), _CASES)
def test_what_a_family_can_reach_is_the_same(name: str, task: Task) -> None:
    """Every objective, free and monotone."""
    facts = FAMILIES[name]
    assert facts.objectives == estimators.get_family(name).capabilities.objectives
    for objective in OBJECTIVES[task]:
        plain = [_reaches(name, goal) for goal in _goals(task, objective)]
        bound = [_reaches(name, goal) for goal in _goals(task, objective, monotone=True)]
        assert all(reached is (objective in facts.objectives) for reached in plain), objective
        assert all(reached is facts.binds(task, objective) for reached in bound), objective


@pytest.mark.parametrize(("name", "task"), _CASES)
def test_hyperparameters_are_the_same(name: str, task: Task) -> None:
    """Whatever the objective and however many the rows."""
    family, facts = estimators.get_family(name), FAMILIES[name]
    for objective in set(OBJECTIVES[task]) & facts.objectives:
        for goal, rows in product(_goals(task, objective), (100, 1_000_000)):
            known = family.also_known | set(family.space(rows, goal)) | set(family.default_parameters(rows, goal))
            assert facts.parameters_for(task, objective) == known


@pytest.mark.parametrize("name", FAMILIES)
def test_rounds_are_the_same(name: str) -> None:
    """A family of one round has nothing to be stopped between."""
    assert FAMILIES[name].in_rounds is (estimators.get_family(name).most_rounds != 1)


def test_penalties_are_the_same() -> None:
    """Those of the linear family."""
    assert FAMILIES["linear"].choices == {"penalty": tuple(PENALTIES)}
