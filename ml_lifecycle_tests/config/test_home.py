"""Tests of `ml_lifecycle.config.home`."""

from pathlib import Path

import pytest

from ml_lifecycle.config.home import Home
from ml_lifecycle.errors import StateError


def test_the_state_lies_below_the_root_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a run writes stays in one folder of the clone."""
    monkeypatch.delenv("ML_LIFECYCLE_HOME", raising=False)
    assert Home.find(tmp_path).path == tmp_path / "data" / "home"


def test_the_environment_names_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment moves its state by a setting."""
    monkeypatch.setenv("ML_LIFECYCLE_HOME", str(tmp_path / "state"))
    home = Home.find(Path("/elsewhere")).create()
    assert home.lake.is_dir()
    assert home.service_url == f"sqlite:///{tmp_path}/state/service.db"


def test_a_home_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    """A file where the folder should be is no stack trace."""
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StateError, match="expected a writable folder"):
        Home(tmp_path / "state").create()
