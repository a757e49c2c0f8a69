"""What a decision to retrain is made from and what it says: findings, checks, the decision itself.

How it is made lives in `retraining`. The findings are written by the assets of drift and performance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from ml_lifecycle.config.retraining import RetrainConfig

DRIFT: Final = "drift"
PERFORMANCE: Final = "performance"
CONCEPT_DRIFT: Final = "concept_drift"

#: `retrain`; `warn` where people should look, but no retraining starts; `wait` where nothing is to be done.
Action: TypeAlias = Literal["retrain", "warn", "wait"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What monitoring has found in one window.

    Args:
        window: Name of the window; names sort by time.
        model_version: The version whose predictions were judged.
        drifted: Whether drift was found.
        performance_lost: Whether lost performance was found.
        summary: In words.
        concept_drift: Whether the losses say that the relation between inputs and target has changed.
        estimated: Whether performance was judged without outcomes.
        severity: How far the worst figure is beyond its limit, as a multiple of the limit.
        rows: Predictions of the window.
        labelled: Those whose outcome was known.
    """

    window: str
    model_version: str
    drifted: bool = False
    performance_lost: bool = False
    summary: str = ""
    concept_drift: bool = False
    estimated: bool = False
    severity: float = 0.0
    rows: int = 0
    labelled: int = 0

    def causes(self, config: RetrainConfig) -> frozenset[str]:
        """What of it counts, by the project's YAML."""
        found = {DRIFT: self.drifted, PERFORMANCE: self.performance_lost, CONCEPT_DRIFT: self.concept_drift}
        return frozenset(name for name, true in found.items() if true and name in config.triggers)


class Check(NamedTuple):
    """One condition of a retraining: whether it lets one start, and what was found."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to train again, and why.

    Args:
        retrain: The decision.
        reason: In words, for a person.
        trigger: Its reasons joined by `+`, such as `drift+performance`; None if there is no retraining.
        run_key: Names project, version, window and attempt: the same decision twice is one run.
        finding: `<model version>:<window>`, by which later decisions know that it is being handled.
        action: What follows.
        priority: Place in Dagster's queue.
        checks: Every condition that was looked at; the first that has not passed is the reason against.
    """

    retrain: bool
    reason: str
    trigger: str | None = None
    run_key: str | None = None
    finding: str | None = None
    action: Action = "wait"
    priority: int = 0
    checks: tuple[Check, ...] = ()
