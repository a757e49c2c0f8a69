"""The modeling section: that the family can reach the objective, and that the keys of the search work together.

What the families can do is `config/families`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml_lifecycle.config.consistency.conflict import Conflict, listed, suggest
from ml_lifecycle.config.families import FAMILIES, OBJECTIVES

if TYPE_CHECKING:
    from ml_lifecycle.config.modeling import ModelingConfig
    from ml_lifecycle.config.project import ProjectConfig


def find_learning_conflicts(project: ProjectConfig) -> Iterator[Conflict]:
    """What is wrong with the objective, the family, its hyperparameters and the search."""
    yield from _judge_objective(project)
    yield from _judge_monotone(project)
    yield from _judge_parameters(project)
    yield from _judge_search(project)
    modeling = project.modeling
    if modeling.refit == "train_and_validation" and modeling.optimize.variants:
        advice = "remove modeling.refit, or the variants: what is judged on validation rows must not learn from them"
        got = f"modeling.optimize.variants: {listed(modeling.optimize.variants)}"
        yield Conflict("modeling.refit", "no variants beside train_and_validation", got, advice)
    if modeling.calibrate_on == "folds" and modeling.calibration == "none":
        advice = "choose a calibration, or remove modeling.calibrate_on"
        yield Conflict("modeling.calibrate_on", "a calibration beside it", "modeling.calibration: none", advice)


def _families(modeling: ModelingConfig) -> tuple[str, ...]:
    """The families that may be fitted: of those of a contest, one that can do what is asked is enough."""
    return modeling.search.families if modeling.family == "auto" else (modeling.family,)


def _judge_objective(project: ProjectConfig) -> Iterator[Conflict]:
    modeling, task, key = project.modeling, project.brief.task, "modeling.objective"
    families = _families(modeling)
    had = {objective for name in families for objective in FAMILIES[name].objectives}
    if modeling.objective not in OBJECTIVES[task]:
        fitting = [str(other) for other, objectives in OBJECTIVES.items() if modeling.objective in objectives]
        advice = f"{modeling.objective} is for a {' or a '.join(fitting)}"
        yield Conflict(key, f"one of {listed(OBJECTIVES[task])} for a {task}", modeling.objective, advice)
    elif modeling.objective not in had:
        able = [name for name, facts in FAMILIES.items() if modeling.objective in facts.objectives]
        own = [name for name in OBJECTIVES[task] if name in had]
        advice = f"choose modeling.family from {listed(able)}"
        yield Conflict(key, f"one of {listed(own)} with {listed(families)}", modeling.objective, advice)


def _judge_monotone(project: ProjectConfig) -> Iterator[Conflict]:
    modeling, task = project.modeling, project.brief.task
    if not modeling.monotone or modeling.objective not in OBJECTIVES[task]:
        return
    families = _families(modeling)
    if not any(FAMILIES[name].binds(task, modeling.objective) for name in families):
        able = [name for name, facts in FAMILIES.items() if facts.binds(task, modeling.objective)]
        expected = f"a family with monotone constraints for the objective {modeling.objective}"
        advice = f"choose modeling.family from {listed(able)}" if able else "choose another objective, or remove it"
        yield Conflict("modeling.monotone", expected, listed(families), advice)


def _judge_parameters(project: ProjectConfig) -> Iterator[Conflict]:
    modeling, families = project.modeling, _families(project.modeling)
    task, objective = project.brief.task, modeling.objective
    known = {each for name in families for each in FAMILIES[name].parameters_for(task, objective)}
    for name, value in modeling.parameters.items():
        key = f"modeling.parameters.{name}"
        choices = [each for family in families for each in (FAMILIES[family].choices or {}).get(name, ())]
        if name not in known:
            expected = f"hyperparameters of {listed(families)}: {listed(sorted(known))}"
            yield Conflict(key, expected, repr(name), suggest(name, known, "remove it"))
        elif choices and value not in choices:
            yield Conflict(key, f"one of {listed(choices)}", repr(value), "choose one of those")


def _judge_search(project: ProjectConfig) -> Iterator[Conflict]:
    search, families = project.modeling.search, _families(project.modeling)
    two_aims = search.objective == "quality_and_latency"
    if search.method == "cmaes" and two_aims:
        advice = "choose tpe, random, grid or gp, or the objective quality"
        yield Conflict("modeling.search.method", "a method for two objectives", search.method, advice)
    if search.tolerance and not two_aims:
        advice = "set the objective, or leave the tolerance out: nothing is given up for quality alone"
        got = f"modeling.search.objective: {search.objective}"
        yield Conflict("modeling.search.tolerance", "the objective quality_and_latency", got, advice)
    if search.pruner == "none" or "pruner" not in search.model_fields_set:
        return
    if two_aims:
        advice = "set it to none: no trial can be called hopeless in two objectives"
        got = f"modeling.search.objective: {search.objective}"
        yield Conflict("modeling.search.pruner", "the objective quality", got, advice)
    elif not any(FAMILIES[name].in_rounds for name in families) and search.validation == "holdout":
        advice = "set it to none, or modeling.search.validation to folds: there is nothing to stop in between"
        yield Conflict("modeling.search.pruner", "a family that is fitted in rounds", listed(families), advice)
