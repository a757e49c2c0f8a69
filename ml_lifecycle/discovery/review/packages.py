"""Packages that may come in another version next time: requirements*.txt and pyproject.toml beside the code."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ml_lifecycle.discovery.review.finding import Finding, Rule

_LOCKS: Final = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.lock",
    "pixi.lock",
    "conda-lock.yml",
    "pylock.toml",
)
_NAME = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$")
_REVISION = re.compile(r"@[0-9A-Za-z][\w.-]*(?:#.*)?$")


def find_unpinned(folder: Path) -> Iterator[Finding]:
    """Find packages without a version or an upper bound in the lists that lie in a folder."""
    locked = any((folder / name).is_file() for name in _LOCKS)
    for path in sorted({*folder.glob("requirements*.txt"), *folder.glob("requirements/*.txt")}):
        yield from find_in_requirements(path, locked=locked)
    if (folder / "pyproject.toml").is_file():
        yield from find_in_pyproject(folder / "pyproject.toml", locked=locked)


def find_in_requirements(path: Path, *, locked: bool = False) -> Iterator[Finding]:
    """Find them in one file of pip's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield Finding(Rule.UNREADABLE, path, 1, 95, f"the file cannot be read: {error}")
        return
    locked = locked or bool(re.search(r"^(?:-c|--constraint)\b", text, re.MULTILINE))
    for number, line in enumerate(text.splitlines(), 1):
        said = line.split(" #")[0].split(" --hash")[0].strip().rstrip("\\").strip()
        if not said or said.startswith(("#", "-")):
            continue
        yield from _judge(path, number, said, locked=locked, loose=84)


def find_in_pyproject(path: Path, *, locked: bool = False) -> Iterator[Finding]:
    """Find them in the dependencies of a project; a library's lower bounds alone are its custom."""
    try:
        text = path.read_text(encoding="utf-8")
        told = tomllib.loads(text)
    except (OSError, ValueError) as error:
        yield Finding(Rule.UNREADABLE, path, 1, 95, f"the file cannot be read: {error}")
        return
    for name in told.get("project", {}).get("dependencies", ()):
        yield from _judge(path, _line_of(text, str(name)), str(name), locked=locked, loose=60)
    poetry: dict[str, Any] = told.get("tool", {}).get("poetry", {}).get("dependencies", {})
    for name, version in poetry.items():
        wanted = version.get("version", "") if isinstance(version, dict) else str(version)
        if name != "python" and wanted.strip() == "*":
            yield _found(path, _line_of(text, name), 55 if locked else 90, f"{name} may have any version")


def _judge(path: Path, line: int, said: str, *, locked: bool, loose: int) -> Iterator[Finding]:
    said = said.split(";", maxsplit=1)[0].strip()
    match = _NAME.match(said)
    if match is None or said.startswith((".", "/")):
        return
    name, wanted = match[1], match[2].strip()
    if wanted.startswith("@") or "://" in said:
        if "git+" in said and not _REVISION.search(said.rpartition("://")[2].partition("/")[2]):
            yield _found(path, line, 55 if locked else 88, f"{name} is the newest state of a branch")
        return
    if not wanted:
        yield _found(path, line, 50 if locked else 92, f"{name} may have any version")
    elif not any(sign in wanted for sign in ("==", "~=", "<")) or re.search(r"==\s*\*", wanted):
        yield _found(path, line, 40 if locked else loose, f"{name} has no upper bound ({wanted})")


def _found(path: Path, line: int, confidence: int, what: str) -> Finding:
    return Finding(Rule.UNPINNED_PACKAGES, path, line, confidence, what)


def _line_of(text: str, part: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if part in line), 1)
