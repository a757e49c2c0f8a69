"""A version that is cleared goes into production all at once, or begins to answer beside the champion.

What clears it lives in `deployment`, what becomes of a rollout in `rollout_steps`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.release.deployment import Candidate, Deployment, deploy, require_cleared
from ml_lifecycle.release.ledger import DIGEST, Ledger
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import TARGET, Rollout, Rollouts
from ml_lifecycle.release.rollout_steps import start_rollout
from ml_lifecycle.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Released:
    """What became of a version that was let into production.

    Args:
        deployment: The record; in a rollout `previous` is the version that stays in production meanwhile.
        rollout: The rollout that it has begun; None where it has all of the traffic.
    """

    deployment: Deployment
    rollout: Rollout | None = None

    @property
    def said(self) -> str:
        """One sentence."""
        record, rollout = self.deployment, self.rollout
        if rollout is None:
            return f"version {record.version} is in production, before it {record.previous}"
        part = f"{rollout.share:.0%} of the callers" if rollout.share > 0 else "nobody, and is compared"
        return f"version {record.version} answers {part} ({rollout.strategy}) while {record.previous} is in production"


def release_version(
    candidate: Candidate,
    verdicts: Mapping[str, Verdict | None],
    *,
    config: RolloutConfig,
    target: Target,
    required: Collection[str],
    lineage: Mapping[str, str],
    registry: Registry,
    ledger: Ledger,
    by: str,
    approval: Verdict,
) -> Released:
    """Let a version into production as the strategy says; the arguments are those of `deploy`.

    The first version of a project has nobody to be compared with and goes all at once. Doing it again changes nothing.

    Args:
        candidate: The registered version.
        verdicts: The latest verdict of each gate.
        config: The strategy.
        target: What is predicted, by which a rollout judges outcomes.
        required: The gates that must have passed.
        lineage: The data versions that those verdicts are about.
        registry: Where the alias moves.
        ledger: Where it is written down.
        by: Who or what decided.
        approval: What `judge_approved` says of this version at this moment.

    Raises:
        GateError: The version is not cleared.
        StateError: Somebody else has changed the version in production meanwhile; MLflow or the database refuses.
    """
    require_cleared(candidate, verdicts, required=required, lineage=lineage, ledger=ledger, approval=approval)
    project, version = candidate.project, candidate.version
    said = {DIGEST: candidate.manifest.digest, "lineage": dict(lineage), TARGET: target.to_dict()}
    rollout = start_rollout(
        project, version, config, ledger=ledger, rollouts=Rollouts(ledger.url), by=by, evidence=said
    )
    if rollout is None:
        return Released(
            deploy(
                candidate,
                verdicts,
                required=required,
                lineage=lineage,
                registry=registry,
                ledger=ledger,
                by=by,
                approval=approval,
            )
        )
    gates = {name: verdict.summary for name, verdict in verdicts.items() if verdict is not None and name in required}
    return Released(_record(candidate, gates, approval, ledger=ledger, by=by), rollout)


def _record(
    candidate: Candidate, gates: Mapping[str, str], approval: Verdict, *, ledger: Ledger, by: str
) -> Deployment:
    """What is told of a version that answers some of the requests; the one in production has not changed."""
    return Deployment(
        project=candidate.project,
        version=candidate.version,
        previous=ledger.champion(candidate.project),
        at=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
        by=by,
        digest=candidate.manifest.digest,
        gates=gates,
        changed=False,
        history=ledger.history_table(candidate.project),
        approvals=_approvals(approval),
    )


def _approvals(approval: Verdict) -> list[Mapping[str, Any]]:
    given = approval.facts.get("approvals")
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
