"""The description of the environment is complete, quick, and never fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ml_lifecycle.modeling.environment import describe_commit, describe_environment


def _git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    _git(tmp_path, "add", "a.txt")
    _git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_versions_and_machine_are_named() -> None:
    """All values are text, as tags and parameters must be."""
    found = describe_environment()
    assert {"python", "platform", "cores", "library.numpy", "library.lightgbm", "code"} <= set(found)
    assert all(isinstance(value, str) and value for value in found.values())
    assert describe_environment() is found


def test_the_commit_is_found_from_any_folder(repository: Path) -> None:
    """Changes of tracked files make it dirty; new files do not."""
    commit = _git(repository, "rev-parse", "HEAD")[:12]
    below = repository / "deep" / "er"
    below.mkdir(parents=True)
    (below / "new.txt").write_text("b")
    assert describe_commit(below) == commit
    (repository / "a.txt").write_text("changed")
    assert describe_commit(below) == f"{commit}-dirty"
    assert describe_environment(below)["project.code"] == f"{commit}-dirty"


def test_worktrees_packed_and_detached_heads_are_read(repository: Path, tmp_path: Path) -> None:
    """Wherever git keeps the commit."""
    commit = _git(repository, "rev-parse", "HEAD")[:12]
    other = tmp_path / "other"
    _git(repository, "worktree", "add", "-q", "-b", "side", str(other))
    assert describe_commit(other) == commit
    _git(repository, "pack-refs", "--all")
    assert describe_commit(other) == describe_commit(repository) == commit
    _git(repository, "checkout", "-q", "--detach")
    assert describe_commit(repository) == commit


def test_without_git_the_commit_is_still_found(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only whether files were changed is then not known."""
    monkeypatch.setenv("PATH", "")
    (repository / "a.txt").write_text("changed")
    assert len(describe_commit(repository)) == 12


def test_no_repository_is_no_error(tmp_path: Path) -> None:
    """Nor is one without a commit, or a broken one."""
    assert describe_commit(tmp_path) == ""
    assert "project.code" not in describe_environment(tmp_path)
    (tmp_path / ".git").write_text("gitdir: nowhere")
    assert describe_commit(tmp_path) == ""
    (tmp_path / ".git").unlink()
    _git(tmp_path, "init", "-q")
    assert describe_commit(tmp_path) == ""
