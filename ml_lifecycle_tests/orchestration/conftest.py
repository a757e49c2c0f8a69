"""A tiny project, and a state folder of its own for every test."""

from pathlib import Path

import pytest

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectConfig:
    """A project whose root and state lie in the test's own folder."""
    monkeypatch.setenv("ML_LIFECYCLE_HOME", str(tmp_path / "home"))
    attributes = {
        "brief": {"problem": "p", "task": "regression", "target": "y", "success_criteria": {"r2": ">= 0.1"}},
        "dataset": {"sources": [{"path": "a.csv"}]},
        "monitoring": {"start": "2025-10-01", "window": 7},
    }
    return build_project(attributes, name="tiny", folder=tmp_path, root=tmp_path)
