"""What the configuration knows of the metrics is what the room evaluation computes."""

from __future__ import annotations

import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.metrics import NAMES, NUMBERED, OF_LABELS, names_for, tasks_of
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.decided import BY_LABEL
from ml_lifecycle.evaluation.measures.names import FAMILIES
from ml_lifecycle.evaluation.metrics import KNOWN, get_metric

_TASK_OF = {
    Kind.BINARY: Task.CLASSIFICATION,
    Kind.MULTICLASS: Task.CLASSIFICATION,
    Kind.REGRESSION: Task.REGRESSION,
    Kind.RANKING: Task.RANKING,
}


def _tasks(name: str) -> set[Task]:
    try:
        return {_TASK_OF[kind] for kind in get_metric(name).kinds}
    except ConfigError:
        return set()


def test_all_metrics_are_known() -> None:
    """Those with a fixed name, and those that take a number."""
    assert {name for name in KNOWN if "@" not in name} == {name for names in NAMES.values() for name in names}
    assert list(NUMBERED) == [family.prefix for family in FAMILIES]
    for family in FAMILIES:
        known = NUMBERED[family.prefix]
        assert (known.low, known.ends, known.example) == (family.low, not family.open, family.example)
        assert known.high == (None if family.whole else family.high)
        assert known.range == family.range


@pytest.mark.parametrize("name", [*KNOWN, *(name for task in Task for name in names_for(task))])
def test_each_fits_the_same_task(name: str) -> None:
    """Binary and multiclass are one task."""
    assert set(tasks_of(name)) == _tasks(name) != set()


@pytest.mark.parametrize(
    "name",
    [
        *("lift", "lift@", "lift@0", "lift@1", "lift@x", "lift@0.050", "gain@1e-3", "ndcg@1.5", "ndcg@0", "ndcg@10"),
        *("precision@7", "tweedie_deviance@2", "quantile_loss@nan", "roc_auc@1", "zzz"),
    ],
)
def test_names_are_read_alike(name: str) -> None:
    """What is refused there is refused here."""
    assert set(tasks_of(name)) == _tasks(name)


def test_metrics_of_labels_are_the_same() -> None:
    """Those that a threshold changes."""
    assert OF_LABELS == BY_LABEL
