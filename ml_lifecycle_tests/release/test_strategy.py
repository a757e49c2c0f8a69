"""A cleared version goes all at once, or begins beside the champion; one that is not cleared does neither."""

from pathlib import Path

import pytest

from ml_lifecycle.config.release import ApprovalConfig, RolloutConfig
from ml_lifecycle.errors import GateError
from ml_lifecycle.release.approval_policy import judge_approved
from ml_lifecycle.release.approvals import Subject
from ml_lifecycle.release.deployment import Candidate
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import Rollouts
from ml_lifecycle.release.strategy import Released, release_version
from ml_lifecycle.verdict import Verdict
from ml_lifecycle_tests.release import tiny

_GATE = "evaluation.fair"
_CANARY = RolloutConfig(strategy="canary", steps=(0.1,))
_NO_VERSION = "12345"


def _release(
    packaged: Path, version: str, config: RolloutConfig, *, registry: Registry, ledger: Ledger, passed: bool = True
) -> Released:
    candidate = Candidate("tiny", version, load_package(packaged).manifest)
    return release_version(
        candidate,
        {_GATE: Verdict("fair", passed=passed, summary="Said.")},
        config=config,
        target=tiny.predictor().target,
        required=[_GATE],
        lineage=tiny.LINEAGE,
        registry=registry,
        ledger=ledger,
        by="run 1",
        approval=judge_approved(ApprovalConfig(), [], Subject("tiny", version, candidate.manifest.digest)),
    )


def test_the_first_version_goes_all_at_once_and_the_second_by_steps(
    packaged: Path, registry: Registry, run_id: str, ledger: Ledger
) -> None:
    """With nobody to be compared with, a share makes no sense; the champion stays while the second one is tried."""
    first = registry.register("tiny", packaged, run_id=run_id)
    done = _release(packaged, first, _CANARY, registry=registry, ledger=ledger)
    assert (done.rollout, done.deployment.changed, ledger.champion("tiny")) == (None, True, first)
    second = registry.register("tiny", packaged, run_id=run_id)
    for _ in range(2):
        begun = _release(packaged, second, _CANARY, registry=registry, ledger=ledger)
        assert begun.rollout == Rollouts(ledger.url).running("tiny")
        assert (begun.deployment.version, begun.deployment.previous) == (second, first)
    assert begun.said == f"version {second} answers 10% of the callers (canary) while {first} is in production"
    assert ledger.champion("tiny") == first
    progress = Rollouts(ledger.url).progress("tiny")
    assert progress is not None
    assert progress.target == tiny.predictor().target.to_dict()
    assert len(progress.entries) == 1


def test_what_is_not_cleared_answers_nobody(packaged: Path, registry: Registry, ledger: Ledger) -> None:
    """A share of the traffic is production, too."""
    ledger.append("tiny", "1", "champion", by="t")
    with pytest.raises(GateError, match="may not go into production"):
        _release(packaged, _NO_VERSION, _CANARY, registry=registry, ledger=ledger, passed=False)
    assert Rollouts(ledger.url).latest("tiny") is None
