"""One look at the rollout of a project: the evidence is read, the step is judged, and what was decided is done.

How it is judged lives in `rollout`, what the steps are in `release/rollout_steps`. To look may be repeated, and by two
at once: what one has done the other finds done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.monitoring.rollout import Action, Decision, judge_step
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import REASON, Progress, Rollout, Rollouts
from ml_lifecycle.release.rollout_steps import (
    abort_rollout,
    advance_rollout,
    finish_rollout,
    hold_rollout,
)
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.routing import CANARY, CHAMPION, SHADOW

_ROLES: Final = (CHAMPION, CANARY, SHADOW)


@dataclass(frozen=True, slots=True)
class Look:
    """What was decided about a step.

    Args:
        progress: The rollout as it was found.
        decision: What is to be done with it.
    """

    progress: Progress
    decision: Decision

    @property
    def new(self) -> bool:
        """Whether anything is to be done or said: one that is held for the same reason as before is not."""
        return self.decision.action is not Action.HOLD or self.decision.reason != self._said

    @property
    def _said(self) -> str | None:
        since = self.progress.since
        held = [item.evidence.get(REASON) for item in self.progress.entries if item.at >= since]
        return held[-1] if held else None


def look_at_rollout(
    config: ProjectConfig,
    *,
    registry: Registry,
    ledger: Ledger,
    rollouts: Rollouts,
    log: PredictionLog,
    now: datetime | None = None,
) -> Look | None:
    """Judge the step that is under way on what was logged since it began; nothing is changed.

    Args:
        config: The project.
        registry: Where the package is that says what is predicted, where the rollout does not say.
        ledger: Who is champion.
        rollouts: What is rolled out.
        log: What was answered, and what turned out to be true.
        now: The moment of the look, naive UTC.

    Returns:
        None if no rollout is under way.

    Raises:
        StateError: A database refuses.
    """
    running = rollouts.running(config.name)
    champion = ledger.champion(config.name)
    progress = None if running is None else rollouts.progress(config.name, running.rollout)
    if progress is None or not progress.state.running or progress.state.version == champion:
        return None
    failures = log.failure_frame(config.name, progress.since)
    failed = failures[failures["role"].isin(_ROLES)].groupby("model_version")["rows"].sum()
    decision = judge_step(
        progress,
        answered_online(log.evidence_frame(config.name, progress.since, _ROLES)),
        failed={str(version): int(rows) for version, rows in failed.items()},
        champion=champion,
        target=_target(config.name, progress, registry),
        config=config.release.rollout,
        now=now or datetime.now(UTC).replace(tzinfo=None),
    )
    return Look(progress, decision)


def answered_online(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that callers have sent: batches are the champion's alone, and may be of other rows.

    A batch names predictions by their rows, so that each is made once; a server gives a new name to each.

    Args:
        frame: Logged predictions with `prediction_id`.
    """
    return frame[frame["prediction_id"].astype("str").str.contains("-", regex=False)]  # a UUID; the others are digests


def act_on(look: Look, *, registry: Registry, ledger: Ledger, rollouts: Rollouts, by: str) -> Rollout:
    """Do what was decided: servers follow within two seconds.

    Returns:
        What the rollout is now.

    Raises:
        StateError: Somebody else has ended it meanwhile; MLflow or the database refuses.
    """
    state, decision, evidence = look.progress.state, look.decision, look.decision.evidence
    if decision.action is Action.ADVANCE:
        return advance_rollout(state, rollouts=rollouts, by=by, evidence=evidence)
    if decision.action is Action.FINISH:
        return finish_rollout(state, registry=registry, ledger=ledger, rollouts=rollouts, by=by, evidence=evidence)
    if decision.action is Action.ROLL_BACK:
        current = rollouts.running(state.project)
        if current is not None and current.rollout == state.rollout:
            abort_rollout(state.project, decision.reason, ledger=ledger, rollouts=rollouts, by=by, evidence=evidence)
        return rollouts.latest(state.project) or state
    return hold_rollout(state, decision.reason, rollouts=rollouts, by=by, evidence=evidence)


def _target(project: str, progress: Progress, registry: Registry) -> Target:
    if progress.target is not None:
        return Target.from_dict(progress.target)
    return load_package(registry.fetch(project, progress.state.version)).predictor.target
