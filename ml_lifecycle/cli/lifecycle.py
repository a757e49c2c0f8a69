"""The commands about a whole project: init, list, run, retrain, monitor, simulate, status, up."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json, run_job


class Trigger(StrEnum):
    """Why a person retrains."""

    COMMAND = "command"
    DRIFT = "drift"
    PERFORMANCE = "performance"
    SCHEDULE = "schedule"


class Priority(StrEnum):
    """The place of a run in the queue."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


def register(app: typer.Typer) -> None:
    """Add the commands to the whole."""
    for name, command in _COMMANDS.items():
        app.command(name)(command)


def init_command(
    name: Annotated[str, typer.Argument(help="The new project's name: letters, digits, underscores.")],
    data: Annotated[Path, typer.Option(help="A CSV (any separator, .gz too) or Parquet file.")],
    template: Annotated[str | None, typer.Option(help="classification, regression or ranking.")] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    event_time: Annotated[str | None, typer.Option(help="The column that says when a row happened.")] = None,
    group: Annotated[str | None, typer.Option(help="Rows with the same value stay in one split.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write a project for a table: a commented defs.yaml and the schema. Says what was guessed and why."""
    from ml_lifecycle.config.brief import Task
    from ml_lifecycle.discovery.draft import draft_project, write_draft
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    if template is not None and template not in set(Task):
        raise typer.BadParameter(f"expected one of {[str(task) for task in Task]}, got {template!r}")
    draft = draft_project(
        name,
        data,
        task=Task(template) if template else None,
        target=target,
        event_time=event_time,
        group=group,
        root=site.root,
    )
    folder = write_draft(draft, site.defs_folder / name)
    if as_json:
        guesses = [asdict(guess) for guess in draft.guesses]
        return print_json({"project": name, "folder": str(folder), "guesses": guesses})
    from ml_lifecycle.orchestration.console import print_draft

    return print_draft(name, folder, draft.guesses)


def list_command(*, as_json: AsJson = False) -> None:
    """List the projects."""
    from ml_lifecycle.orchestration.site import Site

    projects = Site.find().projects.values()
    rows = [
        {
            "project": item.name,
            "task": item.brief.task.value,
            "target": item.brief.target,
            "problem": item.brief.problem,
        }
        for item in projects
    ]
    if as_json:
        return print_json(rows)
    from ml_lifecycle.orchestration.console import print_rows

    return print_rows("Projects", rows)


def run_command(
    project: Project,
    *,
    force: Annotated[bool, typer.Option("--force", help="Compute every step again, changed or not.")] = False,
    data_version: Annotated[
        str | None, typer.Option(help="Work on this version of the raw data, as `data versions` lists it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the whole lifecycle of a project, from its data to the deployed model."""
    from ml_lifecycle.orchestration.data_versions import version_number
    from ml_lifecycle.orchestration.naming import DATA_VERSION_TAG, FORCE_TAG

    tags = {FORCE_TAG: "true"} if force else {}
    if data_version is not None:
        tags[DATA_VERSION_TAG] = str(version_number(data_version))
    run_job(project, "lifecycle", tags=tags, as_json=as_json)


def retrain_command(
    project: Project,
    trigger: Annotated[
        Trigger, typer.Option(help="Why: what is on record as the reason; after drift its findings count as handled.")
    ] = Trigger.COMMAND,
    priority: Annotated[
        Priority, typer.Option(help="Place in the queue, where others wait there too.")
    ] = Priority.NORMAL,
    *,
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave the run to the daemon of `ml-lifecycle up`; do not wait for it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train again with the labelled rows that have come since; promoted only if provably better."""
    from ml_lifecycle.orchestration.queued_runs import enqueue, retrain_tags
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    config = site.project(project)
    with site.instance() as instance:
        tags = retrain_tags(instance, config, trigger=trigger.value, priority=priority.value)
        run_id = enqueue(site, instance, config, "retrain", tags=tags) if queue else None
    if run_id is None:
        return run_job(project, "retrain", tags=tags, as_json=as_json)
    if as_json:
        return print_json({"queued": run_id, "tags": tags})
    return typer.echo(f"Queued as run {run_id}; the daemon of `ml-lifecycle up` starts it by its priority.")


def monitor_command(
    project: Project,
    window: Annotated[
        str | None, typer.Option(help="The window, such as 2025-10-01; by default the one that has closed last.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="All windows from this one on, in one run.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Up to this one; by default the last that closed.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Judge one monitoring window, or many: score what arrived, take in outcomes, look for drift and lost quality."""
    from ml_lifecycle.orchestration.partitions import window_or_last, windows_between
    from ml_lifecycle.orchestration.site import Site

    config = Site.find().project(project)
    if window is not None and (first is not None or last is not None):
        raise typer.BadParameter("expected --window, or --from and --to, got both")
    several = first is not None or last is not None
    windows = windows_between(config, first, last) if several else (window_or_last(config, window),)
    run_job(project, "monitor", tags={}, as_json=as_json, partition=windows)


def simulate_command(
    project: Project,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days to play.")] = 30,
    drift: Annotated[
        str, typer.Option(help="default (as shipped: covariate and concept), covariate, concept or none.")
    ] = "default",
    *,
    as_json: AsJson = False,
) -> None:
    """Play later days of the shipped stream into its project and watch drift being found and mended."""
    from ml_lifecycle.orchestration.console import SimulationPrinter
    from ml_lifecycle.orchestration.simulation import DRIFTS, simulate
    from ml_lifecycle.orchestration.site import Site

    if drift not in DRIFTS:
        raise typer.BadParameter(f"expected one of {list(DRIFTS)}, got {drift!r}")
    site = Site.find()
    config = site.project(project)
    with site.instance() as instance, SimulationPrinter(days, silent=as_json) as printer:
        played = simulate(site, instance, config, days=days, drift=drift, told=printer)
    if as_json:
        print_json([asdict(day) for day in played])
    if not all(day.monitor.succeeded for day in played):
        raise typer.Exit(1)


def status_command(project: Project, *, as_json: AsJson = False) -> None:
    """Show a project as it stands: versions, metrics, gates, windows, runs."""
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import status_of

    site = Site.find()
    config = site.project(project)
    with site.instance() as instance:
        status = status_of(instance, config)
    if as_json:
        return print_json(asdict(status))
    from ml_lifecycle.orchestration.console import print_status

    return print_status(status)


def up_command(
    host: Annotated[str, typer.Option(help="Address of the Dagster UI.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
) -> None:
    """Start the Dagster UI and daemon on the state that the runs were recorded in."""
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    site.settle_environment()
    typer.secho(f"Dagster UI: http://{host}:{port}  (Ctrl+C ends it)", fg=typer.colors.GREEN)
    sys.stdout.flush()
    os.chdir(site.root)
    # A shell that starts this in the background has SIGINT ignored; Dagster copies that to SIGTERM and never ends.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = ["dagster", "dev", "--host", host, "--port", str(port)]
    command += ["-w", "workspace.yaml"] if (site.root / "workspace.yaml").is_file() else ["-m", site.code_location]
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 - becomes Dagster, so signals reach it


_COMMANDS: dict[str, Callable[..., None]] = {
    "init": init_command,
    "list": list_command,
    "run": run_command,
    "retrain": retrain_command,
    "monitor": monitor_command,
    "simulate": simulate_command,
    "status": status_command,
    "up": up_command,
}
