"""Deployment: no version goes into production whose gates have not all passed for exactly that version."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.release import ApprovalConfig
from ml_lifecycle.errors import GateError, PackageError
from ml_lifecycle.parts import Parts
from ml_lifecycle.release.approval_policy import judge_approved
from ml_lifecycle.release.approvals import Subject
from ml_lifecycle.release.deployment import Candidate, Deployment, deploy, judge_gates_hold, require_cleared
from ml_lifecycle.release.ledger import Ledger, State
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.verdict import Severity, Verdict
from ml_lifecycle_tests.release import tiny

_REQUIRED = ("evaluation.fair", "model_package.loads_elsewhere")


def _approved(candidate: Candidate, **changes: object) -> Verdict:
    """What an automatic policy says of a version."""
    subject = Subject("tiny", candidate.version, candidate.manifest.digest)
    return replace(judge_approved(ApprovalConfig(), [], subject), **changes)


def _verdicts(**changes: Verdict | None) -> dict[str, Verdict | None]:
    passed: dict[str, Verdict | None] = {
        gate: Verdict(gate.split(".")[1], passed=True, summary="Fine.") for gate in _REQUIRED
    }
    return passed | {name.replace("__", "."): verdict for name, verdict in changes.items()}


@pytest.fixture
def candidate(packaged: Path) -> Candidate:
    """A version that may become champion."""
    return Candidate("tiny", "1", load_package(packaged).manifest)


def test_a_candidate_survives_being_stored(candidate: Candidate) -> None:
    """It is the value of an asset."""
    assert Candidate.from_parts(candidate.to_parts()) == candidate
    with pytest.raises(PackageError, match=r"candidate\.json"):
        Candidate.from_parts(Parts())


def test_all_gates_passed_for_this_version(candidate: Candidate) -> None:
    """A gate that only warns does not hinder."""
    warning = Verdict("fair", passed=False, summary="Nearly.", severity=Severity.WARN)
    for verdicts in (_verdicts(), _verdicts(evaluation__fair=warning)):
        verdict = judge_gates_hold(candidate, verdicts, required=_REQUIRED, lineage=tiny.LINEAGE)
        assert (verdict.gate, verdict.passed) == ("gates_hold_for_this_version", True)


@pytest.mark.parametrize(
    ("verdicts", "lineage", "told"),
    [
        (_verdicts(evaluation__fair=None), tiny.LINEAGE, "missing: evaluation.fair"),
        ({}, tiny.LINEAGE, "missing: evaluation.fair, model_package.loads_elsewhere"),
        (
            _verdicts(evaluation__fair=Verdict("fair", passed=False, summary="A gap of 0.4.")),
            tiny.LINEAGE,
            "A gap of 0.4",
        ),
        (_verdicts(), {**tiny.LINEAGE, "tuned_model": "t2"}, "tuned_model"),
        (_verdicts(), {}, "raw_data, tuned_model"),
    ],
)
def test_a_missing_failed_or_foreign_verdict_refuses_and_changes_nothing(
    candidate: Candidate,
    verdicts: dict[str, Verdict | None],
    lineage: dict[str, str],
    told: str,
    *,
    registry: Registry,
    ledger: Ledger,
) -> None:
    """The error names the gate, or the asset that was judged in another version."""
    with pytest.raises(GateError, match=told):
        deploy(
            candidate,
            verdicts,
            required=_REQUIRED,
            lineage=lineage,
            registry=registry,
            ledger=ledger,
            by="r",
            approval=_approved(candidate),
        )
    assert ledger.history("tiny") == []


@pytest.mark.parametrize(
    ("approval", "told"),
    [
        ({"passed": False, "summary": "Nobody has approved it."}, "Nobody has approved it"),
        ({"facts": {"version": "2"}}, "another one's"),
        ({"facts": {"version": "1", "digest": "f" * 64}}, "another one's"),
    ],
)
def test_without_an_approval_of_exactly_this_version_it_is_refused(
    candidate: Candidate, approval: dict[str, object], told: str, *, registry: Registry, ledger: Ledger
) -> None:
    """Lacking, of another version, or of another package; nothing changes then."""
    said = {"required": _REQUIRED, "lineage": tiny.LINEAGE, "registry": registry, "ledger": ledger, "by": "r"}
    with pytest.raises(GateError, match=told):
        deploy(candidate, _verdicts(), **said, approval=_approved(candidate, **approval))
    assert ledger.history("tiny") == []


@pytest.mark.parametrize("state", ["rolled_back", "rejected", "failed"])
def test_a_version_that_was_taken_back_does_not_come_in_by_the_front(
    candidate: Candidate, state: str, *, ledger: Ledger
) -> None:
    """A lifecycle that runs once more would otherwise undo every rollback."""
    ledger.append("tiny", "1", state, by="ann")
    said = {"required": _REQUIRED, "lineage": tiny.LINEAGE, "ledger": ledger}
    with pytest.raises(GateError, match=f"got one that is {state}"):
        require_cleared(candidate, _verdicts(), **said, approval=_approved(candidate))


def test_to_require_nothing_is_no_way_in(candidate: Candidate) -> None:
    """Else an empty list of gates would open the door."""
    assert not judge_gates_hold(candidate, _verdicts(), required=(), lineage=tiny.LINEAGE).passed


@given(
    st.sets(st.sampled_from(["a.1", "b.2", "c.3"]), min_size=1),
    st.dictionaries(st.sampled_from(["a.1", "b.2"]), st.booleans()),
)
def test_it_passes_only_if_every_required_gate_did(required: set[str], given_verdicts: dict[str, bool]) -> None:
    """Whatever is required and whatever was said."""
    manifest = _manifest()
    verdicts: dict[str, Verdict | None] = {
        name: Verdict(name, passed=passed, summary="said") for name, passed in given_verdicts.items()
    }
    judged = judge_gates_hold(Candidate("tiny", "1", manifest), verdicts, required=required, lineage=tiny.LINEAGE)
    assert judged.passed == all(given_verdicts.get(name, False) for name in required)


def test_a_package_that_does_not_know_what_it_was_made_from_is_refused(candidate: Candidate) -> None:
    """Then no verdict can be about exactly this version."""
    unknown = Candidate("tiny", "1", _manifest(lineage={}))
    verdict = judge_gates_hold(unknown, _verdicts(), required=_REQUIRED, lineage=tiny.LINEAGE)
    assert not verdict.passed
    assert "made from" in verdict.summary
    assert candidate.manifest.lineage


def _manifest(**changes: object):  # noqa: ANN202
    from ml_lifecycle.config.brief import Kind
    from ml_lifecycle.release.manifest import Manifest

    made = Manifest("tiny", Kind.BINARY, "y", ("x",), 0.5, "now", "lightgbm", {}, 1, {}, tiny.LINEAGE, {})
    return replace(made, **changes)


def test_champions_follow_one_another(packaged: Path, registry: Registry, ledger: Ledger, run_id: str) -> None:
    """Alias and ledger agree; the old one is retired; a repeated deployment changes nothing; the record survives."""
    manifest = load_package(packaged).manifest
    versions = [registry.register("tiny", packaged, run_id=run_id) for _ in range(2)]
    said = {"required": _REQUIRED, "lineage": tiny.LINEAGE, "registry": registry, "ledger": ledger, "by": "run r"}
    for version in versions:
        ledger.append("tiny", version, "candidate", by="run r")
        registry.set_alias("tiny", "challenger", version)
    candidates = [Candidate("tiny", version, manifest) for version in (*versions, versions[1])]
    first, second, again = (deploy(item, _verdicts(), **said, approval=_approved(item)) for item in candidates)
    assert (first.previous, first.changed) == (None, True)
    assert (second.previous, second.changed) == (versions[0], True)
    assert ledger.state_of("tiny", versions[0]) is State.RETIRED
    assert registry.version_of("tiny", "champion") == versions[1]
    assert registry.version_of("tiny", "challenger") is None
    assert (again.previous, again.changed, len(again.history)) == (versions[0], False, len(second.history))
    assert second.gates["evaluation.fair"] == "Fine."
    assert second.history["state"].tolist()[-2:] == ["retired", "champion"]
    assert second.ledger_head == second.history["hash"].iloc[-1] != ""
    assert ledger.verify(until=first.ledger_head).intact
    stored = Deployment.from_parts(second.to_parts())
    assert (stored.version, stored.digest, len(stored.history)) == (versions[1], manifest.digest, len(second.history))
    risen = next(entry for entry in reversed(ledger.history("tiny")) if entry.state is State.CHAMPION)
    assert risen.evidence["digest"] == manifest.digest
