"""What the commands share: their common arguments, a run with its progress bar, printing JSON."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig
    from ml_lifecycle.orchestration.runs import RunOutcome
    from ml_lifecycle.orchestration.status import AssetStatus

Project = Annotated[str, typer.Argument(help="The project's name, as `ml-lifecycle list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def run_job(
    name: str, verb: str, *, tags: Mapping[str, str], as_json: bool, partition: str | Sequence[str] | None = None
) -> None:
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
    """Materialise assets of a project and what they are made from; print what they say; leave with 1 on failure.

    Raises:
        ConfigError: The tags set a key that the YAML does not know, or a wrong value; nothing is run then.
    """
    from ml_lifecycle.orchestration.console import StepProgress, print_assets
    from ml_lifecycle.orchestration.runs import execute, steps_of, with_upstream
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import assets_status

    site = Site.find()
    project = site.project(name)
    _judge_settings(project, tags or {})
    needed = with_upstream(site, project, assets)
    with site.instance() as instance:
        steps = steps_of(site, project, "lifecycle", needed)
        with StepProgress(f"{name} {assets[0]}", steps, silent=as_json) as progress:
            outcome = execute(
                site, instance, project, "lifecycle", assets=needed, tags=dict(tags or {}), watch=progress
            )
        made = _of_this_run(assets_status(instance, project, assets), outcome)
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
        made = _of_this_run(assets_status(instance, project, [asset]), outcome)
    if as_json:
        print_json({"run": _plain(outcome), "assets": {item.asset: asdict(item) for item in made}})
    else:
        print_assets(outcome, made)
    if not outcome.succeeded:
        raise typer.Exit(1)


def _judge_settings(project: "ProjectConfig", tags: Mapping[str, str]) -> None:
    """Settings of a run are tried before it begins: a slip of the pen is wrong use, no failed run."""
    from ml_lifecycle.orchestration.naming import SETTING_PREFIX
    from ml_lifecycle.orchestration.settings import settings_in, settle

    keys = [tag.removeprefix(SETTING_PREFIX) for tag in tags if tag.startswith(SETTING_PREFIX)]
    for section in sorted({key.partition(".")[0] for key in keys}):
        settle(project, settings_in(tags, section))


def _of_this_run(made: "Sequence[AssetStatus]", outcome: "RunOutcome") -> "list[AssetStatus]":
    """What a run that failed has made itself: what an earlier one left would look like its result."""
    return [item for item in made if outcome.succeeded or item.run_id == outcome.run_id]


def require_writable(path: Path | None, option: str) -> None:
    """Refuse a file that cannot be written, before anything is computed for it.

    Args:
        path: The file; None asks for nothing.
        option: What names it.

    Raises:
        ConfigError: Its folder is not there, or it or its folder may not be written.
    """
    from ml_lifecycle.errors import ConfigError

    if path is None:
        return
    reason = ""
    if path.is_dir():
        reason = "a folder"
    elif not path.parent.is_dir():
        reason = f"no folder {path.parent}"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        reason = "one that may not be written"
    if reason:
        raise ConfigError(
            f"{path} cannot be written",
            expected="a file in a folder that is there and may be written",
            got=reason,
            advice=f"correct {option}, or make the folder",
        )


def print_json(value: object) -> None:
    """Print one JSON document in one line."""
    typer.echo(json.dumps(value, default=str))


def _plain(outcome: "RunOutcome") -> dict[str, Any]:
    said = asdict(outcome)
    said["gates"] = [{"asset": gate.asset, **asdict(gate.verdict)} for gate in outcome.gates]
    return said
