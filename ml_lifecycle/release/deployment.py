"""A candidate becomes the version in production, and only if every required gate has passed for exactly this version.

The history of versions lives in `ledger`, aliases and packages in `registry`, who must approve in `approval_policy`,
the way back in `rollback`. The gates themselves live in their rooms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

import orjson
import pandas as pd

from ml_lifecycle.errors import GateError, PackageError
from ml_lifecycle.parts import Parts
from ml_lifecycle.release.ledger import BAD, DIGEST, Entry, Ledger, State
from ml_lifecycle.release.manifest import MANIFEST_FILE, Manifest
from ml_lifecycle.release.registry import CHAMPION, Registry
from ml_lifecycle.release.succession import change_champion
from ml_lifecycle.verdict import Fact, Verdict

_FILE: Final = "deployment.json"
_CANDIDATE_FILE: Final = "candidate.json"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered version that may become champion.

    Args:
        project: The project.
        version: Its version in the registry.
        manifest: What its package says; the lineage in it names the data versions that its gates have judged.
    """

    project: str
    version: str
    manifest: Manifest

    def to_parts(self) -> Parts:
        """Two files of JSON."""
        state = orjson.dumps({"project": self.project, "version": self.version})
        return Parts(files={_CANDIDATE_FILE: state, **self.manifest.to_parts().files})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Read the files again.

        Raises:
            PackageError: They are something else.
        """
        state = _read(parts, _CANDIDATE_FILE)
        return cls(state["project"], state["version"], Manifest.from_bytes(parts.files[MANIFEST_FILE]))


@dataclass(frozen=True)
class Deployment:
    """What was deployed.

    Args:
        project: The project.
        version: The version in production now.
        previous: The version before it, if there was one.
        at: Since when it is in production, ISO 8601, naive UTC.
        by: Who or what decided.
        digest: Hash of its package.
        gates: What the required gates said, by `<asset>.<check>`.
        changed: False if it was in production already.
        history: All that the ledger says of the project: version, state, at, by, evidence, hash.
        approvals: Who has approved it, as `approved` says: role, who, why, at, expires, digest.
    """

    project: str
    version: str
    previous: str | None
    at: str
    by: str
    digest: str
    gates: Mapping[str, str] = field(default_factory=dict)
    changed: bool = True
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    approvals: Sequence[Mapping[str, Any]] = ()

    @property
    def ledger_head(self) -> str:
        """The hash of the project's newest line in the ledger: kept here, it proves later that the line is there."""
        return str(self.history["hash"].iloc[-1]) if len(self.history) and "hash" in self.history else ""

    def to_parts(self) -> Parts:
        """The history as a table, the rest as JSON."""
        return Parts({"history": self.history}, {_FILE: orjson.dumps(_facts(self))})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the record together again."""
        return cls(**_read(parts, _FILE), history=parts.tables["history"])


def deploy(
    candidate: Candidate,
    verdicts: Mapping[str, Verdict | None],
    *,
    required: Collection[str],
    lineage: Mapping[str, str],
    registry: Registry,
    ledger: Ledger,
    by: str,
    approval: Verdict,
) -> Deployment:
    """Put a candidate into production: the alias moves, and the ledger retires the champion of before.

    Doing it again for the version that is in production already changes nothing, so an interrupted deployment can be
    repeated.

    Args:
        candidate: The registered version.
        verdicts: The latest verdict of each gate, by `<asset>.<check>`; None where there is none.
        required: The gates that must have passed.
        lineage: The data versions that those verdicts are about, by asset.
        registry: Where the alias moves.
        ledger: Where it is written down.
        by: Who or what decided.
        approval: What `judge_approved` says of this version at this moment.

    Raises:
        GateError: A gate is missing, has failed, or has judged another version; the version is not approved, or was
            taken back.
        StateError: Somebody else has changed the version in production meanwhile; MLflow or the database refuses.
    """
    require_cleared(candidate, verdicts, required=required, lineage=lineage, ledger=ledger, approval=approval)
    project, version, digest = candidate.project, candidate.version, candidate.manifest.digest
    previous = ledger.champion(project)
    gates = {name: verdict.summary for name, verdict in verdicts.items() if verdict is not None and name in required}
    at = datetime.now(UTC).replace(tzinfo=None)
    if previous != version:
        made_of = {DIGEST: digest, "gates": gates, "lineage": dict(lineage)}
        evidence = {"previous": previous, **made_of, "approvals": _approvals(approval)}
        lines = _succession(Entry(project, version, State.CHAMPION, by, at, evidence), previous)
        change_champion(lines, current=previous, registry=registry, ledger=ledger, barred=BAD)
    elif registry.version_of(project, CHAMPION) != version:  # MLflow's store was restored, or somebody moved the alias
        registry.set_alias(project, CHAMPION, version)
    before = _before(ledger, project, version)
    return Deployment(
        project=project,
        version=version,
        previous=before,
        at=at.isoformat(timespec="seconds"),
        by=by,
        digest=digest,
        gates=gates,
        changed=previous != version,
        history=ledger.history_table(project),
        approvals=_approvals(approval),
    )


def require_cleared(
    candidate: Candidate,
    verdicts: Mapping[str, Verdict | None],
    *,
    required: Collection[str],
    lineage: Mapping[str, str],
    ledger: Ledger,
    approval: Verdict,
) -> None:
    """Refuse a version that may not answer anybody in production; whoever lets it answer a part of them asks this too.

    Args:
        candidate: The registered version.
        verdicts: The latest verdict of each gate, by `<asset>.<check>`; None where there is none.
        required: The gates that must have passed.
        lineage: The data versions that those verdicts are about, by asset.
        ledger: What became of the version.
        approval: What `judge_approved` says of this version at this moment.

    Raises:
        GateError: A gate is missing, has failed, or has judged another version; the version is not approved, or was
            taken back.
        StateError: The database refuses.
    """
    judged = judge_gates_hold(candidate, verdicts, required=required, lineage=lineage)
    if not judged.passed:
        raise _refused(candidate, f"all {len(required)} required gates passed for exactly this version", judged)
    if not (approval.passed and _is_about(approval, candidate)):
        raise _refused(candidate, "the approval of exactly this version and package", approval)
    state = ledger.state_of(candidate.project, candidate.version)
    if state in BAD:
        raise GateError(
            f"version {candidate.version} of {candidate.project} may not go into production",
            expected="a version that nobody has taken back",
            got=f"one that is {state}",
            advice="make a new version with `ml-lifecycle run --force`; one that was rejected may be approved, one that"
            f" was rolled back comes back by `ml-lifecycle rollback {candidate.project} --to {candidate.version}`",
        )


def judge_gates_hold(
    candidate: Candidate,
    verdicts: Mapping[str, Verdict | None],
    *,
    required: Collection[str],
    lineage: Mapping[str, str],
) -> Verdict:
    """gates_hold_for_this_version: every required gate has passed, and what it judged is what this version is made of.

    A gate that only warns does not hinder, but must have been asked if it is required.

    Args:
        candidate: The registered version.
        verdicts: The latest verdict of each gate; None where there is none.
        required: The gates that must have passed; none at all is no way to say that all have.
        lineage: The data versions that those verdicts are about, by asset.
    """
    missing = sorted(gate for gate in required if verdicts.get(gate) is None)
    failed = sorted(gate for gate in required if (verdict := verdicts.get(gate)) is not None and verdict.blocks)
    made_from = candidate.manifest.lineage
    others = sorted(asset for asset, version in made_from.items() if lineage.get(asset) != version)
    problems = [
        ("no gate is required", [] if required else ["(none)"]),
        ("missing", missing),
        ("failed", [f"{gate} ({_summary(verdicts, gate)})" for gate in failed]),
        ("judged on other data than this version was made from", others),
        ("not known of", [] if made_from else ["what this version was made from"]),
    ]
    told = "; ".join(f"{what}: {', '.join(items)}" for what, items in problems if items)
    facts: dict[str, Fact] = {
        "version": candidate.version,
        "required": len(required),
        "missing": [*missing],
        "failed": [*failed],
        "other_data": [*others],
    }
    return Verdict(
        gate="gates_hold_for_this_version",
        passed=not told,
        summary=f"Version {candidate.version}: {told}."
        if told
        else f"All {len(required)} required gates passed for version {candidate.version}.",
        facts=facts,
        advice="run the lifecycle again, so that every gate judges this version; mend what a failed gate names",
    )


def _is_about(approval: Verdict, candidate: Candidate) -> bool:
    about = (approval.facts.get("version"), approval.facts.get("digest"))
    return about == (candidate.version, candidate.manifest.digest)


def _refused(candidate: Candidate, expected: str, verdict: Verdict) -> GateError:
    said = verdict.summary.rstrip(".")
    return GateError(
        f"version {candidate.version} of {candidate.project} may not go into production",
        expected=expected,
        got=said if not verdict.passed else f"another one's: {said}",
        advice=verdict.advice,
    )


def _approvals(approval: Verdict) -> Sequence[Mapping[str, Any]]:
    given = approval.facts.get("approvals")
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


def _succession(risen: Entry, previous: str | None) -> list[Entry]:
    """The lines of a change of champion; they are written together, so that there is never none and never two."""
    retired = Entry(risen.project, previous or "", State.RETIRED, risen.by, risen.at, {"replaced_by": risen.version})
    return [risen] if previous is None else [retired, risen]


def _summary(verdicts: Mapping[str, Verdict | None], gate: str) -> str:
    verdict = verdicts[gate]
    return verdict.summary.rstrip(".") if verdict is not None else ""


def _before(ledger: Ledger, project: str, version: str) -> str | None:
    """The version that a champion has replaced, as the ledger remembers it."""
    entries = reversed(ledger.history(project))
    risen = next((item for item in entries if item.version == version and item.state is State.CHAMPION), None)
    return None if risen is None else risen.evidence.get("previous")


def _facts(deployment: Deployment) -> dict[str, Any]:
    names = [name for name in Deployment.__dataclass_fields__ if name != "history"]
    return {name: getattr(deployment, name) for name in names}


def _read(parts: Parts, name: str) -> dict[str, Any]:
    try:
        state: dict[str, Any] = orjson.loads(parts.files[name])
    except (KeyError, orjson.JSONDecodeError) as error:
        raise PackageError(
            f"{name} cannot be read",
            expected="the JSON of a release record",
            got=f"{type(error).__name__}: {error}",
            advice="materialise the asset again",
        ) from error
    return state
