"""What the commands share: their common arguments, a run with its progress bar, printing JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ml_lifecycle.orchestration.runs import RunOutcome

Project = Annotated[str, typer.Argument(help="The project's name, as `ml-lifecycle list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def run_job(name: str, verb: str, *, tags: Mapping[str, str], as_json: bool, partition: str | None = None) -> None:
    """Run one of a project's jobs and print how it ended; leave with 1 if it did not succeed."""
    from ml_lifecycle.orchestration.console import StepProgress, print_outcome
    from ml_lifecycle.orchestration.runs import execute, steps_of
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import status_of

    site = Site.find()
    project = site.project(name)
    with site.instance() as instance:
        with StepProgress(f"{name} {verb}", steps_of(site, project, verb), silent=as_json) as progress:
            outcome = execute(site, instance, project, verb, partition=partition, tags=dict(tags), watch=progress)
        status = status_of(instance, project)
    if as_json:
        print_json({"run": _plain(outcome), "status": asdict(status)})
    else:
        print_outcome(outcome, status, verb)
    if not outcome.succeeded:
        raise typer.Exit(1)


def make_assets(name: str, assets: Sequence[str], *, as_json: bool, tags: Mapping[str, str] | None = None) -> None:
    """Materialise assets of a project and what they are made from; print what they say; leave with 1 on failure."""
    from ml_lifecycle.orchestration.console import StepProgress, print_assets
    from ml_lifecycle.orchestration.runs import execute, steps_of, with_upstream
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import assets_status

    site = Site.find()
    project = site.project(name)
    needed = with_upstream(site, project, assets)
    with site.instance() as instance:
        steps = steps_of(site, project, "lifecycle", needed)
        with StepProgress(f"{name} {assets[0]}", steps, silent=as_json) as progress:
            outcome = execute(
                site, instance, project, "lifecycle", assets=needed, tags=dict(tags or {}), watch=progress
            )
        made = assets_status(instance, project, assets)
    if as_json:
        print_json({"run": _plain(outcome), "assets": {item.asset: asdict(item) for item in made}})
    else:
        print_assets(outcome, made)
    if not outcome.succeeded:
        raise typer.Exit(1)


def make_partition(name: str, asset: str, partition: str, *, as_json: bool) -> None:
    """Materialise a partition of an asset after what it is made from; print what it says; leave with 1 if it fails."""
    from ml_lifecycle.orchestration.console import StepProgress, print_assets
    from ml_lifecycle.orchestration.runs import execute, steps_of, with_upstream
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import assets_status

    site = Site.find()
    project = site.project(name)
    needed = tuple(item for item in with_upstream(site, project, [asset]) if item != asset)
    with site.instance() as instance:
        steps = steps_of(site, project, "lifecycle", needed) + 1
        with StepProgress(f"{name} {asset} {partition}", steps, silent=as_json) as progress:
            outcome = execute(site, instance, project, "lifecycle", assets=needed, tags={}, watch=progress)
            if outcome.succeeded:
                outcome = execute(site, instance, project, asset, partition=partition, watch=progress)
        made = assets_status(instance, project, [asset]) if outcome.succeeded else []
    if as_json:
        print_json({"run": _plain(outcome), "assets": {item.asset: asdict(item) for item in made}})
    else:
        print_assets(outcome, made)
    if not outcome.succeeded:
        raise typer.Exit(1)


def print_json(value: object) -> None:
    """Print one JSON document in one line."""
    typer.echo(json.dumps(value, default=str))


def _plain(outcome: "RunOutcome") -> dict[str, Any]:
    said = asdict(outcome)
    said["gates"] = [{"asset": gate.asset, **asdict(gate.verdict)} for gate in outcome.gates]
    return said
