"""Whether the keys of a project's YAML fit together: what can be known before a row is read is refused before a run.

A key alone is judged by its section; what depends on the data (how many classes there are) by the step that sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic_core import PydanticCustomError

from ml_lifecycle.config.consistency.columns import find_column_conflicts
from ml_lifecycle.config.consistency.conflict import Conflict
from ml_lifecycle.config.consistency.learning import find_learning_conflicts
from ml_lifecycle.config.consistency.metrics import find_metric_conflicts, judge_metric
from ml_lifecycle.config.consistency.retention import find_retention_conflicts
from ml_lifecycle.config.consistency.rows import find_row_conflicts
from ml_lifecycle.config.consistency.running import find_running_conflicts
from ml_lifecycle.config.consistency.task import find_task_conflicts

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig

KEYS_THAT_DO_NOT_FIT: Final = "keys_that_do_not_fit"
"""The type of pydantic's error for keys that do not fit together: its message names them, and is whole by itself."""

_FINDERS: Final = (
    find_task_conflicts,
    find_metric_conflicts,
    find_row_conflicts,
    find_column_conflicts,
    find_learning_conflicts,
    find_running_conflicts,
    find_retention_conflicts,
)


def find_conflicts(project: ProjectConfig) -> tuple[Conflict, ...]:
    """All keys of a project that do not fit together, in the order of its sections."""
    return tuple(conflict for find in _FINDERS for conflict in find(project))


def refuse_conflicts(project: ProjectConfig) -> None:
    """Refuse a project whose keys do not fit together.

    Raises:
        PydanticCustomError: They do not; the message names every conflict.
    """
    found = find_conflicts(project)
    if found:
        raise PydanticCustomError(KEYS_THAT_DO_NOT_FIT, "; ".join(map(str, found)))


__all__ = ["KEYS_THAT_DO_NOT_FIT", "Conflict", "find_conflicts", "judge_metric", "refuse_conflicts"]
