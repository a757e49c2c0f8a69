"""Keys that one task has a use for and another has not. Metrics and objectives are `metrics` and `learning`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.consistency.conflict import Conflict

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig


@dataclass(frozen=True, slots=True)
class _Rule:
    """A key that only one task has a use for.

    Args:
        key: The key.
        task: The task.
        asked: Whether a project asks for it.
        advice: What to do where the task is another one.
    """

    key: str
    task: Task
    asked: Callable[[ProjectConfig], bool]
    advice: str = "remove it"


_RULES: Final = (
    _Rule("brief.positive_class", Task.CLASSIFICATION, lambda p: p.brief.positive_class is not None),
    _Rule("brief.costs", Task.CLASSIFICATION, lambda p: bool(p.brief.costs)),
    _Rule(
        "dataset.augmentation.method",
        Task.CLASSIFICATION,
        lambda p: p.dataset.augmentation.method != "none",
        "set it to none: numbers have no rare classes",
    ),
    _Rule(
        "modeling.calibration",
        Task.CLASSIFICATION,
        lambda p: p.modeling.calibration in {"isotonic", "sigmoid"},
        "remove it: only probabilities can be calibrated",
    ),
    _Rule(
        "modeling.calibrate_on",
        Task.CLASSIFICATION,
        lambda p: p.modeling.calibrate_on == "folds",
        "remove it: only probabilities can be calibrated",
    ),
    _Rule(
        "modeling.threshold.method",
        Task.CLASSIFICATION,
        lambda p: p.modeling.threshold.method != "fixed",
        "set it to fixed: only classes are decided on",
    ),
    _Rule(
        "modeling.intervals",
        Task.REGRESSION,
        lambda p: p.modeling.intervals is not None,
        "remove it: only numbers have intervals; a classification has modeling.calibration",
    ),
    _Rule("evaluation.threshold", Task.CLASSIFICATION, lambda p: "threshold" in p.evaluation.model_fields_set),
    _Rule(
        "evaluation.calibration.max_error",
        Task.CLASSIFICATION,
        lambda p: "max_error" in p.evaluation.calibration.model_fields_set,
        "remove it: no gate would hold to it",
    ),
    _Rule(
        "evaluation.fairness.min_ratio",
        Task.CLASSIFICATION,
        lambda p: p.evaluation.fairness.min_ratio is not None,
        "remove it, and set evaluation.fairness.max_gap: no gate would hold to it",
    ),
    _Rule(
        "evaluation.fairness.mitigation",
        Task.CLASSIFICATION,
        lambda p: p.evaluation.fairness.mitigation != "none",
        "set it to none: thresholds by group need two classes",
    ),
    _Rule(
        "evaluation.comparison.test",
        Task.CLASSIFICATION,
        lambda p: p.evaluation.comparison.test != "bootstrap",
        "set it to bootstrap, which takes any metric",
    ),
)


def find_task_conflicts(project: ProjectConfig) -> Iterator[Conflict]:
    """The keys that the project's task has no use for."""
    task = project.brief.task
    for rule in _RULES:
        if task is not rule.task and rule.asked(project):
            yield Conflict(rule.key, f"it with a {rule.task} only", f"brief.task: {task}", rule.advice)
