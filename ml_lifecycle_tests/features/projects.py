"""A small project for tests of the room features."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_lifecycle.config.project import ProjectConfig


def make_project(
    features: Mapping[str, Any], *, target: str = "paid", task: str = "classification", **dataset: Any
) -> ProjectConfig:
    """A project with some features section."""
    return ProjectConfig.model_validate(
        {
            "name": "p",
            "folder": Path(),
            "root": Path(),
            "brief": {"problem": "p", "task": task, "target": target},
            "dataset": {"sources": [{"path": "x.csv"}], **dataset},
            "features": features,
        }
    )
