"""The commands about releases: approve, reject, releases, rollback.

What they do lives in the room `release`; a run is needed for none of them, so none waits for one.
"""

import getpass
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json

if TYPE_CHECKING:
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.release.approvals import Word
    from ml_lifecycle.release.chain import Verification
    from ml_lifecycle.release.ledger import Entry

Who = Annotated[str, typer.Option(help="Your name or mail address, as release.approval.roles has it.")]
Why = Annotated[str, typer.Option(help="The reason, for those who look later.")]
Role = Annotated[str | None, typer.Option(help="The role you speak for; needed only where you hold several.")]
Version = Annotated[str | None, typer.Option(help="The version that you mean; refused if another one waits.")]
_SHOWN = 100


def register_release(app: typer.Typer) -> None:
    """Add the commands to the whole."""
    for name, command in _COMMANDS.items():
        app.command(name)(command)


def approve_command(
    project: Project, who: Who, why: Why, role: Role = None, version: Version = None, *, as_json: AsJson = False
) -> None:
    """Approve the candidate for production; once nothing is lacking, the rollout sensor deploys it."""
    _speak(project, "approve", who=who, why=why, role=role, version=version, as_json=as_json)


def reject_command(
    project: Project, who: Who, why: Why, role: Role = None, version: Version = None, *, as_json: AsJson = False
) -> None:
    """Reject the candidate: it does not go into production unless every approval is given anew."""
    _speak(project, "reject", who=who, why=why, role=role, version=version, as_json=as_json)


def releases_command(
    project: Project,
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute every hash again; leaves with 1 if one is wrong.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show which version was what, since when, by whom and why; and what people have said about them."""
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site

    workspace = Workspace(Site.find().project(project))
    entries, words = workspace.ledger.history(project), workspace.approvals.words(project)
    proven = _verify(workspace) if verify else {}
    if as_json:
        said: dict[str, Any] = {"project": project, "champion": workspace.ledger.champion(project)}
        said |= {"releases": [asdict(item) for item in entries], "approvals": [asdict(item) for item in words]}
        print_json({**said, **({"verified": {name: _told(item) for name, item in proven.items()}} if verify else {})})
    else:
        print_rows(f"{project}: releases", [_row(item) for item in entries[-_SHOWN:]])
        if words:
            print_rows(f"{project}: approvals", [_word(item) for item in words])
        for name, item in proven.items():
            typer.echo(f"{name}: {_sentence(item)}")
    if not all(item.intact for item in proven.values()):
        raise typer.Exit(1)


def rollback_command(
    project: Project,
    to: Annotated[str | None, typer.Option(help="The version to go back to; by default the last good one.")] = None,
    why: Why = "",
    who: Annotated[str | None, typer.Option(help="Who decides; by default the user of this machine.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Put the last good version into production again, or end a rollout that is under way; servers follow at once."""
    from ml_lifecycle.orchestration.release_records import report_rollback
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.release.rollback import roll_back

    site = Site.find()
    config = site.project(project)
    workspace = Workspace(config)
    by = who or getpass.getuser()
    done = roll_back(project, registry=workspace.registry, ledger=workspace.ledger, by=by, why=why, to=to)
    ended = f"; rollout {done.rollout} has ended" if done.rollout is not None else ""
    text = f"{project}: version {done.version} is in production, version {done.left} was taken back{ended}"
    print_json(asdict(done)) if as_json else typer.echo(text)  # before the UI is told: it is done already
    with site.instance() as instance:
        report_rollback(instance, config, done)


def _speak(name: str, said: str, *, who: str, why: str, role: str | None, version: str | None, as_json: bool) -> None:
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.release.approval_desk import speak

    config = Site.find().project(name)
    workspace = Workspace(config)
    policy, approvals, ledger = config.release.approval, workspace.approvals, workspace.ledger
    verdict = speak(policy, approvals, ledger, project=name, who=who, said=said, why=why, role=role, version=version)
    if as_json:
        return print_json({"approved": verdict.passed, "summary": verdict.summary, **verdict.facts})
    typer.echo(verdict.summary)
    if verdict.passed and config.release.promotion == "automatic":
        return typer.echo(f"The sensor {name}_rollout deploys it, where the daemon runs (`ml-lifecycle up`).")
    return None


def _verify(workspace: "Workspace") -> "dict[str, Verification]":
    return {"ledger": workspace.ledger.verify(), "approvals": workspace.approvals.verify()}


def _told(found: "Verification") -> dict[str, Any]:
    return {"intact": found.intact, **asdict(found)}


def _sentence(found: "Verification") -> str:
    before = f", the first {found.unverified} from before there were hashes" if found.unverified else ""
    if found.intact:
        return f"all {found.lines} lines are as they were written{before}; the last hash is {found.head or 'none'}"
    return f"BROKEN at line {found.broken} of {found.lines}: {found.problem}"


def _row(entry: "Entry") -> dict[str, str]:
    return {
        "version": entry.version,
        "state": entry.state.value,
        "at": entry.at.isoformat(sep=" ", timespec="seconds"),
        "by": entry.by,
        "evidence": _reason(entry),
        "hash": entry.hash[:12],
    }


def _word(word: "Word") -> dict[str, str]:
    told = {name: str(getattr(word, name)) for name in ("version", "role", "who", "said", "why")}
    return told | {name: getattr(word, name).isoformat(sep=" ", timespec="seconds") for name in ("at", "expires")}


def _reason(entry: "Entry") -> str:
    """What a person wants to know of the evidence first; `--json` has all of it."""
    wanted = ("why", "reason", "replaced_by", "previous", "policy", "rollout")
    told = [f"{name}: {entry.evidence[name]}" for name in wanted if entry.evidence.get(name)]
    gates = entry.evidence.get("gates")
    told += [f"{len(gates)} gates passed"] if isinstance(gates, dict) else []
    digest = entry.evidence.get("digest")
    return "; ".join([*told, *([f"package {str(digest)[:12]}"] if digest else [])])


_COMMANDS: dict[str, Callable[..., None]] = {
    "approve": approve_command,
    "reject": reject_command,
    "releases": releases_command,
    "rollback": rollback_command,
}
