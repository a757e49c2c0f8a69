"""Whether what people have said about a version lets it into production, and who may speak for which role.

The policy is the section `release.approval` of the YAML; what was said is kept in `approvals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final, Self

import orjson

from ml_lifecycle.config.release import ApprovalConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.parts import Parts
from ml_lifecycle.release.approvals import PRODUCTION, Said, Subject, Word
from ml_lifecycle.verdict import Fact, Severity, Verdict

_FILE: Final = "approval.json"


@dataclass(frozen=True, slots=True)
class Approval:
    """What was judged of one version at one moment.

    Args:
        subject: The version and its package.
        verdict: Whether it is approved, by whom, or what is lacking.
    """

    subject: Subject
    verdict: Verdict

    def to_parts(self) -> Parts:
        """One file of JSON."""
        return Parts(files={_FILE: orjson.dumps({"subject": asdict(self.subject), "verdict": asdict(self.verdict)})})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Read the file again."""
        said = orjson.loads(parts.files[_FILE])
        verdict = {**said["verdict"], "severity": Severity(said["verdict"]["severity"])}
        return cls(Subject(**said["subject"]), Verdict(**verdict))


def judge_approved(
    policy: ApprovalConfig, words: Sequence[Word], subject: Subject, *, now: datetime | None = None
) -> Verdict:
    """approved: each role that the policy names has approved exactly this package, and no rejection came after it.

    An approval counts while it has not expired and as long as who gave it holds the role.

    Args:
        policy: Who must say yes.
        words: What was said about the version, the oldest first.
        subject: The version and its package.
        now: The moment it is judged for, naive UTC.
    """
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    wanted = policy.required.get(PRODUCTION, ())
    mine = [item for item in words if item.version == subject.version and item.project == subject.project]
    about = [item for item in mine if item.digest == subject.digest]
    others = [item for item in mine if item.digest != subject.digest]
    rejected = max((place for place, item in enumerate(about) if item.said is Said.REJECT), default=-1)
    since = about[rejected + 1 :]
    lacking = {role: _lacks(policy, role, since, others, moment) for role in wanted}
    problems = [f"{role} {problem}" for role, problem in lacking.items() if problem]
    if rejected >= 0 and (problems or not wanted):
        refused = about[rejected]
        problems.insert(0, f"{refused.who} ({refused.role}) rejected it: {refused.why}")
    counted = [item for item in since if item.said is Said.APPROVE and item.role in wanted and _holds(item, policy)]
    told = f"Version {subject.version}: {'; '.join(problems)}."
    return Verdict(
        gate="approved",
        passed=not problems,
        summary=told if problems else _consent(subject, wanted, counted),
        facts=_facts(subject, wanted, [role for role in wanted if lacking[role]], counted, refused=rejected >= 0),
        advice=f"`ml-lifecycle approve {subject.project} --who ... --why ...`, or materialise production_approval with "
        "who and why; a rejected version needs every approval anew",
    )


def role_of(policy: ApprovalConfig, who: str, role: str | None = None) -> str:
    """The role that a person speaks for: the one they name, or the only one that it can be.

    Raises:
        ConfigError: There is no such role, the person does not hold it, or holds several and names none.
    """
    held = [name for name, people in policy.roles.items() if who in people]
    if role is not None and role not in policy.roles:
        raise ConfigError(
            f"there is no role {role!r}",
            expected=f"one of {sorted(policy.roles)}" if policy.roles else "roles in release.approval.roles",
            got=repr(role),
            advice="name one of those, or add it and its people to release.approval.roles",
        )
    if not held or (role is not None and role not in held):
        raise ConfigError(
            f"{who!r} may not speak for {role or 'any role'}",
            expected=f"one of {list(policy.roles[role])}" if role else f"somebody of {_people(policy)}",
            got=repr(who),
            advice="let one of them say it, or add the person to release.approval.roles",
        )
    wanted = [name for name in policy.required.get(PRODUCTION, ()) if name in held] or held
    if role is None and len(wanted) > 1:
        raise ConfigError(
            f"{who!r} holds several roles",
            expected=f"one of {wanted}",
            got="no role",
            advice="say for which with --role",
        )
    return role or wanted[0]


def _people(policy: ApprovalConfig) -> list[str]:
    return sorted({name for people in policy.roles.values() for name in people})


def _lacks(policy: ApprovalConfig, role: str, since: Sequence[Word], others: Sequence[Word], now: datetime) -> str:
    """Why a role's approval does not count; empty if it does.

    Args:
        policy: Who holds the role.
        role: The role.
        since: What was said about this package since it was last rejected.
        others: What was said about other packages of the same version.
        now: The moment.
    """
    given = [item for item in since if item.role == role and item.said is Said.APPROVE]
    valid = [item for item in given if _holds(item, policy)]
    if any(item.expires > now for item in valid):
        return ""
    if valid:
        return f"approved (by {valid[-1].who}), which expired at {valid[-1].expires:%Y-%m-%d %H:%M} UTC"
    if given:
        return f"was spoken for by {given[-1].who}, who does not hold the role"
    other = [item for item in others if item.role == role and item.said is Said.APPROVE]
    return f"approved another package of it ({other[-1].digest[:12]})" if other else "has not approved it"


def _holds(word: Word, policy: ApprovalConfig) -> bool:
    return word.who in policy.roles.get(word.role, ())


def _consent(subject: Subject, wanted: Sequence[str], counted: Sequence[Word]) -> str:
    if not wanted:
        return f"Version {subject.version} needs nobody's approval: the policy is automatic."
    said = ", ".join(f"{item.who} ({item.role})" for item in counted)
    return f"Version {subject.version} is approved by {said}."


def _facts(
    subject: Subject, wanted: Sequence[str], lacking: Sequence[str], counted: Sequence[Word], *, refused: bool
) -> dict[str, Fact]:
    return {
        "version": subject.version,
        "digest": subject.digest,
        "policy": "required" if wanted else "automatic",
        "required": [*wanted],
        "lacking": [*lacking],
        "rejected": refused,
        "approvals": [_plain(item) for item in counted],
    }


def _plain(word: Word) -> dict[str, Fact]:
    told: dict[str, Fact] = {name: getattr(word, name) for name in ("role", "who", "why", "digest")}
    return {**told, "at": word.at.isoformat(timespec="seconds"), "expires": word.expires.isoformat(timespec="seconds")}
