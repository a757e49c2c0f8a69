"""The names of metrics and the tasks that they fit: so that a YAML can be judged without importing what computes them.

How they are computed lives in `evaluation/metrics`; a test proves that it knows the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml_lifecycle.config.brief import Task

#: The metric that counts with `brief.costs`.
COST: Final = "cost"

#: The metrics without a free number, by task.
NAMES: Final[Mapping[Task, tuple[str, ...]]] = {
    Task.CLASSIFICATION: (
        "roc_auc",
        "pr_auc",
        "log_loss",
        "brier",
        "ece",
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "f1",
        "f1_macro",
        "f1_weighted",
        "mcc",
        COST,
    ),
    Task.REGRESSION: ("rmse", "mse", "mae", "median_ae", "mape", "r2", "rmsle", "poisson_deviance"),
    Task.RANKING: ("mrr", "map"),
}

#: Those of what a row is called: only they change with the threshold.
OF_LABELS: Final = frozenset(
    {"accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1_macro", "f1_weighted", "mcc", COST}
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """Metrics that differ in a number only, such as `ndcg@20`.

    Args:
        task: The task that they fit.
        low: Smallest number.
        high: Largest number; none for a count.
        example: One of them.
        ends: Whether the smallest and the largest number themselves are allowed.
    """

    task: Task
    low: float
    high: float | None
    example: str
    ends: bool = True

    @property
    def range(self) -> str:
        """Which numbers are allowed, in words."""
        if self.high is None:
            return f"a whole number from {self.low:g}"
        return (
            f"a number {'from' if self.ends else 'between'} {self.low:g} {'to' if self.ends else 'and'} {self.high:g}"
        )

    def takes(self, text: str) -> bool:
        """Whether this is a number that they can have."""
        try:
            number = float(int(text)) if self.high is None else float(text)
        except ValueError:
            return False
        high = float("inf") if self.high is None else self.high
        return self.low <= number <= high if self.ends else self.low < number < high


#: The metrics with a number, by what stands before the `@`.
NUMBERED: Final[Mapping[str, Numbered]] = {
    "ndcg": Numbered(Task.RANKING, 1, None, "ndcg@10"),
    "precision": Numbered(Task.RANKING, 1, None, "precision@5"),
    "lift": Numbered(Task.CLASSIFICATION, 0, 1, "lift@0.1", ends=False),
    "gain": Numbered(Task.CLASSIFICATION, 0, 1, "gain@0.1", ends=False),
    "quantile_loss": Numbered(Task.REGRESSION, 0, 1, "quantile_loss@0.9", ends=False),
    "tweedie_deviance": Numbered(Task.REGRESSION, 1, 2, "tweedie_deviance@1.5"),
}


def names_for(task: Task) -> tuple[str, ...]:
    """The names of a task, an example for each of those with a number."""
    return (*NAMES[task], *(each.example for each in NUMBERED.values() if each.task is task))


def tasks_of(name: str) -> tuple[Task, ...]:
    """The tasks that a metric of this name fits; none where there is no such metric."""
    if "@" not in name:
        return tuple(task for task, names in NAMES.items() if name in names)
    prefix, _, number = name.partition("@")
    numbered = NUMBERED.get(prefix)
    return (numbered.task,) if numbered is not None and numbered.takes(number) else ()
