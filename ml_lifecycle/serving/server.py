"""Running an application on a socket: until the process ends, or in a thread for as long as somebody looks at it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn

from ml_lifecycle.errors import StateError

if TYPE_CHECKING:
    from fastapi import FastAPI

_START_SECONDS: Final = 30.0
_LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 2048


def run_server(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until the process is told to end; requests under way are answered first.

    Raises:
        StateError: The address cannot be used.
    """
    with _bind(host, port) as listening:
        uvicorn.Server(_settings(app, "info")).run(sockets=[listening])


@contextmanager
def serve_in_thread(app: FastAPI, *, host: str = _LOOPBACK, port: int = 0) -> Iterator[str]:
    """Serve in a thread, and give the address: `http://127.0.0.1:<port>`.

    Raises:
        StateError: The address cannot be used, or the server does not come up.
    """
    server = uvicorn.Server(_settings(app, "warning"))
    with _bind(host, port) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), name="scoring-server", daemon=True)
        thread.start()
        try:
            _wait_until_up(server, thread)
            yield f"http://{host}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)


def _bind(host: str, port: int) -> socket.socket:
    """Take the port ourselves: uvicorn would end the process where it cannot."""
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        raise StateError(
            "the scoring server cannot listen",
            expected=f"a free address {host}:{port}",
            got=f"{type(error).__name__}: {error.strerror}",
            advice="end what holds the port, or name another one in serving.port; 0 takes a free one",
        ) from error


def _settings(app: FastAPI, level: str) -> uvicorn.Config:
    return uvicorn.Config(app, log_level=level, access_log=False, lifespan="on")


def _wait_until_up(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise StateError(
                "the scoring server does not come up",
                expected="a server that listens on loopback",
                got="an ended thread" if not thread.is_alive() else f"nothing for {_START_SECONDS:g} s",
                advice="see the log above",
            )
        time.sleep(0.01)
