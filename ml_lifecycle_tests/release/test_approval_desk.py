"""What people say about the candidate, and what becomes of it in the ledger."""

from datetime import datetime, timedelta

import pytest

from ml_lifecycle.config.release import ApprovalConfig
from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.release.approval_desk import record_approved, speak, subject_of
from ml_lifecycle.release.approval_policy import judge_approved
from ml_lifecycle.release.approvals import Approvals
from ml_lifecycle.release.ledger import Ledger, State
from ml_lifecycle.verdict import Verdict

_POLICY = ApprovalConfig(
    required={"production": ("risk", "owner")}, roles={"risk": ("ann",), "owner": ("cleo",)}, expires_hours=2
)


@pytest.fixture
def approvals(ledger: Ledger) -> Approvals:
    """Beside a ledger in which version 1 waits."""
    ledger.append("p", "1", "candidate", by="r", evidence={"digest": "abc"})
    return Approvals(ledger.url)


def _say(approvals: Approvals, ledger: Ledger, who: str, said: str = "approve", **changes: object) -> Verdict:
    told = {"project": "p", "who": who, "said": said, "why": "because", **changes}
    return speak(_POLICY, approvals, ledger, **told)


def test_the_last_approval_makes_it_approved(approvals: Approvals, ledger: Ledger) -> None:
    """The ledger says so then, with everybody who has spoken; the version still waits for its deployment."""
    assert not _say(approvals, ledger, "ann").passed
    assert ledger.state_of("p", "1") is State.CANDIDATE
    assert _say(approvals, ledger, "cleo").passed
    line = ledger.history("p")[-1]
    assert (line.state, line.by, len(line.evidence["approvals"])) == (State.APPROVED, "cleo", 2)
    assert ledger.candidate("p") == "1"
    word = approvals.words("p")[0]
    assert (word.digest, word.version, word.expires - word.at) == ("abc", "1", timedelta(hours=2))


def test_a_rejected_version_no_longer_waits_until_it_is_approved_anew(approvals: Approvals, ledger: Ledger) -> None:
    """By everybody."""
    _say(approvals, ledger, "ann")
    _say(approvals, ledger, "cleo", "reject", why="a gap")
    assert (ledger.state_of("p", "1"), ledger.candidate("p")) == (State.REJECTED, None)
    assert ledger.history("p")[-1].evidence["why"] == "a gap"
    assert not _say(approvals, ledger, "cleo").passed
    assert ledger.candidate("p") == "1"
    assert _say(approvals, ledger, "ann").passed


def test_an_approval_runs_out(approvals: Approvals, ledger: Ledger) -> None:
    """And can be given again."""
    long_ago = datetime.fromisoformat("2020-01-01")
    assert not _say(approvals, ledger, "ann", now=long_ago).passed
    assert "expired" in _say(approvals, ledger, "cleo").summary
    assert _say(approvals, ledger, "ann").passed


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": "7"}, "version 7 of p is not the candidate: expected version 1"),
        ({"project": "q"}, "no candidate of q waits"),
        ({"role": "king"}, "no role 'king'"),
        ({"who": "eve"}, "may not speak"),
        ({"why": "  "}, "without a reason"),
        ({"said": "maybe"}, "approved or rejected"),
    ],
)
def test_a_word_that_cannot_be_is_refused_and_not_kept(
    approvals: Approvals, ledger: Ledger, changes: dict[str, str], told: str
) -> None:
    """Wrong version, unknown role, a stranger, no reason."""
    with pytest.raises((ConfigError, StateError), match=told):
        _say(approvals, ledger, **{"who": "ann", **changes})
    assert approvals.words("p") == []


def test_what_is_in_production_is_not_spoken_about(approvals: Approvals, ledger: Ledger) -> None:
    """It is rolled back instead; nor is a version whose package is not on record."""
    ledger.append("p", "1", "champion", by="r")
    with pytest.raises(StateError, match="ml-lifecycle rollback p"):
        _say(approvals, ledger, "ann", "reject")
    ledger.append("p", "2", "candidate", by="r")
    with pytest.raises(StateError, match="not on record"):
        _say(approvals, ledger, "ann")


def test_an_automatic_approval_is_written_once(approvals: Approvals, ledger: Ledger) -> None:
    """With the policy that it followed."""
    subject = subject_of(ledger, "p")
    verdict = judge_approved(ApprovalConfig(), approvals.words("p"), subject)
    for _ in range(2):
        record_approved(ledger, subject, verdict, by="run r")
    assert [item.state for item in ledger.history("p")] == [State.CANDIDATE, State.APPROVED]
    assert ledger.history("p")[-1].evidence["policy"] == "automatic"
