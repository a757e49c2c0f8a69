"""The command `ml-lifecycle`: parses, calls, prints. What it prints with lives in `orchestration.console`.

Exit code 0: all blocking gates passed. 1: a gate stopped a run, or it failed. 2: wrong use or bad input.
"""

import json
import logging
import os
import signal
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.errors import LifecycleError

if TYPE_CHECKING:
    from ml_lifecycle.orchestration.runs import RunOutcome

app = typer.Typer(
    name="ml-lifecycle",
    help="The whole life of a machine-learning model on tabular data, run on Dagster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Project = Annotated[str, typer.Argument(help="The project's name, as `ml-lifecycle list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def main() -> None:
    """Run the command; an error that a user can mend is printed without a stack trace."""
    # What libraries tell their developers (beta features, database migrations) is not for the user of this command.
    warnings.filterwarnings("ignore", module="dagster")
    warnings.filterwarnings("ignore", message=".*is currently in beta.*")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        app()
    except LifecycleError as error:
        if "--json" in sys.argv:
            said = {"error": type(error).__name__, "message": str(error), "what_to_do": error.advice}
            typer.echo(json.dumps(said))
        else:
            typer.secho(f"{type(error).__name__}: {error}", fg=typer.colors.RED, err=True)
        sys.exit(2)


@app.command("init")
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
        return _print_json({"project": name, "folder": str(folder), "guesses": guesses})
    from ml_lifecycle.orchestration.console import print_draft

    return print_draft(name, folder, draft.guesses)


@app.command("list")
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
        return _print_json(rows)
    from ml_lifecycle.orchestration.console import print_rows

    return print_rows("Projects", rows)


@app.command("run")
def run_command(
    project: Project,
    *,
    force: Annotated[bool, typer.Option("--force", help="Compute every step again, changed or not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole lifecycle of a project, from its data to the deployed model."""
    from ml_lifecycle.orchestration.naming import FORCE_TAG

    _run_job(project, "lifecycle", tags={FORCE_TAG: "true"} if force else {}, as_json=as_json)


@app.command("retrain")
def retrain_command(project: Project, *, as_json: AsJson = False) -> None:
    """Train again with the labelled rows that have come since; promoted only if provably better."""
    _run_job(project, "retrain", tags={}, as_json=as_json)


@app.command("monitor")
def monitor_command(
    project: Project,
    window: Annotated[
        str | None, typer.Option(help="The window, such as 2025-10-01; by default the one that has closed last.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Judge one monitoring window: score what arrived, take in outcomes, look for drift and lost performance."""
    from ml_lifecycle.orchestration.partitions import window_or_last
    from ml_lifecycle.orchestration.site import Site

    config = Site.find().project(project)
    _run_job(project, "monitor", tags={}, as_json=as_json, partition=window_or_last(config, window))


@app.command("simulate")
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
        _print_json([asdict(day) for day in played])
    if not all(day.monitor.succeeded for day in played):
        raise typer.Exit(1)


@app.command("status")
def status_command(project: Project, *, as_json: AsJson = False) -> None:
    """Show a project as it stands: versions, metrics, gates, windows, runs."""
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import status_of

    site = Site.find()
    config = site.project(project)
    with site.instance() as instance:
        status = status_of(instance, config)
    if as_json:
        return _print_json(asdict(status))
    from ml_lifecycle.orchestration.console import print_status

    return print_status(status)


@app.command("serve")
def serve_command(
    project: Project,
    port: Annotated[int | None, typer.Option(help="Port; by default that of the YAML.")] = None,
) -> None:
    """Serve the version in production over HTTP, with the prediction log on."""
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.serving.app import serve

    config = Site.find().project(project)
    workspace = Workspace(config)
    at = config.serving.port if port is None else port
    typer.echo(f"Serving {project} on http://{config.serving.host}:{at} (Ctrl+C ends it)")
    serve(config, registry=workspace.registry, ledger=workspace.ledger, log=workspace.log, port=port)


@app.command("up")
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


def _run_job(name: str, verb: str, *, tags: dict[str, str], as_json: bool, partition: str | None = None) -> None:
    from ml_lifecycle.orchestration.console import StepProgress, print_outcome
    from ml_lifecycle.orchestration.runs import execute, steps_of
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import status_of

    site = Site.find()
    project = site.project(name)
    with site.instance() as instance:
        with StepProgress(f"{name} {verb}", steps_of(site, project, verb), silent=as_json) as progress:
            outcome = execute(site, instance, project, verb, partition=partition, tags=tags, watch=progress)
        status = status_of(instance, project)
    if as_json:
        _print_json({"run": _plain(outcome), "status": asdict(status)})
    else:
        print_outcome(outcome, status, verb)
    if not outcome.succeeded:
        raise typer.Exit(1)


def _plain(outcome: "RunOutcome") -> dict[str, Any]:
    said = asdict(outcome)
    said["gates"] = [{"asset": gate.asset, **asdict(gate.verdict)} for gate in outcome.gates]
    return said


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, default=str))
