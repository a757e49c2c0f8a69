"""Where a model was made: Python, machine, versions of libraries, and the version of the code.

Nothing is imported for it, and what cannot be found out is left out: a description must never end a training.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

#: The distributions that decide what a training gives, as they are named when installed.
LIBRARIES = (
    "ml-lifecycle",
    "numpy",
    "pandas",
    "scipy",
    "pyarrow",
    "scikit-learn",
    "lightgbm",
    "xgboost",
    "xgboost-cpu",
    "catboost",
    "optuna",
    "mlflow",
    "dagster",
)
_PACKAGE = "ml-lifecycle"
_GIT_SECONDS = 5.0
#: Folders of installed packages: a repository above them is not the one the package's code comes from.
_INSTALLED = frozenset({"site-packages", "dist-packages"})


@cache
def describe_environment(project_folder: Path | None = None) -> dict[str, str]:
    """Describe where this process runs, once per folder; it is found out at the first call.

    Args:
        project_folder: A folder of the project; the working folder by default.

    Returns:
        `python`, `platform`, `cores`, `library.<name>` for those that are installed, `code` (the package's version,
        with its commit where it runs from a repository) and `project.code` (the commit of the repository that the
        project's folder lies in, where it lies in one). A commit that is followed by `-dirty` had changes.
    """
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": str(_count_cores()),
        **{f"library.{name}": version for name in LIBRARIES if (version := _version(name))},
        "code": _version(_PACKAGE) or "unknown",
    }
    package = Path(__file__).resolve().parent
    if not _INSTALLED.intersection(package.parts) and (commit := describe_commit(package)):
        found["code"] += f"+{commit}"
    if commit := describe_commit((project_folder or Path.cwd()).resolve()):
        found["project.code"] = commit
    return found


def describe_commit(folder: Path) -> str:
    """The commit that is checked out in a folder's repository, with `-dirty` after it where tracked files differ.

    The commit is read from the repository's files, so that it is found without git too; empty without a repository or
    before its first commit.
    """
    root = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)
    commit = _read_commit(root / ".git") if root is not None else ""
    return f"{commit[:12]}-dirty" if commit and root is not None and _is_dirty(root) else commit[:12]


def _read_commit(entry: Path) -> str:
    try:
        if entry.is_file():  # a worktree or submodule: the file says where its folder is
            entry = (entry.parent / entry.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (entry / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head
        return _resolve(entry, head.removeprefix("ref:").strip())
    except OSError:
        return ""


def _resolve(entry: Path, name: str) -> str:
    """The commit of a branch, which a worktree shares with the repository it belongs to."""
    shared = entry / "commondir"
    folders = [entry, *([(entry / shared.read_text().strip()).resolve()] if shared.exists() else [])]
    for folder in folders:
        if (folder / name).exists():
            return (folder / name).read_text().strip()
        packed = folder / "packed-refs"
        lines = packed.read_text().splitlines() if packed.exists() else []
        for line in lines:
            if line.endswith(f" {name}"):
                return line.split()[0]
    return ""


def _is_dirty(root: Path) -> bool:
    """Whether tracked files differ from the commit; no where git cannot be asked."""
    git = shutil.which("git")
    if git is None:
        return False
    command = [git, "-C", str(root), "--no-optional-locks", "status", "--porcelain", "--untracked-files=no"]
    try:
        told = subprocess.run(command, capture_output=True, timeout=_GIT_SECONDS, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return False
    return told.returncode == 0 and bool(told.stdout.strip())


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
