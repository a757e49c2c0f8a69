"""`YamlLines`: on which line of a project's YAML a key stands. What its values mean is read by `config`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ml_lifecycle.errors import ConfigError

_ATTRIBUTES = "attributes"


@dataclass(frozen=True, slots=True)
class YamlLines:
    """The lines of the keys of one file.

    Args:
        path: The file.
        lines: Line of each dotted key below `attributes`, from 1; items of lists as `sources[0]`.
    """

    path: Path
    lines: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> YamlLines:
        """Read the marks of a file.

        Raises:
            ConfigError: The file cannot be read or is no YAML.
        """
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(
                f"{path} cannot be reviewed", expected="a readable YAML file", got=str(error), advice="mend the file"
            ) from error
        found = cls(path)
        found._walk(root, "")
        return found

    def line(self, key: str) -> int:
        """The line of a key, or of the nearest section around it that is written."""
        while key and key not in self.lines:
            key = key[: key.rfind("[")] if key.endswith("]") else key.rpartition(".")[0]
        return self.lines.get(key, 1)

    def says(self, key: str) -> bool:
        """Whether the file writes this key."""
        return key in self.lines

    def _walk(self, node: yaml.Node | None, key: str) -> None:
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                below = f"{key}.{name.value}" if key else str(name.value)
                below = below.removeprefix(f"{_ATTRIBUTES}.")
                self.lines[below] = name.start_mark.line + 1
                self._walk(value, below)
        elif isinstance(node, yaml.SequenceNode):
            for place, value in enumerate(node.value):
                self.lines[f"{key}[{place}]"] = value.start_mark.line + 1
                self._walk(value, f"{key}[{place}]")
