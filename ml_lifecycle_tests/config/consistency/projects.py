"""A small YAML for tests of keys that do not fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError

_ROLES = {"ranking": {"group": "query"}}


def build(
    task: str = "classification", *, brief: dict[str, Any] | None = None, dataset: Any = None, **sections: Any
) -> ProjectConfig:
    """A project of a task that holds nothing but what is given; a ranking has its query."""
    attributes = {
        "brief": {"problem": "p", "task": task, "target": "y", **(brief or {})},
        "dataset": {"sources": [{"path": "a.csv"}], **_ROLES.get(task, {}), **(dataset or {})},
        **sections,
    }
    return build_project(attributes, name="shop", folder=Path("defs/shop"), root=Path())


def refusal(task: str = "classification", **sections: Any) -> str:
    """What a project is refused with."""
    with pytest.raises(ConfigError) as caught:
        build(task, **sections)
    return str(caught.value)
