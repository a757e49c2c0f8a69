"""A column is not dropped and needed, nor target and feature."""

from __future__ import annotations

from typing import Any

import pytest

from ml_lifecycle_tests.config.consistency.projects import build, refusal

_DROP = {"drop": ["c"]}


@pytest.mark.parametrize(
    ("key", "sections"),
    [
        ("brief.target", {"brief": {"target": "c"}, "dataset": _DROP}),
        ("dataset.event_time", {"dataset": {**_DROP, "event_time": "c"}}),
        ("dataset.group", {"dataset": {**_DROP, "group": "c"}}),
        ("evaluation.fairness.sensitive", {"dataset": _DROP, "evaluation": {"fairness": {"sensitive": ["c"]}}}),
        ("evaluation.slices.columns", {"dataset": _DROP, "evaluation": {"slices": {"columns": ["b", "c"]}}}),
        ("features.columns.c", {"dataset": _DROP, "features": {"columns": {"c": {"encode": "hash"}}}}),
        ("features.store.created", {"dataset": _DROP, "features": {"store": {"created": "c"}}}),
    ],
)
def test_what_is_dropped_is_not_used(key: str, sections: dict[str, Any]) -> None:
    """The message names both keys."""
    assert f"{key}: expected a column that is kept, got 'c', which dataset.drop takes away" in refusal(**sections)


@pytest.mark.parametrize("role", ["id", "event_time", "entity", "group"])
def test_the_target_has_no_second_role(role: str) -> None:
    """It is not known when a row is to be predicted."""
    assert f"dataset.{role}: expected another column than brief.target" in refusal(dataset={role: "y"})


def test_the_target_is_neither_sensitive_nor_a_feature() -> None:
    """Both are said at once."""
    said = refusal(evaluation={"fairness": {"sensitive": ["y"]}}, features={"columns": {"y": {"encode": "number"}}})
    assert "evaluation.fairness.sensitive: expected other columns than brief.target" in said
    assert "features.columns.y: expected a column that is a feature" in said


@pytest.mark.parametrize("column", ["y", "o", "c", "sex"])
def test_derived_features_are_made_of_what_may_be_seen(column: str) -> None:
    """Not of the target, its time, dropped or sensitive columns."""
    said = refusal(
        dataset={"event_time": "t", "outcome_time": "o", **_DROP},
        features={"crosses": [["a", column]], "ratios": [{"numerator": "a", "denominator": column}]},
        evaluation={"fairness": {"sensitive": ["sex"]}},
    )
    assert f"features.crosses[0]: expected columns that the model may see, got '{column}'" in said
    assert f"features.ratios[0]: expected columns that the model may see, got '{column}'" in said


def test_sensitive_columns_may_be_used_where_the_yaml_says_so() -> None:
    """As it may be a feature."""
    fairness = {"sensitive": ["sex"], "use_as_features": True}
    build(features={"crosses": [["a", "sex"]]}, evaluation={"fairness": fairness})


@pytest.mark.parametrize(
    ("sections", "got"),
    [
        ({"features": {"exclude": ["x"]}}, "'x', which the model does not see"),
        ({"features": {"columns": {"x": {"encode": "codes"}}}}, "features.columns.x.encode: codes"),
    ],
)
def test_only_features_that_are_numbers_are_monotone(sections: dict[str, Any], got: str) -> None:
    """What is excluded or made into categories cannot be."""
    said = refusal(modeling={"monotone": {"x": 1}}, **sections)
    assert "modeling.monotone.x: expected a feature" in said
    assert got in said


def test_mitigation_needs_to_know_between_whom() -> None:
    """Without a sensitive column there is nothing to even out."""
    said = refusal(evaluation={"fairness": {"mitigation": "demographic_parity"}})
    assert "evaluation.fairness.mitigation: expected evaluation.fairness.sensitive beside it" in said
