"""Running an application on a socket: until the process ends, or in a thread for as long as somebody looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from ml_lifecycle.errors import StateError

if TYPE_CHECKING:
    from fastapi import FastAPI

_START_SECONDS: Final = 30.0
_LOOPBACK: Final = "127.0.0.1"


def run_server(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until the process is told to end; requests under way are answered first."""
    uvicorn.Server(_settings(app, host, port, "info")).run()


@contextmanager
def serve_in_thread(app: FastAPI, *, host: str = _LOOPBACK, port: int = 0) -> Iterator[str]:
    """Serve in a thread, and give the address: `http://127.0.0.1:<port>`.

    Raises:
        StateError: The server does not come up.
    """
    server = uvicorn.Server(_settings(app, host, port, "warning"))
    thread = threading.Thread(target=server.run, name="scoring-server", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{_wait_for_port(server, thread)}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)


def _settings(app: FastAPI, host: str, port: int, level: str) -> uvicorn.Config:
    return uvicorn.Config(app, host=host, port=port, log_level=level, access_log=False, lifespan="on")


def _wait_for_port(server: Any, thread: threading.Thread) -> int:  # noqa: ANN401 - uvicorn keeps its sockets untyped
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise StateError(
                "the scoring server does not come up",
                expected="a server that listens on loopback",
                got="an ended thread" if not thread.is_alive() else f"nothing for {_START_SECONDS:g} s",
                advice="see the log above; another process may hold the port",
            )
        time.sleep(0.01)
    return int(server.servers[0].sockets[0].getsockname()[1])
