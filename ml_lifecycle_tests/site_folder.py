"""Somebody else's Dagster project in a temporary folder, with the command run in it as a user would.

Tests that need the front door (`e2e`, `real`) share it; it is no test itself.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_PYPROJECT = """
[project]
name = "shop"
version = "0.1"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "shop"
"""

_DEFINITIONS = '''
"""The code location."""
from pathlib import Path

import dagster as dg


@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
'''


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document that `--json` printed: the last line of the output."""
        return json.loads(self.out.strip().splitlines()[-1])

    @property
    def said(self) -> str:
        """Everything a person would have seen, white space folded."""
        return " ".join((self.out + self.err).split())


@dataclass(frozen=True)
class SiteFolder:
    """A Dagster project that has our package installed, and its own state folder."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "SiteFolder":
        """Write the few files that make a folder a Dagster project."""
        (root / "shop" / "defs").mkdir(parents=True)
        (root / "pyproject.toml").write_text(_PYPROJECT, encoding="utf-8")
        (root / "shop" / "__init__.py").write_text("", encoding="utf-8")
        (root / "shop" / "definitions.py").write_text(_DEFINITIONS, encoding="utf-8")
        return cls(root)

    @property
    def home(self) -> Path:
        """The state folder."""
        return self.root / "home"

    def environment(self) -> dict[str, str]:
        """The environment of a command that works here."""
        kept = {
            name: value for name, value in os.environ.items() if name not in {"DAGSTER_HOME", "MLFLOW_TRACKING_URI"}
        }
        paths = os.pathsep.join([str(self.root), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**kept, "ML_LIFECYCLE_HOME": str(self.home), "PYTHONPATH": paths, "COLUMNS": "200"}

    def command(self, *arguments: str) -> list[str]:
        """The command line of `ml-lifecycle`, in the interpreter that runs the tests."""
        return [sys.executable, "-c", "from ml_lifecycle.cli import main; main()", *arguments]

    def call(self, *arguments: str, timeout: float = 600) -> Finished:
        """Run `ml-lifecycle` here and wait for it."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def yaml_path(self, project: str) -> Path:
        """The YAML of a project."""
        return self.root / "shop" / "defs" / project / "defs.yaml"

    def edit(self, project: str, **sections: dict[str, Any]) -> None:
        """Change keys of a project's YAML as a user would: `edit("a", modeling={"search": {"trials": 2}})`."""
        path = self.yaml_path(project)
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        _merge(document["attributes"], sections)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _merge(into: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
