"""The command about a rollout: how far it is, and a look at its step without a daemon."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json, run_job

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.rollout_look import Look
    from ml_lifecycle.orchestration.resources import Workspace


def rollout_command(
    project: Project,
    *,
    judge: Annotated[bool, typer.Option("--judge", help="Judge the step now, and do what follows from it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the rollout of a project: its version, its share of the traffic, and what speaks for and against it."""
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site

    if judge:
        return run_job(project, "rollout_step", tags={}, as_json=as_json)
    workspace = Workspace(Site.find().project(project))
    look = _look(workspace)
    if as_json:
        return print_json(_plain(workspace, look))
    return _print(workspace, look)


def _look(workspace: "Workspace") -> "Look | None":
    from ml_lifecycle.monitoring.rollout_look import look_at_rollout

    return look_at_rollout(
        workspace.project,
        registry=workspace.registry,
        ledger=workspace.ledger,
        rollouts=workspace.rollouts,
        log=workspace.log,
    )


def _plain(workspace: "Workspace", look: "Look | None") -> dict[str, Any]:
    entries = workspace.rollouts.history(workspace.project.name)
    return {
        "running": None if look is None else asdict(look.progress.state),
        "decision": None if look is None else {"action": look.decision.action.value, **look.decision.evidence},
        "events": [
            {**asdict(item.state), "at": item.at.isoformat(), "by": item.by, "evidence": dict(item.evidence)}
            for item in entries
        ],
    }


def _print(workspace: "Workspace", look: "Look | None") -> None:
    from ml_lifecycle.orchestration.console import print_rows

    if look is None:
        typer.echo("No rollout is under way.")
    else:
        state, steps = look.progress.state, look.progress.steps
        where = f"step {state.step + 1} of {len(steps)}, {state.share:.0%} of the callers"
        since = f"since {look.progress.since:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"Rollout {state.rollout}: version {state.version} ({state.strategy}), {where}, {since}")
        typer.echo(f"Now: {look.decision.action.value}, {look.decision.reason}.")
        print_rows("Evidence", [{"figure": item.figure, "said": item.said} for item in look.decision.findings])
    rows = [
        {
            "rollout": item.state.rollout,
            "version": item.state.version,
            "event": item.state.event.value,
            "share": f"{item.state.share:.0%}",
            "at": f"{item.at:%Y-%m-%d %H:%M:%S}",
            "by": item.by,
            "why": str(item.evidence.get("reason", "")),
        }
        for item in workspace.rollouts.history(workspace.project.name)
    ]
    print_rows("Rollouts", rows)
