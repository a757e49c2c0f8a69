"""The real UI on the state of a real run, and a browser that looks at it.

One run and one server serve all browser tests: both take the better part of a minute.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ml_lifecycle.config.home import HOME_VARIABLE
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.browser.ui import VIEWPORT, DagsterUI, open_browser

ROOT = Path(__file__).parents[2]
PROJECT = "loans"

_RUN_SECONDS = 240
_START_SECONDS = 120
_STOP_SECONDS = 30
_LEFT_SECONDS = 10
_SEEN_MILLISECONDS = 30_000  # a busy machine takes seconds to show a page
_LOG_TAIL = 3000


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the command and of the UI: a state folder of their own, and Dagster's home inside it."""
    home = tmp_path_factory.mktemp("browser") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(home))
        patch.setenv("DAGSTER_HOME", "")  # the machine's own is not meant; empty, so that the site names its own
        Site.find(ROOT).settle_environment()
        return {**os.environ, "PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="session")
def finished_run(environment: dict[str, str]) -> str:
    """The id of a lifecycle run of the sample, made by the command."""
    command = [str(Path(sys.executable).with_name("ml-lifecycle")), "run", PROJECT, "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_RUN_SECONDS, check=False
    )
    said = f"{done.stdout[-_LOG_TAIL:]}\n{done.stderr[-_LOG_TAIL:]}"
    assert done.returncode == 0, f"`ml-lifecycle run {PROJECT}` ended with {done.returncode}:\n{said}"
    outcome: dict[str, Any] = json.loads(done.stdout)
    return str(outcome["run"]["run_id"])


@pytest.fixture(scope="session")
def ui(environment: dict[str, str], finished_run: str) -> Iterator[DagsterUI]:
    """The UI on the state that the run was recorded in; webserver, daemon and code servers end with the tests."""
    del finished_run  # only that it is there
    log = Path(environment[HOME_VARIABLE]) / "ui.log"
    port = _free_port()
    with log.open("wb") as output, _default_interrupt():
        server = subprocess.Popen(
            [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        served = DagsterUI(f"http://127.0.0.1:{port}")
        try:
            served.wait_until_loaded(_START_SECONDS)
        except (TimeoutError, RuntimeError) as error:
            error.add_note(log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:])
            raise
        yield served
    finally:
        _stop(server)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    expect.set_options(timeout=_SEEN_MILLISECONDS)
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, ui: DagsterUI, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """A fresh visitor's page; when the test fails, what the visitor saw lies in the test's folder."""
    context = browser.new_context(viewport=VIEWPORT, base_url=ui.url)
    context.set_default_timeout(_SEEN_MILLISECONDS)
    opened = context.new_page()
    failed_before = request.session.testsfailed
    try:
        yield opened
    finally:
        if request.session.testsfailed > failed_before:
            opened.screenshot(path=tmp_path / "failed.png", full_page=True)
            sys.stderr.write(f"the page at the failure: {tmp_path / 'failed.png'}\n")
        context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _default_interrupt() -> Iterator[None]:
    """Give SIGINT its usual meaning to what is started meanwhile.

    A shell in the background hands it on as ignored, and `dagster dev` does on SIGTERM what it does on SIGINT.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server by SIGTERM, on which it ends its children; then, with force, whoever of its session is left."""
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(_STOP_SECONDS)
    deadline = time.monotonic() + _LEFT_SECONDS
    while _group_lives(server.pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    if _group_lives(server.pid):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(_STOP_SECONDS)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
