"""Tests of `ml_lifecycle.config.loading` and of the sections it reads."""

from pathlib import Path
from typing import Any

import pytest

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError

_BRIEF = {"problem": "p", "task": "classification", "target": "y"}
_DATASET = {"sources": [{"path": "a.csv"}]}


def _build(name: str = "shop", **attributes: Any) -> ProjectConfig:
    attributes = {"brief": _BRIEF, "dataset": _DATASET, **attributes}
    return build_project(attributes, name=name, folder=Path("defs/shop"), root=Path())


def test_two_sections_are_enough() -> None:
    """Everything but the brief and the dataset has a default."""
    project = _build()
    assert project.modeling.family == "lightgbm"
    assert project.schema_path == Path("defs/shop/schema.yaml")


def test_an_unknown_key_is_named_with_what_came() -> None:
    """A typo is no silent default."""
    with pytest.raises(ConfigError, match=r"dataset\.sources\.0\.pth: there is no such key \(came: 'a\.csv'\)"):
        _build(dataset={"sources": [{"path": "b.csv", "pth": "a.csv"}]})


def test_every_wrong_key_is_named_at_once() -> None:
    """One look is enough to mend all."""
    with pytest.raises(ConfigError) as caught:
        _build(brief={**_BRIEF, "task": "clustering"}, modeling={"seed": -1})
    assert "brief.task" in str(caught.value)
    assert "modeling.seed" in str(caught.value)
    assert "defs.yaml" in str(caught.value)


@pytest.mark.parametrize("name", ["Shop", "1shop", "shop-a", "", "a" * 64])
def test_names_that_dagster_would_not_take_are_refused(name: str) -> None:
    """A project's name becomes part of asset keys and job names."""
    with pytest.raises(ConfigError, match="name"):
        _build(name=name)


def test_fractions_must_sum_to_one() -> None:
    """The message shows an example."""
    with pytest.raises(ConfigError, match=r"\[0\.7, 0\.15, 0\.15\]"):
        _build(dataset={**_DATASET, "split": {"fractions": [0.7, 0.2, 0.2]}})


def test_outcome_time_needs_an_event_time() -> None:
    """Without it nobody knows what was known when."""
    with pytest.raises(ConfigError, match="event_time"):
        _build(dataset={**_DATASET, "outcome_time": "paid_at"})


def test_more_windows_needed_than_considered_is_refused() -> None:
    """K of n with k above n would never fire."""
    with pytest.raises(ConfigError, match="windows_needed of at most windows_considered"):
        _build(monitoring={"retrain": {"windows_needed": 4, "windows_considered": 3}})


def test_roles_and_sensitive_columns_are_no_features() -> None:
    """What names a row, a time, a group or the target must not be learnt from."""
    project = _build(
        dataset={**_DATASET, "id": "i", "event_time": "t", "group": "g", "drop": ["d"]},
        evaluation={"fairness": {"sensitive": ["sex"]}},
        features={"exclude": ["e"]},
    )
    assert project.non_features == {"y", "i", "t", "g", "d", "sex", "e", "_weight"}


def test_sensitive_columns_may_be_features_where_the_yaml_says_so() -> None:
    """Leaving them out is the default, not a law."""
    project = _build(evaluation={"fairness": {"sensitive": ["sex"], "use_as_features": True}})
    assert "sex" not in project.non_features
