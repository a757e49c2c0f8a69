"""The commands about the scoring server: serve, and the keys that open it."""

import getpass
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.cli.dashboard import page_source
from ml_lifecycle.cli.running import AsJson, Project, print_json

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ml_lifecycle.config.project import ProjectConfig
    from ml_lifecycle.serving.keys import Keys

keys_app = typer.Typer(help="Keys that open a scoring server (serving.auth: api_key).", no_args_is_help=True)

KeyName = Annotated[str, typer.Argument(help="What the key is called, such as who is to use it.")]


def serve_command(
    project: Project,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; by default that of the YAML.")] = None,
    host: Annotated[str | None, typer.Option(help="Address; by default that of the YAML.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that share the port; by default as in the YAML.")
    ] = None,
) -> None:
    """Serve the version in production over HTTP, with the prediction log on."""
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.serving.server import run_server
    from ml_lifecycle.serving.workers import CountsFolder, run_workers

    config = Site.find().project(project)
    serving = settle_address(config, host=host, port=port, workers=workers).serving
    place: dict[str, Any] = {"host": serving.host, "port": serving.port, "drain_seconds": serving.timeout_seconds}
    typer.echo(f"Serving {project} on http://{serving.host}:{serving.port} (Ctrl+C ends it)")
    if serving.workers == 1:
        return run_server(make_app(project), **place)
    with CountsFolder() as counts:
        return run_workers(partial(make_app, project, counts), workers=serving.workers, **place)


def make_app(project: str, counts: Path | None = None) -> "FastAPI":
    """The application of a project; each worker makes its own.

    Args:
        project: Its name.
        counts: Where workers tell each other what they have counted.
    """
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.serving.app import build_served_app
    from ml_lifecycle.serving.keys import Keys
    from ml_lifecycle.serving.server import tune_process

    tune_process()
    config = Site.find().project(project)
    workspace = Workspace(config)
    return build_served_app(
        config,
        registry=workspace.registry,
        ledger=workspace.ledger,
        log=workspace.log,
        keys=Keys(workspace.home.service_url),
        counts=counts,
        monitor=page_source(project, counts),
    )


def settle_address(
    config: "ProjectConfig", *, host: str | None, port: int | None, workers: int | None
) -> "ProjectConfig":
    """The project with the address that the command line names.

    Raises:
        ConfigError: Nobody who asks there would have to show a key.
    """
    from pydantic import ValidationError

    from ml_lifecycle.config.serving import ServingConfig
    from ml_lifecycle.errors import ConfigError

    named = {"host": host, "port": port, "workers": workers}
    given = {name: value for name, value in named.items() if value is not None}
    try:
        serving = ServingConfig.model_validate({**config.serving.model_dump(), **given})
    except ValidationError as error:
        raise ConfigError(
            "the server cannot be started so",
            expected="an address on this machine, or serving.auth: api_key",
            got=", ".join(f"--{name} {value}" for name, value in given.items()),
            advice="; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors()),
        ) from error
    return config.model_copy(update={"serving": serving})


@keys_app.command("add")
def add_key_command(project: Project, name: KeyName, *, as_json: AsJson = False) -> None:
    """Give out a key. It is shown once; what is kept of it is a hash."""
    key = _keys(project).add(project, name, by=getpass.getuser())
    if as_json:
        return print_json({"project": project, "name": name, "key": key})
    typer.echo(key)
    return typer.secho("Keep it: it is not shown again. Callers send `Authorization: Bearer <key>`.", err=True)


@keys_app.command("list")
def list_keys_command(project: Project, *, as_json: AsJson = False) -> None:
    """List the keys of a project, revoked ones too."""
    rows = [asdict(key) for key in _keys(project).list(project)]
    if as_json:
        return print_json(rows)
    from ml_lifecycle.orchestration.console import print_rows

    return print_rows(f"{project}: keys", rows)


@keys_app.command("revoke")
def revoke_key_command(project: Project, name: KeyName, *, as_json: AsJson = False) -> None:
    """Let a key open nothing any more; running servers notice within two seconds."""
    _keys(project).revoke(project, name)
    if as_json:
        return print_json({"project": project, "name": name, "revoked": True})
    return typer.echo(f"{name} is revoked.")


def _keys(project: str) -> "Keys":
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.serving.keys import Keys

    return Keys(Workspace(Site.find().project(project)).home.service_url)
