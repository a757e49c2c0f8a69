"""Keys of the YAML that are changed for one run, by its tags: `ml_lifecycle/set/features.selection.k: "50"`.

A step that may be told so reads its project through `settle` and names the tags in its fingerprint.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ml_lifecycle.config.loading import describe
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.orchestration.naming import SETTING_PREFIX


def setting_tags(settings: Mapping[str, object]) -> dict[str, str]:
    """The run tags for settings by dotted key; those that are None are left out.

    >>> setting_tags({"features.selection.k": 50, "features.selection.method": None})
    {'ml_lifecycle/set/features.selection.k': '50'}
    """
    return {SETTING_PREFIX + key: json.dumps(value) for key, value in settings.items() if value is not None}


def settings_in(tags: Mapping[str, str], section: str) -> dict[str, Any]:
    """The settings that tags carry for one section, by dotted key."""
    prefix = f"{SETTING_PREFIX}{section}."
    return {
        key.removeprefix(SETTING_PREFIX): json.loads(value)
        for key, value in sorted(tags.items())
        if key.startswith(prefix)
    }


def settle(project: ProjectConfig, settings: Mapping[str, Any]) -> ProjectConfig:
    """The project with settings in place of what its YAML says.

    Raises:
        ConfigError: A setting is none that the YAML knows, or its value is wrong.
    """
    if not settings:
        return project
    document = project.model_dump(exclude_unset=True)  # a default that is written out would count as given
    for key, value in settings.items():
        *path, last = key.split(".")
        section = document
        for name in path:
            section = section.setdefault(name, {})
        section[last] = value
    try:
        return ProjectConfig.model_validate(document)
    except ValidationError as error:
        raise ConfigError(
            "a setting of this run is wrong",
            expected="keys and values as the YAML reference in README.md describes them",
            got=describe(error),
            advice="correct the option of the command, or the run's tags",
        ) from error
