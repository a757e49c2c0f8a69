"""The candidate that waits to be deployed, and what it still waits for."""

from dataclasses import dataclass

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.gate_records import gate_verdicts
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS, runs_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate that may be deployed now, or the reason why there is none."""

    version: str | None
    reason: str
    approved_at: str = ""


def waiting_candidate(instance: dg.DagsterInstance, project: ProjectConfig) -> Waiting:
    """The registered candidate, if its gates hold, it is approved and no run of the project is under way."""
    candidate = Workspace(project).ledger.candidate(project.name)
    if candidate is None:
        return Waiting(None, "no candidate waits")
    running = [run for verb in ("lifecycle", "retrain", "rollout") for run in runs_of(instance, project, verb)]
    if any(run.status in IN_PROGRESS for run in running):
        return Waiting(None, f"version {candidate} waits for the run that is under way")
    verdicts = gate_verdicts(instance, project)
    failed = [verdict.gate for verdict in verdicts.values() if verdict is not None and verdict.blocks]
    missing = [gate for gate, verdict in verdicts.items() if verdict is None]
    if failed or missing:
        return Waiting(None, f"version {candidate} may not be deployed: failed {failed}, missing {missing}")
    approval = judge_waiting(project, candidate)
    if not approval.passed:
        return Waiting(None, f"version {candidate} waits for its approval. {approval.summary}")
    return Waiting(candidate, f"version {candidate} waits and its gates hold", _spoken(approval))


def judge_waiting(project: ProjectConfig, version: str) -> Verdict:
    """Whether a registered version is approved at this moment."""
    from ml_lifecycle.release.approval_policy import judge_approved
    from ml_lifecycle.release.approvals import Subject

    workspace = Workspace(project)
    subject = Subject(project.name, version, workspace.ledger.digest_of(project.name, version) or "")
    return judge_approved(project.release.approval, workspace.approvals.words(project.name, version), subject)


def _spoken(approval: Verdict) -> str:
    """When the last approval was given: after a new one the version may be tried anew. Empty where none is needed."""
    given = approval.facts.get("approvals")
    times = [str(item["at"]) for item in given if isinstance(item, dict)] if isinstance(given, list) else []
    return max(times, default="")
