"""A rollout begins, gets more of the traffic, is held, ends well or is rolled back; the ledger follows.

Everything may be tried again, by two at once too: a step is written once, and what an interrupted one has left undone
in the ledger is done by the next. The state itself lives in `rollout`, what decides in `monitoring/rollout`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.release.ledger import WAITING, Entry, Ledger, State
from ml_lifecycle.release.registry import CHALLENGER, CHAMPION, Registry
from ml_lifecycle.release.rollout import (
    AGAINST,
    PROBLEM,
    REASON,
    STEPS,
    Event,
    Progress,
    Rollout,
    RolloutEntry,
    Rollouts,
)

_ATTEMPTS: Final = 5
#: Evidence of a champion: the version before it, which a rollback goes back to.
_PREVIOUS: Final = "previous"


def shares_of(config: RolloutConfig) -> tuple[float, ...]:
    """The share of the traffic in each step of a strategy; a shadow answers nothing.

    >>> shares_of(RolloutConfig(strategy="canary", steps=(0.1, 0.5))), shares_of(RolloutConfig(strategy="shadow"))
    ((0.1, 0.5), (0.0,))
    """
    plans = {"shadow": (0.0,), "canary": config.steps, "ab": (config.share,), "all_at_once": (1.0,)}
    return plans[config.strategy]


def start_rollout(
    project: str,
    version: str,
    config: RolloutConfig,
    *,
    ledger: Ledger,
    rollouts: Rollouts,
    by: str,
    evidence: Mapping[str, Any] | None = None,
) -> Rollout | None:
    """Let a version begin beside the champion; one that is under way for another version is rolled back first.

    Done again for the same version, it changes nothing.

    Args:
        project: The project.
        version: The version whose gates hold.
        config: The strategy and its steps, which the rollout keeps whatever the YAML says later.
        ledger: Where the version becomes `shadow` or `canary`.
        rollouts: Where the rollout is written down.
        by: Who or what decided.
        evidence: What the deployment would say of it, such as the gates, and under `TARGET` what is predicted.

    Returns:
        The rollout that is under way; None where the version is to be deployed at once: the strategy says so, there is
        no champion to compare it with, or it is champion already.

    Raises:
        StateError: The database refuses.
    """
    mend_ledger(project, ledger=ledger, rollouts=rollouts, by=by)
    champion = ledger.champion(project)
    at_once = config.strategy == "all_at_once" or champion is None or champion == version
    for _ in range(_ATTEMPTS):
        latest = rollouts.latest(project)
        if latest is not None and latest.running:
            if latest.version == version:
                break
            abort_rollout(project, f"replaced by version {version}", ledger=ledger, rollouts=rollouts, by=by)
            continue
        if at_once:
            return None
        shares = shares_of(config)
        number = 1 if latest is None else latest.rollout + 1
        latest = Rollout(project, number, 0, version, config.strategy, 0, shares[0], Event.STARTED)
        said = {STEPS: list(shares), AGAINST: champion, **(evidence or {})}
        if rollouts.append(RolloutEntry(latest, by, evidence=said)):
            break
    if at_once:
        return None  # deployed, it is champion; the next look ends its rollout
    state = rollouts.running(project)
    if state is None or state.version != version:
        raise _overtaken(project, version)
    _settle(state, State.SHADOW if state.share <= 0 else State.CANARY, ledger, by, {"rollout": state.rollout})
    return state


def advance_rollout(
    state: Rollout, *, rollouts: Rollouts, by: str, evidence: Mapping[str, Any] | None = None
) -> Rollout:
    """Go on to the next step. Who is too late is given what the rollout has become instead.

    Args:
        state: What was judged.
        rollouts: Where it is written down.
        by: Who or what decided.
        evidence: On what grounds.

    Raises:
        StateError: There is no further step: it is to be finished; or the database refuses.
    """
    progress = _progress(rollouts, state)
    if progress.state != state:
        return progress.state
    after = state.step + 1
    if after >= len(progress.steps):
        raise StateError(
            f"rollout {state.rollout} of {state.project} has no further step",
            expected=f"a step before {len(progress.steps)}",
            got=str(after),
            advice="finish it",
        )
    return _write(rollouts, replace(state, step=after, share=progress.steps[after], event=Event.ADVANCED), by, evidence)


def hold_rollout(
    state: Rollout, reason: str, *, rollouts: Rollouts, by: str, evidence: Mapping[str, Any] | None = None
) -> Rollout:
    """Say that it stays where it is; the same reason is written once, however often it is found.

    Args:
        state: What was judged.
        reason: Why, without figures that change with every look.
        rollouts: Where it is written down.
        by: Who or what decided.
        evidence: On what grounds.

    Raises:
        StateError: The database refuses.
    """
    progress = _progress(rollouts, state)
    last = progress.entries[-1]
    if progress.state != state or (state.event is Event.HELD and last.evidence.get(REASON) == reason):
        return progress.state
    return _write(rollouts, replace(state, event=Event.HELD), by, {REASON: reason, **(evidence or {})})


def note_problem(rollouts: Rollouts, state: Rollout, problem: str, *, by: str) -> None:
    """Write down that a server cannot load the version; once per step, for each of many servers finds it.

    Raises:
        StateError: The database refuses.
    """
    progress = _progress(rollouts, state)
    if progress.state.running and progress.problem is None:
        said = {REASON: "a server cannot load the version", PROBLEM: problem}
        _write(rollouts, replace(progress.state, event=Event.HELD), by, said)


def finish_rollout(
    state: Rollout,
    *,
    registry: Registry,
    ledger: Ledger,
    rollouts: Rollouts,
    by: str,
    evidence: Mapping[str, Any] | None = None,
) -> Rollout:
    """Make the version champion: the aliases, the ledger, then the rollout's end.

    In this order a server that looks in between sees the old champion with the rollout, or the new champion: both are
    right. Whoever repeats it after an interruption completes it.

    Raises:
        StateError: The rollout was rolled back in the meantime; or MLflow or the database refuses.
    """
    now = _progress(rollouts, state).state
    if now.event is Event.ROLLED_BACK:
        raise _overtaken(state.project, state.version)
    previous = ledger.champion(state.project)
    _crown(state, state.version, previous, registry, ledger, by, evidence or {})
    if not now.running:
        return now
    ended = _write(rollouts, replace(now, event=Event.FINISHED), by, evidence)
    if ended.event is Event.ROLLED_BACK and previous is not None:  # a person was quicker, and has the last word
        _crown(state, previous, state.version, registry, ledger, by, {REASON: "rolled back while it was finished"})
    return ended


def abort_rollout(
    project: str,
    reason: str,
    *,
    ledger: Ledger,
    rollouts: Rollouts,
    by: str,
    evidence: Mapping[str, Any] | None = None,
) -> Rollout | None:
    """Give all callers back to the champion, first of all; then say so in the ledger.

    Args:
        project: The project.
        reason: Why, for people.
        ledger: Where the version becomes `rolled_back`.
        rollouts: Where it is written down.
        by: Who or what decided.
        evidence: On what grounds.

    Returns:
        The rollout as it has ended; None if none was under way.

    Raises:
        StateError: The database refuses.
    """
    mend_ledger(project, ledger=ledger, rollouts=rollouts, by=by)  # what is champion by now is not taken back here
    said = {REASON: reason, **(evidence or {})}
    for _ in range(_ATTEMPTS):
        state = rollouts.latest(project)
        if state is None:
            return None
        if not state.running:
            return state
        ended = replace(state, number=state.number + 1, event=Event.ROLLED_BACK)
        if rollouts.append(RolloutEntry(ended, by, evidence=said)):  # of many who try, one writes the ledger
            _settle(ended, State.ROLLED_BACK, ledger, by, {"rollout": ended.rollout, **said})
            return ended
    raise _overtaken(project, "")


def mend_ledger(project: str, *, ledger: Ledger, rollouts: Rollouts, by: str) -> None:
    """Bring the ledger to what the last rollout has come to, where a process died between the two.

    Raises:
        StateError: The database refuses.
    """
    state = rollouts.latest(project)
    if state is None or state.event is Event.FINISHED:
        return
    if state.event is Event.ROLLED_BACK:
        if ledger.state_of(project, state.version) in {State.SHADOW, State.CANARY}:
            _settle(state, State.ROLLED_BACK, ledger, by, {"rollout": state.rollout})
    elif ledger.champion(project) == state.version:
        _write(rollouts, replace(state, event=Event.FINISHED), by, {REASON: "it is champion already"})


def _crown(
    state: Rollout,
    version: str,
    previous: str | None,
    registry: Registry,
    ledger: Ledger,
    by: str,
    evidence: Mapping[str, Any],
) -> None:
    """Make a version champion in place of another one, in MLflow and in the ledger; once."""
    registry.set_alias(state.project, CHAMPION, version)
    if registry.version_of(state.project, CHALLENGER) == version:
        registry.drop_alias(state.project, CHALLENGER)
    if ledger.champion(state.project) == version:
        return
    at = datetime.now(UTC).replace(tzinfo=None)
    gone = State.RETIRED if version == state.version else State.ROLLED_BACK
    said = {_PREVIOUS: previous, "rollout": state.rollout, **evidence}
    risen = Entry(state.project, version, State.CHAMPION, by, at, said)
    retired = [Entry(state.project, previous, gone, by, at, {"replaced_by": version})] if previous else []
    ledger.succeed([*retired, risen], champion=previous)


def _settle(state: Rollout, wanted: State, ledger: Ledger, by: str, evidence: Mapping[str, Any]) -> None:
    """Write a version's state in the ledger, once."""
    found = ledger.state_of(state.project, state.version)
    if found in WAITING:  # of many who try, the ledger takes the first one's word
        ledger.advance(state.project, state.version, wanted, by=by, evidence=evidence)
    elif found != wanted:
        ledger.append(state.project, state.version, wanted, by=by, evidence=evidence)


def _progress(rollouts: Rollouts, state: Rollout) -> Progress:
    progress = rollouts.progress(state.project, state.rollout)
    if progress is None:
        raise _overtaken(state.project, state.version)
    return progress


def _write(rollouts: Rollouts, state: Rollout, by: str, evidence: Mapping[str, Any] | None) -> Rollout:
    """The next line; what it is in truth, if somebody else was quicker."""
    following = replace(state, number=state.number + 1)
    if rollouts.append(RolloutEntry(following, by, evidence=dict(evidence or {}))):
        return following
    return _progress(rollouts, state).state


def _overtaken(project: str, version: str) -> StateError:
    return StateError(
        f"the rollout of {project} was changed by somebody else at the same time",
        expected=f"version {version} under way" if version else "a rollout that stands still for a moment",
        got="another state",
        advice=f"see `ml-lifecycle rollout {project}`, then try again",
    )
