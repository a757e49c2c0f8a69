"""Back to a version that was in production before, within seconds: the servers ask the ledger and follow by themselves.

The package is proven before anything changes. What a deployment does lives in `deployment`, how a rollout that is under
way is ended in `rollout_steps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.release.ledger import BAD, DIGEST, Entry, Ledger, State
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import Rollouts
from ml_lifecycle.release.rollout_steps import abort_rollout
from ml_lifecycle.release.succession import change_champion


@dataclass(frozen=True, slots=True)
class Rollback:
    """What was rolled back.

    Args:
        project: The project.
        version: The version in production now.
        left: The version that was taken back; None where none was in production.
        at: When, ISO 8601, naive UTC.
        by: Who or what decided.
        why: The reason.
        rollout: The rollout that was ended by it, if one was under way.
    """

    project: str
    version: str
    left: str | None
    at: str
    by: str
    why: str
    rollout: int | None = None


def roll_back(
    project: str,
    *,
    registry: Registry,
    ledger: Ledger,
    by: str,
    why: str = "",
    to: str | None = None,
    rollouts: Rollouts | None = None,
) -> Rollback:
    """Put the last good version into production again, or end the rollout that is under way.

    A new version that answers a part of the traffic is taken back and the champion stays; without a rollout, the
    champion is taken back and the one before it rises, versions that were taken back themselves being passed over.

    Args:
        project: The project.
        registry: Where the packages are and the alias moves.
        ledger: Where it is written down.
        by: Who or what decided.
        why: The reason, for people.
        to: The version to go back to; it must have been in production once.
        rollouts: What is being rolled out; by default, what is in the ledger's database.

    Raises:
        StateError: There is nothing to go back to, `to` never was in production or is so now, or MLflow or the
            database refuses.
        PackageError: The package of the version is damaged or another one than it was. Nothing has changed then.
    """
    rollouts = rollouts or Rollouts(ledger.url)
    current, running = ledger.champion(project), rollouts.running(project)
    at = datetime.now(UTC).replace(tzinfo=None)
    ended = None if running is None else running.rollout
    if running is not None and current is not None and to in {None, current}:
        abort_rollout(project, why or "rolled back", ledger=ledger, rollouts=rollouts, by=by)
        return Rollback(project, current, running.version, _iso(at), by, why, ended)
    history = ledger.history(project)
    target = _known(project, history, current, to) if to is not None else _last_good(project, history, current)
    digest = prove_package(registry, ledger, project, target)
    if running is not None:
        abort_rollout(project, why or "rolled back", ledger=ledger, rollouts=rollouts, by=by)
    said = {"why": why, "previous": current, DIGEST: digest, "rolled_back_from": current}
    lines = [Entry(project, target, State.CHAMPION, by, at, said)]
    if current is not None:
        lines.insert(0, Entry(project, current, State.ROLLED_BACK, by, at, {"why": why, "replaced_by": target}))
    change_champion(lines, current=current, registry=registry, ledger=ledger)
    return Rollback(project, target, current, _iso(at), by, why, ended)


def last_good(history: Sequence[Entry], current: str | None) -> str | None:
    """The version that was in production before; those that were taken back, rejected or have failed do not count.

    Args:
        history: All lines of a project, the oldest first.
        current: The version in production.
    """
    states = {item.version: item.state for item in history}
    risen = [item.version for item in reversed(history) if item.state is State.CHAMPION]
    return next((version for version in risen if version != current and states[version] not in BAD), None)


def prove_package(registry: Registry, ledger: Ledger, project: str, version: str) -> str:
    """Read a version's package as a server would, have it answer its own example, and compare its hash with the ledger.

    Returns:
        The hash of the package.

    Raises:
        PackageError: It is damaged, cannot answer, or is another one than was registered.
        StateError: MLflow or the database refuses.
    """
    package = load_package(registry.fetch(project, version))
    known, found = ledger.digest_of(project, version), package.manifest.digest
    if known is not None and known != found:
        raise PackageError(
            f"the package of version {version} of {project} is another one than was registered",
            expected=f"the hash {known[:12]} of the ledger",
            got=found[:12],
            advice="find out who has replaced it, and name another version",
        )
    answers = package.answer(package.example[list(package.manifest.columns)])
    if len(answers) != len(package.example):
        raise PackageError(
            f"version {version} of {project} does not answer its own example",
            expected=f"{len(package.example)} answers",
            got=str(len(answers)),
            advice="name another version",
        )
    return found


def _last_good(project: str, history: Sequence[Entry], current: str | None) -> str:
    found = last_good(history, current)
    if found is None:
        raise StateError(
            f"there is nothing to go back to in {project}",
            expected="a version that was in production before and was not taken back",
            got=f"only version {current}" if current else "none that ever was in production",
            advice=f"see `ml-lifecycle releases {project}`; a version that was taken back must be named with --to",
        )
    return found


def _known(project: str, history: Sequence[Entry], current: str | None, version: str) -> str:
    """A version that somebody has named: it passed its gates when it went into production, and not otherwise."""
    risen = {item.version for item in history if item.state is State.CHAMPION}
    if version == current or version not in risen:
        others = sorted(risen - {current or ""}, key=lambda item: (len(item), item))
        raise StateError(
            f"version {version} of {project} cannot be gone back to",
            expected=f"one that was in production before: {', '.join(others) or 'there is none'}",
            got="the one that is in production" if version == current else "one that never was",
            advice=f"see `ml-lifecycle releases {project}`; a new version goes through `ml-lifecycle run {project}`",
        )
    return version


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
