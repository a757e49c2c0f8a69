"""Whether a version is approved: every role, this package, in time, and no rejection after it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.release import ApprovalConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.release.approval_policy import Approval, judge_approved, role_of
from ml_lifecycle.release.approvals import Said, Subject, Word

_NOW = datetime.fromisoformat("2026-03-01 12:00")
_THREE = Subject("p", "3", "abc")
_POLICY = ApprovalConfig(
    required={"production": ("risk", "owner")},
    roles={"risk": ("ann", "bob"), "owner": ("cleo", "ann"), "audit": ("dan",)},
)


def _word(role: str, who: str, said: Said = Said.APPROVE, **changes: object) -> Word:
    word = Word("p", "3", "abc", role, who, said, "looks right", _NOW, _NOW + timedelta(hours=1))
    return replace(word, **changes)


_BOTH = (_word("risk", "bob"), _word("owner", "cleo"))


def test_where_nobody_is_asked_it_approves_itself() -> None:
    """And says so."""
    verdict = judge_approved(ApprovalConfig(), [], _THREE, now=_NOW)
    assert (verdict.gate, verdict.passed, verdict.facts["policy"]) == ("approved", True, "automatic")


def test_every_role_has_approved() -> None:
    """The verdict says who, why and until when, for exactly which package."""
    verdict = judge_approved(_POLICY, _BOTH, _THREE, now=_NOW)
    assert verdict.passed
    assert "bob (risk), cleo (owner)" in verdict.summary
    assert (verdict.facts["version"], verdict.facts["digest"], verdict.facts["lacking"]) == ("3", "abc", [])
    assert [item["who"] for item in verdict.facts["approvals"]] == ["bob", "cleo"]
    stored = Approval(_THREE, verdict)
    assert Approval.from_parts(stored.to_parts()) == stored


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "risk has not approved it; owner has not approved it"),
        (_BOTH[:1], "owner has not approved it"),
        ((_word("risk", "bob", digest="old"), _BOTH[1]), r"risk approved another package of it \(old\)"),
        ((_word("risk", "bob", version="2"), _BOTH[1]), "risk has not approved it"),
        (
            (_word("risk", "bob", expires=_NOW), _BOTH[1]),
            r"risk approved \(by bob\), which expired at 2026-03-01",
        ),
        ((_word("risk", "eve"), _BOTH[1]), "eve, who does not hold the role"),
        ((*_BOTH, _word("audit", "dan", Said.REJECT, why="a gap")), r"dan \(audit\) rejected it: a gap; risk has not"),
        ((*_BOTH, _word("risk", "ann", Said.REJECT), _word("risk", "ann")), "owner has not approved it"),
    ],
)
def test_what_is_lacking_is_named(words: tuple[Word, ...], told: str) -> None:
    """A rejection takes all approvals before it away."""
    verdict = judge_approved(_POLICY, words, _THREE, now=_NOW)
    assert not verdict.passed
    assert re.search(told, verdict.summary), verdict.summary


def test_after_a_rejection_all_may_approve_anew() -> None:
    """Minds change; a rejection of another package is about that package."""
    words = (_word("risk", "ann", Said.REJECT), *_BOTH, _word("risk", "ann", Said.REJECT, digest="old"))
    assert judge_approved(_POLICY, words, _THREE, now=_NOW).passed


_WORDS = st.builds(
    lambda role, who, said, digest, hours: _word(role, who, said, digest=digest, expires=_NOW + timedelta(hours=hours)),
    st.sampled_from(["risk", "owner", "audit"]),
    st.sampled_from(["ann", "bob", "cleo", "eve"]),
    st.sampled_from(Said),
    st.sampled_from(["abc", "old"]),
    st.sampled_from([-1, 1]),
)


@given(st.lists(_WORDS, max_size=8))
def test_it_is_approved_only_if_each_role_holds_a_valid_approval_since_the_last_rejection(words: list[Word]) -> None:
    """Whatever was said, in any order."""
    about = [item for item in words if item.digest == "abc"]
    while any(item.said is Said.REJECT for item in about):
        about.pop(0)
    valid = {
        item.role for item in about if item.expires > _NOW and item.who in _POLICY.roles[item.role]
    }  # fmt: skip
    assert judge_approved(_POLICY, words, _THREE, now=_NOW).passed == ({"risk", "owner"} <= valid)


@pytest.mark.parametrize(
    ("who", "role", "wanted"),
    [("bob", None, "risk"), ("dan", None, "audit"), ("ann", "owner", "owner")],
)
def test_a_person_speaks_for_the_role_they_hold(who: str, role: str | None, wanted: str) -> None:
    """One that the policy asks for comes first."""
    assert role_of(_POLICY, who, role) == wanted


@pytest.mark.parametrize(
    ("who", "role", "told"),
    [
        ("ann", None, "holds several roles"),
        ("eve", None, "may not speak for any role"),
        ("cleo", "risk", r"may not speak for risk: expected one of \['ann', 'bob'\]"),
        ("ann", "king", "there is no role 'king'"),
    ],
)
def test_who_may_not_speak_is_told(who: str, role: str | None, told: str) -> None:
    """With those who may."""
    with pytest.raises(ConfigError, match=told):
        role_of(_POLICY, who, role)
