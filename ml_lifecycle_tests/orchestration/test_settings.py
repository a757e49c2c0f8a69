"""Tests of `ml_lifecycle.orchestration.settings`."""

from pathlib import Path

import pytest

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.orchestration.settings import setting_tags, settings_in, settle


@pytest.fixture
def project(tmp_path: Path) -> ProjectConfig:
    """The least project there is."""
    brief = {"problem": "p", "task": "regression", "target": "y"}
    attributes = {"brief": brief, "dataset": {"sources": [{"path": "a.csv"}]}}
    return build_project(attributes, name="a", folder=tmp_path, root=tmp_path)


def test_settings_go_through_tags_as_they_are(project: ProjectConfig) -> None:
    """Numbers stay numbers, and what another section is told is not read."""
    tags = setting_tags({"features.selection.method": "l1", "features.selection.k": 3, "features.store.name": "x"})
    settings = settings_in({**tags, "team": "risk"}, "features.selection")
    assert settings == {"features.selection.method": "l1", "features.selection.k": 3}
    settled = settle(project, settings)
    assert (settled.features.selection.method, settled.features.selection.k) == ("l1", 3)
    assert project.features.selection.k is None


def test_a_project_without_settings_is_the_same(project: ProjectConfig) -> None:
    """Nothing is validated twice for nothing."""
    assert settle(project, {}) is project


@pytest.mark.parametrize(("key", "value"), [("features.selection.method", "luck"), ("features.selection.kk", 3)])
def test_a_wrong_setting_is_refused_with_its_key(project: ProjectConfig, key: str, value: object) -> None:
    """Whoever has mistyped an option is told which."""
    with pytest.raises(ConfigError, match=key.rpartition(".")[2]):
        settle(project, {key: value})


def test_a_setting_that_does_not_fit_the_yaml_is_refused(project: ProjectConfig) -> None:
    """Such as a family without the hyperparameters that are fixed by hand."""
    fixed = settle(project, {"modeling.parameters": {"num_leaves": 7}})
    with pytest.raises(ConfigError, match=r"modeling\.parameters\.num_leaves: expected hyperparameters of knn"):
        settle(fixed, {"modeling.family": "knn"})
