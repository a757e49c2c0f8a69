"""Running an application on a socket: until the process ends, or in a thread for as long as somebody looks at it."""

from __future__ import annotations

import gc
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn

from ml_lifecycle.errors import StateError

if TYPE_CHECKING:
    from fastapi import FastAPI

_START_SECONDS: Final = 30.0
_LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 2048
#: How long a thread may keep the interpreter from another one that waits; Python's own 5 ms halve what a server does
#: that scores, logs and answers in three threads.
_SWITCH_SECONDS: Final = 0.0005
#: New objects before they are looked through, and how often older generations are.
_COLLECTED: Final = (100_000, 20, 20)


def run_server(app: FastAPI, *, host: str, port: int, drain_seconds: float | None = None) -> None:
    """Serve until the process is told to end; requests under way are answered first.

    Args:
        app: What answers.
        host: The address.
        port: The port; 0 takes a free one.
        drain_seconds: How long requests under way are waited for; None waits as long as they take.

    Raises:
        StateError: The address cannot be used.
    """
    tune_process()
    with bind(host, port) as listening:
        uvicorn.Server(server_settings(app, "info", drain_seconds=drain_seconds)).run(sockets=[listening])


def tune_process() -> None:
    """Let threads take turns more often, and rubbish be collected less often; for a process that only serves.

    A request of many rows makes tens of thousands of objects, none of them in a circle: by Python's own thresholds they
    are looked through again and again, with all that was imported.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


@contextmanager
def serve_in_thread(app: FastAPI, *, host: str = _LOOPBACK, port: int = 0) -> Iterator[str]:
    """Serve in a thread, and give the address: `http://127.0.0.1:<port>`.

    Raises:
        StateError: The address cannot be used, or the server does not come up.
    """
    server = uvicorn.Server(server_settings(app, "warning"))
    with bind(host, port) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), name="scoring-server", daemon=True)
        thread.start()
        try:
            _wait_until_up(server, thread)
            yield f"http://{host}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)


def bind(host: str, port: int) -> socket.socket:
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


def server_settings(
    app: FastAPI | Callable[[], FastAPI], level: str, *, drain_seconds: float | None = None
) -> uvicorn.Config:
    """How uvicorn runs an application.

    Args:
        app: What answers, or what makes it in another process.
        level: From which level on the server itself logs.
        drain_seconds: How long requests under way are waited for at the end; None waits as long as they take.
    """
    drain = None if drain_seconds is None else int(drain_seconds) + 1
    return uvicorn.Config(
        app,
        log_level=level,
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=drain,
    )


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
