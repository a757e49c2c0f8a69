"""Judging one step of a rollout: does the new version get more of the traffic, wait, take over, or go?

The findings come from `rollout_evidence`, the state of a rollout and what is done with the decision from
`release/rollout` and `release/rollout_steps`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

import orjson
import pandas as pd

from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.monitoring.rollout_evidence import (
    FIGURES,
    Finding,
    Pair,
    compare_errors,
    compare_latency,
    compare_losses,
    compare_scores,
)
from ml_lifecycle.parts import Parts
from ml_lifecycle.release.rollout import Progress
from ml_lifecycle.verdict import Fact, Severity, Verdict


class Action(StrEnum):
    """What a step leads to."""

    ADVANCE = "advance"
    HOLD = "hold"
    ROLL_BACK = "roll_back"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a step.

    Args:
        action: What is to be done.
        reason: Why, in one sentence without figures that change with every look.
        findings: The figures behind it.
        verdict: The same as a gate says it.
    """

    action: Action
    reason: str
    findings: tuple[Finding, ...]
    verdict: Verdict

    @property
    def evidence(self) -> dict[str, Any]:
        """The figures in plain JSON; NaN becomes null."""
        plain = {"reason": self.reason, "findings": {item.figure: asdict(item) for item in self.findings}}
        evidence: dict[str, Any] = orjson.loads(orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY))
        return evidence

    def table(self) -> pd.DataFrame:
        """The findings, one row for each figure."""
        return _table(self.findings)


@dataclass(frozen=True, slots=True)
class RolloutStatus:
    """What a look at a rollout has found and done.

    Args:
        events: All lines of the project's rollouts: rollout, version, strategy, step, share, event, at, by, evidence.
        findings: The figures of the step that was judged; empty where no rollout is under way.
        said: What was decided, or why nothing was.
    """

    events: pd.DataFrame
    findings: pd.DataFrame
    said: str

    @classmethod
    def of(cls, events: pd.DataFrame, decision: Decision | None, said: str) -> Self:
        """Put a look on record; without a decision, nothing was judged."""
        return cls(events, _table(()) if decision is None else decision.table(), said)

    def to_parts(self) -> Parts:
        """Two tables and the sentence."""
        return Parts({"events": self.events, "findings": self.findings}, {"said.json": orjson.dumps(self.said)})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the record together again."""
        return cls(parts.tables["events"], parts.tables["findings"], orjson.loads(parts.files["said.json"]))


def judge_step(
    progress: Progress,
    frame: pd.DataFrame,
    *,
    failed: Mapping[str, int],
    champion: str | None,
    target: Target,
    config: RolloutConfig,
    now: datetime,
) -> Decision:
    """rollout_healthy: nothing that was seen in this step speaks against the version that is rolled out.

    A version is rolled back as soon as one figure is worse than tolerated with confidence; over all figures, steps and
    looks, a version that is as good is rolled back with a chance of at most `alpha`. A canary or a shadow goes on once
    it has had its rows and its time without that; an A/B test only once outcomes have shown that it is as good.

    Args:
        progress: The rollout.
        frame: Logged predictions since the step began, of both roles, see `rollout_evidence.Pair`.
        failed: Rows since then that could not be answered, by version.
        champion: The version in production.
        target: What is predicted.
        config: What is tolerated.
        now: The moment of the look, naive UTC.
    """
    state = progress.state
    pair = Pair.of(
        frame, champion=progress.against or "", version=state.version, shadow=state.strategy == "shadow", failed=failed
    )
    findings = _findings(pair, target, config, steps=len(progress.steps))
    action, reason = _decide(progress, pair, findings, champion, config, now)
    return Decision(action, reason, findings, _verdict(progress, pair, findings, action, reason))


def nothing_to_judge(said: str) -> Verdict:
    """rollout_healthy, where no rollout is under way."""
    return Verdict("rollout_healthy", passed=True, severity=Severity.WARN, summary=said, facts={"running": False})


def _table(findings: tuple[Finding, ...]) -> pd.DataFrame:
    kinds = {"str": "object", "float": "float64", "int": "int64", "bool": "bool"}
    columns = {name: kinds[str(item.type)] for name, item in Finding.__dataclass_fields__.items()}
    return pd.DataFrame([asdict(item) for item in findings], columns=list(columns)).astype(columns)


def _findings(pair: Pair, target: Target, config: RolloutConfig, *, steps: int) -> tuple[Finding, ...]:
    alpha = config.alpha / (FIGURES * steps)
    first = config.min_rows
    return (
        compare_errors(pair, limit=config.max_error_increase, alpha=alpha),
        compare_latency(pair, limit=config.max_latency_ratio, alpha=alpha),
        compare_scores(pair, limit=config.max_score_shift, alpha=alpha, first=first),
        compare_losses(pair, target, limit=config.metric_margin, alpha=alpha, first=first),
    )


def _decide(
    progress: Progress,
    pair: Pair,
    findings: tuple[Finding, ...],
    champion: str | None,
    config: RolloutConfig,
    now: datetime,
) -> tuple[Action, str]:
    state, harm = progress.state, [item.figure for item in findings if item.harmful]
    if champion != progress.against:
        return Action.ROLL_BACK, "the version that it was compared with is not in production any more"
    if harm:
        return Action.ROLL_BACK, f"worse than tolerated: {', '.join(harm)}"
    if progress.problem is not None and not (pair.version["logged_at"] > progress.problem.at).any():
        return Action.ROLL_BACK, "a server cannot load the version"
    waits = _waits_for(progress, pair, findings, config, now)
    if not waits:
        last = state.step + 1 >= len(progress.steps)
        return (Action.FINISH, "every step held") if last else (Action.ADVANCE, "the step held")
    if now - progress.since >= timedelta(hours=config.max_hours):
        return Action.ROLL_BACK, f"no verdict within {config.max_hours:g} hours: it still waits for {waits}"
    return Action.HOLD, f"waits for {waits}"


def _waits_for(
    progress: Progress, pair: Pair, findings: tuple[Finding, ...], config: RolloutConfig, now: datetime
) -> str:
    """What a step still lacks; empty if nothing."""
    decided = progress.state.strategy != "ab" or any(item.figure == "loss" and item.harmless for item in findings)
    lacks = {
        f"{config.min_rows} rows": len(pair.version) + pair.failed[1] < config.min_rows,
        f"{config.min_minutes:g} minutes": now - progress.since < timedelta(minutes=config.min_minutes),
        "outcomes that show it is as good": not decided,
    }
    return ", ".join(name for name, lacking in lacks.items() if lacking)


def _verdict(progress: Progress, pair: Pair, findings: tuple[Finding, ...], action: Action, reason: str) -> Verdict:
    state = progress.state
    where = f"Version {state.version}, step {state.step + 1} of {len(progress.steps)} ({state.strategy})"
    harm = [item.said for item in findings if item.harmful]
    facts: dict[str, Fact] = {
        "running": True,
        "version": state.version,
        "strategy": state.strategy,
        "step": state.step,
        "share": state.share,
        "rows": len(pair.version),
        "champion_rows": len(pair.champion),
        "action": action.value,
        **{f"{item.figure}_of_version": item.version for item in findings if math.isfinite(item.version)},
        **{f"{item.figure}_of_champion": item.champion for item in findings if math.isfinite(item.champion)},
    }
    return Verdict(
        gate="rollout_healthy",
        passed=action is not Action.ROLL_BACK,
        severity=Severity.WARN,
        summary=f"{where}: {reason}{': ' if harm else ''}{'; '.join(harm)}.",
        facts=facts,
        advice=f"see `ml-lifecycle rollout {state.project}`; the champion answers all callers again",
    )
