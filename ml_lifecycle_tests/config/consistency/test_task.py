"""Keys that one task has a use for are refused with another."""

from __future__ import annotations

from typing import Any

import pytest

from ml_lifecycle_tests.config.consistency.projects import build, refusal

_CLASSES: list[tuple[str, dict[str, Any]]] = [
    ("brief.positive_class", {"brief": {"positive_class": False}}),
    ("brief.costs", {"brief": {"costs": {"yes": {"no": 1}}}}),
    ("dataset.augmentation.method", {"dataset": {"augmentation": {"method": "class_weight"}}}),
    ("modeling.calibration", {"modeling": {"calibration": "isotonic"}}),
    ("modeling.calibrate_on", {"modeling": {"calibrate_on": "folds"}}),
    ("modeling.threshold.method", {"modeling": {"threshold": {"method": "metric"}}}),
    ("evaluation.threshold", {"evaluation": {"threshold": 0.4}}),
    ("evaluation.calibration.max_error", {"evaluation": {"calibration": {"max_error": 0.1}}}),
    ("evaluation.fairness.min_ratio", {"evaluation": {"fairness": {"sensitive": ["s"], "min_ratio": 0.8}}}),
    (
        "evaluation.fairness.mitigation",
        {"evaluation": {"fairness": {"sensitive": ["s"], "mitigation": "equalized_odds"}}},
    ),
    ("evaluation.comparison.test", {"evaluation": {"comparison": {"test": "mcnemar"}}}),
]


@pytest.mark.parametrize("task", ["regression", "ranking"])
@pytest.mark.parametrize(("key", "sections"), _CLASSES)
def test_what_only_classes_have_is_refused_elsewhere(key: str, sections: dict[str, Any], task: str) -> None:
    """The key and the task are named, and what to do."""
    said = refusal(task, **sections)
    assert f"{key}: expected it with a classification only, got brief.task: {task} (" in said


@pytest.mark.parametrize(("key", "sections"), _CLASSES)
def test_a_classification_may_have_it(key: str, sections: dict[str, Any]) -> None:
    """Each of them, where nothing else is wrong."""
    brief = {"metric": "accuracy", **sections.get("brief", {})}
    assert key.split(".", maxsplit=1)[0] in build(**{**sections, "brief": brief}).model_fields_set


@pytest.mark.parametrize("task", ["classification", "ranking"])
def test_intervals_are_for_numbers(task: str) -> None:
    """A probability has a calibration instead."""
    assert "modeling.intervals: expected it with a regression only" in refusal(task, modeling={"intervals": 0.9})
    assert build("regression", modeling={"intervals": 0.9}).modeling.intervals == 0.9
