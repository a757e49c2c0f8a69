"""Serving a package folder by itself: no registry, no ledger, no YAML, no log.

    python -m ml_lifecycle.serving.package FOLDER [--host 127.0.0.1] [--port 8000]

Which paths there are is said in `app`; who may call is said in `package_keys`. Inside a project the champion is served
by `app.serve`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from ml_lifecycle.errors import LifecycleError
from ml_lifecycle.release.bundle.service import SERVICE_FILE, read_service
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.package_keys import HASHES_VARIABLE, GivenKeys, read_hashes
from ml_lifecycle.serving.server import run_server

_LOOPBACK: Final = "127.0.0.1"
_PORT: Final = 8000
_VERSION_DIGITS: Final = 12


class PackageHandler:
    """Answers rows with a package, without HTTP.

    Args:
        folder: The package.

    Raises:
        PackageError: It is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.package = load_package(folder)
        self.config = read_service(_service_of(folder, self.package.manifest.files), self.package.manifest, folder)
        #: Which model answers: no registry has given it a number, so its hash stands for it.
        self.version = self.package.manifest.digest[:_VERSION_DIGITS]

    @cached_property
    def provider(self) -> FixedProvider:
        """Its scorer, as servers take it."""
        return FixedProvider(self.package, self.version)

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Answer rows; a bad one has its errors in its place.

        Args:
            rows: Each a mapping of column to value.
        """
        answers = self.provider.served.scorer.score_rows(rows)
        return [
            dict(answer.output) if answer.output is not None else {"errors": [_told(item) for item in answer.failures]}
            for answer in answers
        ]


def build_package_app(folder: Path, hashes: Sequence[str] = ()) -> FastAPI:
    """The application that serves a package.

    Args:
        folder: The package.
        hashes: SHA-256 of the keys that callers may send; none lets everybody call.

    Raises:
        PackageError: It is damaged.
    """
    handler = PackageHandler(folder)
    return build_app(handler.config, handler.provider, None, keys=GivenKeys(hashes) if hashes else None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m ml_lifecycle.serving.package", description="Serve a package.")
    parser.add_argument("folder", type=Path, help="the package")
    parser.add_argument("--host", default=_LOOPBACK, help="address to listen on; others than loopback need keys")
    parser.add_argument("--port", type=int, default=_PORT, help="port to listen on")
    given = parser.parse_args(arguments)
    try:
        hashes = read_hashes(os.environ.get(HASHES_VARIABLE, ""), host=given.host)
        run_server(build_package_app(given.folder, hashes), host=given.host, port=given.port)
    except LifecycleError as error:
        sys.exit(f"{type(error).__name__}: {error}")


def _service_of(folder: Path, files: Mapping[str, str]) -> bytes | None:
    """What the package keeps of its project; the package has been proven by now."""
    return (folder / SERVICE_FILE).read_bytes() if SERVICE_FILE in files else None


def _told(failure: Any) -> dict[str, str]:  # noqa: ANN401 - a Failure of `dataset.row_checks`
    return {"column": failure.column, "check": failure.check, "value": failure.value}


if __name__ == "__main__":
    main()
