"""A candidate becomes the version in production, and only if every required gate has passed for exactly this version.

The history of versions lives in `ledger`, aliases and packages in `registry`. The gates themselves live in their rooms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

import orjson
import pandas as pd

from ml_lifecycle.errors import GateError, PackageError
from ml_lifecycle.parts import Parts
from ml_lifecycle.release.ledger import Entry, Ledger, State
from ml_lifecycle.release.manifest import MANIFEST_FILE, Manifest
from ml_lifecycle.release.registry import CHALLENGER, CHAMPION, Registry
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
        history: All that the ledger says of the project: version, state, at, by, evidence.
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

    Raises:
        GateError: A gate is missing, has failed, or has judged another version.
        StateError: MLflow or the database refuses.
    """
    judged = judge_gates_hold(candidate, verdicts, required=required, lineage=lineage)
    if not judged.passed:
        raise GateError(
            f"version {candidate.version} of {candidate.project} may not go into production",
            expected=f"all {len(required)} required gates passed for exactly this version",
            got=judged.summary.rstrip("."),
            advice=judged.advice,
        )
    project, version, digest = candidate.project, candidate.version, candidate.manifest.digest
    previous = ledger.champion(project)
    gates = {name: verdict.summary for name, verdict in verdicts.items() if verdict is not None and name in required}
    registry.set_alias(project, CHAMPION, version)
    if registry.version_of(project, CHALLENGER) == version:
        registry.drop_alias(project, CHALLENGER)
    at = datetime.now(UTC).replace(tzinfo=None)
    if previous != version:
        evidence = {"previous": previous, "digest": digest, "gates": gates, "lineage": dict(lineage)}
        ledger.append_all(_succession(Entry(project, version, State.CHAMPION, by, at, evidence), previous))
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
