"""`review_project`: everything that the rules find in a project's YAML, its Python and its lists of packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.fitting import find_fitting
from ml_lifecycle.discovery.review.gates import find_gates_off
from ml_lifecycle.discovery.review.imbalance import find_imbalance_in_code, find_imbalance_in_yaml
from ml_lifecycle.discovery.review.packages import find_in_pyproject, find_in_requirements, find_unpinned
from ml_lifecycle.discovery.review.python_file import PythonFile, names_of
from ml_lifecycle.discovery.review.scoring import find_refits
from ml_lifecycle.discovery.review.seeds import find_seeds
from ml_lifecycle.discovery.review.serving import find_serving_differences
from ml_lifecycle.discovery.review.splitting import find_splits_in_code, find_splits_in_yaml
from ml_lifecycle.discovery.review.target_columns import find_target_in_code, find_target_in_yaml
from ml_lifecycle.discovery.review.tuning import find_tuning
from ml_lifecycle.discovery.review.yaml_lines import YamlLines
from ml_lifecycle.errors import ConfigError

_ACCEPTED: Final = re.compile(r"#\s*review: accept (\w+)[,:]?\s+(\S.*)$")
_SKIPPED: Final = names_of("__pycache__ .venv venv node_modules .git site-packages build dist")


@dataclass(frozen=True, slots=True)
class Review:
    """What was found, and what was looked at.

    Args:
        findings: All findings, the surest first.
        files: Files that were looked at.
    """

    findings: tuple[Finding, ...]
    files: tuple[Path, ...]

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The findings that are sure enough, and that nobody has accepted."""
        return tuple(finding for finding in self.findings if finding.shown)


def review_project(
    project: ProjectConfig, *, code: Sequence[Path] = (), class_shares: Mapping[str, float] | None = None
) -> Review:
    """Review a project.

    Args:
        project: The project.
        code: Further Python files, lists of packages, or folders of such.
        class_shares: The share of each class in the newest data, where they are known.

    Raises:
        ConfigError: A path does not exist, or is neither Python nor a list of packages; the YAML cannot be read.
    """
    lines = YamlLines.read(project.folder / "defs.yaml")
    named, missing = _named_functions(project, lines)
    files = sorted({*_files(project.folder), *named, *(file for path in code for file in _given(path))})
    found = [*missing, *_in_yaml(project, lines, class_shares)]
    for path in files:
        found += _in_file(path, project, named.get(path, frozenset()))
    for folder in sorted({project.folder, project.root}):
        found += [item for item in find_unpinned(folder) if item.path not in files]
    settled = sorted(_settle(set(found)), key=lambda item: (-item.confidence, str(item.path), item.line, item.rule))
    return Review(tuple(settled), (lines.path, *files))


def _in_yaml(project: ProjectConfig, lines: YamlLines, shares: Mapping[str, float] | None) -> Iterator[Finding]:
    yield from find_gates_off(project, lines)
    yield from find_splits_in_yaml(project, lines)
    yield from find_imbalance_in_yaml(project, lines, shares)
    yield from find_target_in_yaml(project, lines)


def _in_file(path: Path, project: ProjectConfig, named: frozenset[str]) -> Iterator[Finding]:
    if path.suffix == ".txt":
        yield from find_in_requirements(path)
        return
    if path.suffix == ".toml":
        yield from find_in_pyproject(path)
        return
    try:
        file = PythonFile.read(path)
    except SyntaxError as error:
        yield Finding(Rule.UNREADABLE, path, error.lineno or 1, 95, f"the file is no Python: {error.msg}")
        return
    except (OSError, ValueError, RecursionError) as error:
        yield Finding(Rule.UNREADABLE, path, 1, 95, f"the file cannot be read: {type(error).__name__}: {error}")
        return
    yield from find_tuning(file)
    yield from find_fitting(file)
    yield from find_target_in_code(file, project)
    yield from find_splits_in_code(file, project)
    yield from find_imbalance_in_code(file)
    yield from find_seeds(file)
    yield from find_refits(file)
    yield from find_serving_differences(file, named)


def _named_functions(project: ProjectConfig, lines: YamlLines) -> tuple[dict[Path, frozenset[str]], list[Finding]]:
    """The files of the functions that the YAML names, with the feature functions in them; and what was not found."""
    labeling = project.dataset.labeling.functions if project.dataset.labeling else ()
    named = [(f"features.functions[{place}]", name, True) for place, name in enumerate(project.features.functions)]
    named += [
        (f"dataset.labeling.functions[{place}].python", rule.python, False)
        for place, rule in enumerate(labeling)
        if rule.python
    ]
    found: dict[Path, frozenset[str]] = {}
    missing = []
    for key, reference, makes_features in named:
        module, _, function = reference.partition(":")
        path = _module_path(module, project)
        if path is None:
            what = f"the module {module} of {key} was not found, so it was not reviewed"
            missing.append(Finding(Rule.UNREADABLE, lines.path, lines.line(key), 90, what))
        elif path.suffix == ".py":
            found[path] = found.get(path, frozenset()) | ({function} if makes_features else frozenset())
    return found, missing


def _module_path(module: str, project: ProjectConfig) -> Path | None:
    """The file of a module, found without importing it."""
    search: list[str] | None = None
    for place in (str(project.folder), str(project.root), str(project.root / "src"), None):
        search = [place] if place else None
        spec = None
        for part in module.split("."):
            spec = PathFinder.find_spec(part, search)
            search = list(spec.submodule_search_locations or []) if spec else []
            if spec is None:
                break
        if spec is not None and spec.origin:
            return Path(spec.origin)
    return None


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.py"):
        below = path.relative_to(folder)
        if not _SKIPPED & set(below.parts) and not path.name.startswith(("test_", "conftest")):
            yield path


def _given(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from _files(path)
        yield from (item for item in (*path.glob("requirements*.txt"), path / "pyproject.toml") if item.is_file())
    elif path.is_file() and path.suffix in {".py", ".txt", ".toml"}:
        yield path
    else:
        raise ConfigError(
            "--code cannot be reviewed",
            expected="a Python file, requirements*.txt, pyproject.toml, or a folder of such",
            got=f"{path}{'' if path.exists() else ', which does not exist'}",
            advice="correct the path",
        )


def _settle(findings: set[Finding]) -> Iterator[Finding]:
    """Write down what a comment on the line accepts, with its reason."""
    texts: dict[Path, list[str]] = {}
    for finding in findings:
        if finding.path not in texts:
            texts[finding.path] = _lines_of(finding.path)
        written = texts[finding.path]
        line = written[finding.line - 1] if finding.line <= len(written) else ""
        match = _ACCEPTED.search(line)
        yield replace(finding, accepted=match[2]) if match and match[1] == finding.rule else finding


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
