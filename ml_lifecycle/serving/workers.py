"""Several processes that share one port: each serves by itself, one that dies is started again, SIGTERM lets all end.

uvicorn's own supervisor does the work; the port is bound once, before any worker starts, and inherited by all of them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from ml_lifecycle.serving.server import bind, server_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

#: A worker that has not said anything for so long is taken for dead; while it loads its libraries it says nothing.
_SILENT_SECONDS: Final = 60


def run_workers(factory: Callable[[], FastAPI], *, host: str, port: int, workers: int, drain_seconds: float) -> None:
    """Serve with several processes until this one is told to end; requests under way are answered first.

    Args:
        factory: Makes the application in each process; it is pickled.
        host: The address.
        port: The port; 0 takes a free one.
        workers: How many processes.
        drain_seconds: How long requests under way are waited for.

    Raises:
        StateError: The address cannot be used.
    """
    with bind(host, port) as listening:
        listening.set_inheritable(True)
        settings = server_settings(factory, "info", drain_seconds=drain_seconds)
        settings.factory = True
        settings.workers = workers
        settings.timeout_worker_healthcheck = _SILENT_SECONDS
        uvicorn.config.logger.info("%d workers on http://%s:%d", workers, host, listening.getsockname()[1])
        Multiprocess(settings, sockets=[listening]).run()


class CountsFolder:
    """A folder in which workers tell each other their counts, for as long as they run."""

    def __enter__(self) -> Path:
        """Make it."""
        self._path = Path(tempfile.mkdtemp(prefix="ml-lifecycle-counts-"))
        return self._path

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        shutil.rmtree(self._path, ignore_errors=True)
