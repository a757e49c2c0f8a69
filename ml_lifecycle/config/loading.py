"""Reading a project's YAML without Dagster, and saying what is wrong with it.

The same models are read by Dagster through `orchestration/component.py`; this is for the command and the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ml_lifecycle.config.consistency import KEYS_THAT_DO_NOT_FIT
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.config.sources import SECRET_WRITTEN_OUT
from ml_lifecycle.errors import ConfigError

COMPONENT = "ml_lifecycle.LifecycleComponent"


def build_project(attributes: Mapping[str, Any], *, name: str, folder: Path, root: Path) -> ProjectConfig:
    """Make a project of the attributes of its YAML.

    Raises:
        ConfigError: A key is unknown, missing, has a value of the wrong kind or does not fit another; the message
            names every one.
    """
    try:
        return ProjectConfig(name=name, folder=folder, root=root, **attributes)
    except ValidationError as error:
        raise ConfigError(
            f"{folder / 'defs.yaml'} does not describe a project",
            expected="the keys of the YAML reference in README.md",
            got=describe(error),
            advice="correct the keys that are named; an unknown key is often a typo",
        ) from None  # pydantic's own message repeats what came, secrets too


def describe(error: ValidationError) -> str:
    """Every wrong key with what is wrong and what came, in one line."""
    return "; ".join(_describe(item) for item in error.errors())


def _describe(item: Mapping[str, Any]) -> str:
    if item["type"] == KEYS_THAT_DO_NOT_FIT:
        return str(item["msg"])  # it names its keys itself
    key = ".".join(str(part) for part in item["loc"]) or "the whole file"
    silent = item["type"] in {"missing", SECRET_WRITTEN_OUT}  # a secret must not get into a log by being refused
    came = "" if silent else f" (came: {item['input']!r:.80})"
    said = "there is no such key" if item["type"] == "extra_forbidden" else item["msg"]
    return f"{key}: {said[0].lower()}{said[1:]}{came}"
