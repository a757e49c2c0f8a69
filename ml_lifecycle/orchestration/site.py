"""A site: the folder that holds projects, the code location that loads them, the state folder and Dagster's instance.

The command works on a site; Dagster's own commands find the same one through dagster.yaml and workspace.yaml. What
runs on a site lives in `runs`.
"""

import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from pydantic import ValidationError

import ml_lifecycle
from ml_lifecycle.config.home import Home
from ml_lifecycle.config.loading import describe
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.orchestration.component import LifecycleComponent

_DAGSTER_HOME = "DAGSTER_HOME"
_RELATIVE_STATE = "data/home/dagster"
_PACKAGE = Path(ml_lifecycle.__file__).parent


@dataclass(frozen=True)
class Site:
    """Where projects lie and what loads them.

    Args:
        root: The folder with pyproject.toml.
        module: The Python package whose `defs` folder holds the projects.
        package: The folder of that package.
    """

    root: Path
    module: str
    package: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Site":
        """The Dagster project around `start` (the current folder), else the one that this package lies in."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            module = _root_module(folder / "pyproject.toml")
            if module is not None:
                for base in (folder / "src", folder):
                    package = base.joinpath(*module.split("."))
                    if package.is_dir():
                        _make_importable(module, base)
                        return cls(folder, module, package)
        return cls(_PACKAGE.parent, "ml_lifecycle", _PACKAGE)

    @property
    def defs_folder(self) -> Path:
        """The folder of the projects."""
        return self.package / "defs"

    @cached_property
    def home(self) -> Home:
        """The state folder."""
        return Home.find(self.root)

    @cached_property
    def projects(self) -> dict[str, ProjectConfig]:
        """All lifecycle projects by name, as their YAML describes them.

        Raises:
            ConfigError: A project's YAML is wrong; the message names file, line and key.
        """
        tree = dg.ComponentTree.for_project(self.package)
        found = {}
        for path in sorted(self.defs_folder.glob("**/defs.yaml")):
            component = _load(tree, path)
            if isinstance(component, LifecycleComponent):
                project = component.project(path.parent, self.root)
                found[project.name] = project
        return found

    def project(self, name: str) -> ProjectConfig:
        """One project by name.

        Raises:
            ConfigError: There is none of that name.
        """
        found = self.projects.get(name)
        if found is None:
            raise ConfigError(
                f"there is no project {name!r}",
                expected=f"one of {sorted(self.projects)} in {self.defs_folder}",
                got=name,
                advice=f"make it with `ml-lifecycle init {name} --data FILE`",
            )
        return found

    @property
    def code_location(self) -> str:
        """The module that Dagster loads."""
        return f"{self.module}.definitions"

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The definitions of the code location."""
        found: Any = import_module(self.code_location).defs
        loaded: dg.Definitions = found() if callable(found) else found
        return loaded

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's instance: that of DAGSTER_HOME, else the one in the state folder that dagster.yaml describes.

        Raises:
            StateError: Its storage cannot be opened.
        """
        self.settle_environment()
        try:
            instance = dg.DagsterInstance.get()
        except OSError as error:
            raise StateError(
                "Dagster's storage cannot be opened",
                expected=f"a writable {os.environ[_DAGSTER_HOME]}",
                got=f"{type(error).__name__}: {error}",
                advice="mend the folder's permissions or free space",
            ) from error
        with instance:
            yield instance

    def settle_environment(self) -> None:
        """Make the state folder and point Dagster at it, unless DAGSTER_HOME says otherwise already."""
        self.home.create()
        if os.environ.get(_DAGSTER_HOME):
            return
        _write_instance_settings(self.root / "dagster.yaml", self.home.dagster)
        os.environ[_DAGSTER_HOME] = str(self.home.dagster)


def _root_module(pyproject: Path) -> str | None:
    if not pyproject.is_file():
        return None
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    module = settings.get("tool", {}).get("dg", {}).get("project", {}).get("root_module")
    return module if isinstance(module, str) else None


def _make_importable(module: str, base: Path) -> None:
    """A project need not be installed for the command to work in its folder."""
    if find_spec(module.split(".", maxsplit=1)[0]) is None:
        sys.path.insert(0, str(base))


def _load(tree: dg.ComponentTree, path: Path) -> object:
    try:
        return tree.load_component(path.parent)
    except Exception as error:
        cause = error.__cause__
        said = describe(cause) if isinstance(cause, ValidationError) else str(cause or error).strip()
        raise ConfigError(
            f"{path} cannot be loaded",
            expected="a project as the YAML reference in README.md describes it",
            got=said,
            advice="correct the key that is named; `dg check yaml` shows the same with line numbers",
        ) from error


def _write_instance_settings(template: Path, target: Path) -> None:
    """Write dagster.yaml for the state folder: the site's own with absolute paths, so that both name one storage."""
    text = template.read_text(encoding="utf-8") if template.is_file() else yaml.safe_dump(_settings())
    settings = _absolute(yaml.safe_load(text), str(target))
    written = target / "dagster.yaml"
    said = "# Made by ml-lifecycle from the dagster.yaml beside pyproject.toml; changes here are overwritten.\n"
    said += yaml.safe_dump(settings, sort_keys=False)
    if not written.is_file() or written.read_text(encoding="utf-8") != said:
        written.write_text(said, encoding="utf-8")


def _settings() -> dict[str, Any]:
    return {
        "storage": {
            "custom": {
                "module": "ml_lifecycle.orchestration.instance_storage",
                "class": "SqliteStorage",
                "config": {"base_dir": _RELATIVE_STATE},
            }
        },
        "concurrency": {"pools": {"granularity": "run", "default_limit": 1}},
        "telemetry": {"enabled": False},
    }


def _absolute(value: Any, target: str) -> Any:
    if isinstance(value, dict):
        return {key: _absolute(item, target) for key, item in value.items()}
    if isinstance(value, list):
        return [_absolute(item, target) for item in value]
    if isinstance(value, str) and value.startswith(_RELATIVE_STATE):
        return target + value.removeprefix(_RELATIVE_STATE)
    return value
