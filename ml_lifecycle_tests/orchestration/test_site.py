"""Tests of `ml_lifecycle.orchestration.site`."""

import os
import sys
from pathlib import Path

import pytest
import yaml

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.site_folder import SiteFolder

_PROJECT = """
type: ml_lifecycle.LifecycleComponent
attributes:
  brief: {problem: p, task: regression, target: y, success_criteria: {r2: ">= 0.1"}}
  dataset: {sources: [{path: a.csv}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SiteFolder:
    """Somebody else's Dagster project with one lifecycle project in it."""
    made = SiteFolder.make(tmp_path)
    made.yaml_path("tiny").parent.mkdir()
    made.yaml_path("tiny").write_text(_PROJECT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, name)  # another test's folder
    monkeypatch.setenv("ML_LIFECYCLE_HOME", str(made.home))
    # set and removed, so that what the site sets itself is undone after the test
    monkeypatch.setenv("DAGSTER_HOME", "x")
    monkeypatch.delenv("DAGSTER_HOME")
    return made


def test_the_project_around_the_current_folder_is_found(folder: SiteFolder) -> None:
    """From any folder below its pyproject.toml."""
    site = Site.find(folder.root / "shop" / "defs")
    assert (site.root, site.module) == (folder.root, "shop")
    assert list(site.projects) == ["tiny"]


def test_elsewhere_the_package_itself_is_the_site(tmp_path: Path) -> None:
    """So the command works in any folder."""
    assert Site.find(tmp_path).module == "ml_lifecycle"
    assert "loans" in Site.find(tmp_path).projects


def test_an_unknown_project_is_answered_with_the_known(folder: SiteFolder) -> None:
    """And with the way to make one."""
    with pytest.raises(ConfigError, match=r"expected one of \['tiny'\]"):
        Site.find(folder.root).project("tinny")


def test_a_wrong_yaml_names_file_and_key(folder: SiteFolder) -> None:
    """The message of the models arrives whole."""
    folder.yaml_path("tiny").write_text(_PROJECT.replace("target", "targt"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        _ = Site.find(folder.root).projects
    assert str(folder.yaml_path("tiny")) in str(caught.value)
    assert "targt" in str(caught.value)


def test_keys_that_do_not_fit_together_are_refused_before_anything_runs(folder: SiteFolder) -> None:
    """The message names file and key."""
    folder.yaml_path("tiny").write_text(_PROJECT.replace("r2:", "roc_auc:"), encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"brief\.success_criteria\.roc_auc: expected a metric of a regression"
    ) as caught:
        _ = Site.find(folder.root).projects
    assert str(folder.yaml_path("tiny")) in str(caught.value)


def test_templates_in_the_yaml_are_filled_in(folder: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets and addresses come from the environment; other text is left as it is."""
    monkeypatch.setenv("TABLE", "from_environment.csv")
    text = _PROJECT.replace("a.csv", '"{{ env.TABLE }}", missing_values: ["1"]')
    folder.yaml_path("tiny").write_text(text, encoding="utf-8")
    source = Site.find(folder.root).project("tiny").dataset.sources[0]
    assert source.path == "from_environment.csv"
    assert source.missing_values == ("1",)


def test_dagster_is_pointed_at_the_state_folder(folder: SiteFolder) -> None:
    """The settings beside pyproject.toml are taken over with absolute paths."""
    settings = "storage:\n  sqlite:\n    base_dir: data/home/dagster\ntelemetry:\n  enabled: false\n"
    (folder.root / "dagster.yaml").write_text(settings, encoding="utf-8")
    site = Site.find(folder.root)
    with site.instance() as instance:
        assert instance.get_runs() == []
    assert os.environ["DAGSTER_HOME"] == str(folder.home / "dagster")
    written = yaml.safe_load((folder.home / "dagster" / "dagster.yaml").read_text(encoding="utf-8"))
    assert written["storage"]["sqlite"]["base_dir"] == str(folder.home / "dagster")
    assert written["telemetry"] == {"enabled": False}


def test_a_dagster_home_of_ones_own_is_respected(
    folder: SiteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment has its own instance."""
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(own))
    Site.find(folder.root).settle_environment()
    assert os.environ["DAGSTER_HOME"] == str(own)
    assert not (folder.home / "dagster" / "dagster.yaml").exists()
