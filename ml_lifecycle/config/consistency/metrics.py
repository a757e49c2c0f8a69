"""Names of metrics in the YAML: that there are such metrics, that they fit the task, and that costs are there to count.

Which there are is `config/metrics`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import TYPE_CHECKING, Final

from ml_lifecycle.config.brief import BriefConfig, Task
from ml_lifecycle.config.consistency.conflict import Conflict, listed, suggest
from ml_lifecycle.config.metrics import COST, NAMES, NUMBERED, OF_LABELS, names_for, tasks_of

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig

#: The metric that a test of one metric is about.
_METRIC_OF: Final = {"delong": "roc_auc", "mcnemar": "accuracy"}
_WRITE_COSTS: Final = "write what each mistake costs, such as `brief.costs: {yes: {no: 5}, no: {yes: 1}}`"


def find_metric_conflicts(project: ProjectConfig) -> Iterator[Conflict]:
    """What is wrong with the names of metrics, with what is chosen for them and with the costs."""
    brief, evaluation = project.brief, project.evaluation
    named = [("brief.metric", brief.metric)] if brief.metric is not None else []
    named += [(f"brief.success_criteria.{name}", name) for name in brief.success_criteria]
    named += [(f"evaluation.metrics[{place}]", name) for place, name in enumerate(evaluation.metrics)]
    for key, name in named:
        yield from judge_metric(key, name, brief)
    yield from _judge_costs(brief)
    if brief.task is Task.CLASSIFICATION:
        yield from _judge_threshold(project)
        yield from _judge_test(project)


def judge_metric(key: str, name: str, brief: BriefConfig) -> Iterator[Conflict]:
    """What is wrong with one metric.

    Args:
        key: The key that names it.
        name: Its name.
        brief: The task that it must fit, and the costs.
    """
    tasks, own = tasks_of(name), names_for(brief.task)
    if not tasks:
        prefix = name.partition("@")[0]
        numbered = NUMBERED.get(prefix)
        if numbered is not None:
            yield Conflict(key, f"{numbered.range} after the @", repr(name), f"write it such as {numbered.example}")
        else:
            yield Conflict(key, f"one of {listed(own)}", repr(name), suggest(name, own, "choose one of those"))
    elif brief.task not in tasks:
        advice = f"{name} is for a {' or a '.join(tasks)}: choose one of those"
        yield Conflict(key, f"a metric of a {brief.task}: {listed(own)}", repr(name), advice)
    elif name == COST and not brief.costs:
        yield Conflict(key, "brief.costs beside the metric cost", "none", _WRITE_COSTS)


def _judge_costs(brief: BriefConfig) -> Iterator[Conflict]:
    for true, row in brief.costs.items():
        for predicted, cost in row.items():
            if not math.isfinite(cost):
                advice = "write a large number where a mistake must never happen"
                yield Conflict(f"brief.costs.{true}.{predicted}", "a finite number", f"{cost}", advice)


def _judge_threshold(project: ProjectConfig) -> Iterator[Conflict]:
    threshold, costs = project.modeling.threshold, project.brief.costs
    if threshold.method == "cost" and not costs:
        yield Conflict("modeling.threshold.method", "brief.costs beside the method cost", "none", _WRITE_COSTS)
    elif threshold.method == "cost" and _is_one_answer_cheapest(costs):
        expected = "for each of the two classes, a wrong answer that costs more than the right one"
        advice = "correct brief.costs (true class first, predicted class below it; a gain is negative)"
        yield Conflict("modeling.threshold.method", expected, f"brief.costs: {costs}", advice)
    if threshold.method != "metric":
        if "metric" in threshold.model_fields_set:
            advice = "set the method to metric, or remove the metric"
            yield Conflict("modeling.threshold.metric", "it beside `method: metric`", threshold.method, advice)
    elif threshold.metric not in OF_LABELS:
        known = [name for name in NAMES[Task.CLASSIFICATION] if name in OF_LABELS]
        advice = suggest(threshold.metric, known, "choose one of those: others do not change with the threshold")
        yield Conflict("modeling.threshold.metric", f"one of {listed(known)}", repr(threshold.metric), advice)
    elif threshold.metric == COST and not costs:
        yield Conflict("modeling.threshold.metric", "brief.costs beside the metric cost", "none", _WRITE_COSTS)


def _is_one_answer_cheapest(costs: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether, of two classes that are named, one is never the dearer answer: then no row needs to be looked at."""
    names = sorted({*costs, *(predicted for row in costs.values() for predicted in row)})
    if len(names) != 2:  # noqa: PLR2004 - more are weighed class by class, and fewer name one of two only
        return False
    wrong = (costs.get(true, {}).get(other, 0.0) for true, other in permutations(names))
    right = (costs.get(true, {}).get(true, 0.0) for true in names)
    return any(dearer <= cheaper for dearer, cheaper in zip(wrong, right, strict=True))


def _judge_test(project: ProjectConfig) -> Iterator[Conflict]:
    test, metric = project.evaluation.comparison.test, project.brief.metric
    wanted = _METRIC_OF.get(test)
    may_default = wanted == "roc_auc"  # the default where there are two classes, which only the data tell
    if wanted is None or metric == wanted or (metric is None and may_default):
        return
    advice = f"set it to bootstrap, or brief.metric to {wanted}"
    got = f"brief.metric: {metric or 'none'}"
    yield Conflict("evaluation.comparison.test", f"the metric {wanted} for the test {test}", got, advice)
