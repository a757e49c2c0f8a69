"""Where people approve or reject the candidate: the command and the UI both come here.

A word is kept, and what follows from it is written into the ledger. Names are taken at their word: who may run the
command or open the UI is for the machine to say. Which words are enough lives in `approval_policy`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ml_lifecycle.config.release import ApprovalConfig
from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.release.approval_policy import judge_approved, role_of
from ml_lifecycle.release.approvals import Approvals, Said, Subject, Word
from ml_lifecycle.release.ledger import WAITING, Ledger, State
from ml_lifecycle.verdict import Verdict


def speak(
    policy: ApprovalConfig,
    approvals: Approvals,
    ledger: Ledger,
    *,
    project: str,
    who: str,
    said: Said | str,
    why: str,
    role: str | None = None,
    version: str | None = None,
    now: datetime | None = None,
) -> Verdict:
    """Keep what a person says about the candidate, write into the ledger what follows from it, and judge anew.

    Args:
        policy: Who may speak for which role.
        approvals: Where it is kept.
        ledger: Which version is the candidate, and where its state is written.
        project: The project.
        who: The person: a name or mail address of the policy.
        said: Approve or reject.
        why: The reason; an approval without one is none.
        role: What they speak as; needed where they hold several of the roles.
        version: The version; the candidate by default, and no other is taken.
        now: The moment, naive UTC.

    Raises:
        ConfigError: No such role, the person does not hold it, or the reason is missing.
        StateError: There is no candidate, it is another version, or its package is not on record.
    """
    spoken = _said(said)
    if not why.strip():
        raise ConfigError("a word without a reason is not kept", expected="why", got="nothing", advice="say why")
    as_role = role_of(policy, who, role)
    subject = subject_of(ledger, project, version)
    moment = now or _now()
    expires = moment + timedelta(hours=policy.expires_hours)
    word = Word(project, subject.version, subject.digest, as_role, who, spoken, why.strip(), moment, expires)
    approvals.append(word)
    verdict = judge_approved(policy, approvals.words(project, subject.version), subject, now=moment)
    _write(ledger, word, verdict)
    return verdict


def record_approved(ledger: Ledger, subject: Subject, verdict: Verdict, *, by: str) -> None:
    """Write into the ledger that a version was approved; nothing where that is written or the version does not wait."""
    if verdict.passed and ledger.state_of(subject.project, subject.version) is not State.APPROVED:
        ledger.advance(subject.project, subject.version, State.APPROVED, by=by, evidence=dict(verdict.facts))


def _write(ledger: Ledger, word: Word, verdict: Verdict) -> None:
    project, version = word.project, word.version
    evidence = {"role": word.role, "why": word.why, "digest": word.digest}
    if word.said is Said.REJECT:
        ledger.append(project, version, State.REJECTED, by=word.who, evidence=evidence)
        return
    if ledger.state_of(project, version) is State.REJECTED:  # it waits again, for every approval
        ledger.append(project, version, State.CHALLENGER, by=word.who, evidence={**evidence, "reopened": True})
    if verdict.passed:
        ledger.advance(project, version, State.APPROVED, by=word.who, evidence=dict(verdict.facts))


def subject_of(ledger: Ledger, project: str, version: str | None = None) -> Subject:
    """The version that may be spoken about: the one that was registered last, as long as it waits.

    One that was rejected may be: minds change.

    Args:
        ledger: What became of the versions.
        project: The project.
        version: The version that is meant, if one is.

    Raises:
        StateError: There is no candidate, it is another version, or its package is not on record.
    """
    latest = ledger.latest_version(project)
    state = None if latest is None else ledger.state_of(project, latest)
    got = "none" if latest is None else f"version {latest}, {state}"
    if latest is None or state not in {*WAITING, State.REJECTED}:
        raise StateError(
            f"no candidate of {project} waits for approval",
            expected="a registered version about which nothing is decided",
            got=got,
            advice=f"`ml-lifecycle run {project}` makes one; what is in production is taken back with "
            f"`ml-lifecycle rollback {project}`",
        )
    if version is not None and str(version) != latest:
        raise StateError(
            f"version {version} of {project} is not the candidate",
            expected=f"version {latest}, which waits",
            got=f"version {version}",
            advice=f"look at it with `ml-lifecycle releases {project}`, then name version {latest} or none",
        )
    digest = ledger.digest_of(project, latest)
    if digest is None:
        raise StateError(
            f"the package of version {latest} of {project} is not on record",
            expected="its hash in the ledger",
            got="none",
            advice=f"package it again: `ml-lifecycle run {project} --force`",
        )
    return Subject(project, latest, digest)


def _said(said: Said | str) -> Said:
    try:
        return Said(said)
    except ValueError as error:
        raise ConfigError(
            "a version is approved or rejected",
            expected=f"one of {[item.value for item in Said]}",
            got=repr(said),
            advice="say one of those",
        ) from error


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
