"""The command about the monitoring page: written to a file, shown in the browser, or kept fresh on this machine.

What is on the page lives in `monitoring/dashboard`, where it is collected in `orchestration/dashboard`. The server's
page (`/monitor`) comes from `page_source`.
"""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json

if TYPE_CHECKING:
    from ml_lifecycle.serving.monitor_page import PageSource

#: Seconds for which the page is shown again instead of being drawn anew.
_FRESH_SECONDS = 10.0
_DRAW_SECONDS = 120.0
_SAID = 300
#: The command in a process of its own that leaves the machine to others; on systems that know no such thing, as it is.
_POLITE = "import os; getattr(os, 'nice', int)(10); from ml_lifecycle.cli.main import main; main()"


def dashboard_command(
    project: Project,
    out: Annotated[Path | None, typer.Option(help="The file; by default <project>_monitor.html.")] = None,
    windows: Annotated[int, typer.Option(min=2, max=400, help="How many windows are shown, the newest.")] = 60,
    features: Annotated[int, typer.Option(min=1, help="Features in the heatmap; the rest is folded.")] = 30,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port, with --serve.")] = 8600,
    *,
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve it on this machine, drawn anew as it is looked at.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Draw the monitoring page: state, versions, traffic, performance, drift, alerts, ledger. One file, no network."""
    from ml_lifecycle.monitoring.dashboard import judge_health, render_dashboard
    from ml_lifecycle.orchestration.dashboard import collect_dashboard
    from ml_lifecycle.orchestration.site import Site

    if serve:
        return _serve(project, port, show=show)
    site = Site.find()
    config = site.project(project)
    with site.instance() as instance:
        data = collect_dashboard(instance, config, most_windows=windows, most_features=features)
    path = (out or Path(f"{project}_monitor.html")).resolve()
    _write(path, render_dashboard(data))
    health = judge_health(data)
    if show:
        typer.launch(path.as_uri())
    if as_json:
        said = {"state": health.state.value, "sentence": health.sentence, "advice": health.advice}
        return print_json({"project": project, "path": str(path), **said})
    typer.echo(f"{project}: {health.state}. {health.sentence} {health.advice}")
    return typer.echo(f"Written: {path}", err=True)


def page_source(project: str, folder: Path | None = None) -> "PageSource":
    """Who draws a project's page for a server: another process, so that predictions never wait for it.

    Args:
        project: The project.
        folder: Where the workers of one server find a page that another one has just had drawn.
    """
    from ml_lifecycle.monitoring.dashboard import content_policy
    from ml_lifecycle.serving.monitor_page import PageSource

    def draw() -> bytes:
        if folder is None:
            with TemporaryDirectory() as scratch:
                return _drawn_elsewhere(project, Path(scratch) / "monitor.html")
        return _shared(project, folder / "monitor.html")

    return PageSource(draw, content_policy(), _FRESH_SECONDS)


def _shared(project: str, path: Path) -> bytes:
    """A page that several workers show: whoever comes first has it drawn."""
    from filelock import FileLock

    with FileLock(path.with_suffix(".lock")):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime < _FRESH_SECONDS:
                return path.read_bytes()
        return _drawn_elsewhere(project, path)


def _drawn_elsewhere(project: str, path: Path) -> bytes:
    """The page, drawn by the command in another process with low priority.

    Raises:
        StateError: That process failed.
    """
    from ml_lifecycle.errors import StateError

    command = [sys.executable, "-P", "-c", _POLITE, "dashboard", project, "--out", str(path), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DRAW_SECONDS, check=False)  # noqa: S603 - ours
        told = (done.stderr or done.stdout).strip()[-_SAID:] or f"an end with {done.returncode} without a word"
        said = told if done.returncode else ""
    except subprocess.TimeoutExpired:
        said = f"it took longer than {_DRAW_SECONDS:g} s"
    if said:
        raise StateError(
            "the monitoring page cannot be drawn",
            expected=f"`ml-lifecycle dashboard {project}` to write it",
            got=said,
            advice="run that command to see more",
        )
    return path.read_bytes()


def _serve(project: str, port: int, *, show: bool) -> None:
    """Serve the page on loopback until the command is ended; it is drawn in another process, as the server's is."""
    from fastapi import FastAPI

    from ml_lifecycle.config.serving import ServingConfig
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.serving.front import Front, Ways
    from ml_lifecycle.serving.limits import Limits
    from ml_lifecycle.serving.metrics import Metrics
    from ml_lifecycle.serving.paths import monitor_ways
    from ml_lifecycle.serving.server import run_server

    Site.find().project(project)  # a project that is not there is told at once
    limits = Limits.of(ServingConfig(timeout_seconds=_DRAW_SECONDS))
    app = FastAPI(openapi_url=None)
    app.mount(
        "/", Front(FastAPI(openapi_url=None), Ways(monitor_ways(page_source(project))), limits, Metrics(project), None)
    )
    address = f"http://127.0.0.1:{port}/monitor"
    typer.echo(f"Monitoring page of {project}: {address} (Ctrl+C ends it)")
    if show:
        typer.launch(address)
    run_server(app, host="127.0.0.1", port=port, drain_seconds=1.0)


def _write(path: Path, page: bytes) -> None:
    """Write the page whole or not at all: a server may be reading it."""
    from ml_lifecycle.errors import StateError

    draft = path.with_suffix(f"{path.suffix}.part")
    try:
        draft.write_bytes(page)
        draft.replace(path)
    except OSError as error:
        raise StateError(
            "the monitoring page cannot be written",
            expected=f"a folder that can be written: {path.parent}",
            got=f"{type(error).__name__}: {error}",
            advice="name another file with --out",
        ) from error
