"""Packages become versions that answer: read, proven on their own example, and kept while they are needed.

Which versions those are is decided in `champion`; what a version can do lives in `scoring`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson

from ml_lifecycle.errors import LifecycleError, PackageError
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.serving.live_history import catch_up
from ml_lifecycle.serving.prediction_log import PredictionLog, write_json
from ml_lifecycle.serving.routing import Served
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle.serving.stored_features import StoredFeatures

#: A new version that cannot be loaded is tried again after so many seconds, then after twice as many.
_FIRST_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 60.0


@dataclass
class _Broken:
    """A version that could not be loaded, and when it is tried again."""

    error: LifecycleError
    again: float
    pause: float


class Loader:
    """Reads packages, keeps those that are answering, and does not try a broken one all the time.

    Args:
        project: The project.
        registry: Where packages come from.
        log: A version that looks back is told what was logged since it was made.
        stored: Completes rows with columns that they do not bring.
    """

    def __init__(
        self, project: str, registry: Registry, log: PredictionLog | None, stored: StoredFeatures | None
    ) -> None:
        self._project = project
        self._registry = registry
        self._log = log
        self._stored = stored
        self._ready: dict[str, Served] = {}
        self._broken: dict[str, _Broken] = {}
        self._stage: tuple[int, int] | None = None

    def get(self, version: str, *, patiently: bool = False) -> Served:
        """The version, ready to answer.

        Args:
            version: Which.
            patiently: Whether one that is broken is tried again only after a pause.

        Raises:
            LifecycleError: It cannot be loaded.
        """
        if version in self._ready:
            return self._ready[version]
        broken = self._broken.get(version)
        if patiently and broken is not None and time.monotonic() < broken.again:
            raise broken.error
        try:
            served = self._load_whole(version)
        except LifecycleError as error:
            pause = _FIRST_PAUSE if broken is None else min(2 * broken.pause, _LONGEST_PAUSE)
            self._broken[version] = _Broken(error, time.monotonic() + pause, pause)
            raise
        self._broken.pop(version, None)
        self._ready[version] = served
        return served

    def look_back_to(self, stage: tuple[int, int]) -> None:
        """Have versions that look back loaded anew in each step.

        Entities have changed hands then, so each version must be told what the other has answered.
        """
        if self._stage is not None and stage != self._stage:
            self._ready = {
                name: served for name, served in self._ready.items() if served.scorer.package.history is None
            }
        self._stage = stage

    def keep_only(self, versions: set[str]) -> None:
        """Forget what does not answer any more."""
        self._ready = {name: served for name, served in self._ready.items() if name in versions}

    def _load_whole(self, version: str) -> Served:
        try:
            return self._load(version)
        except LifecycleError:
            raise
        except Exception as error:  # the boundary: a damaged package may break whatever reads it, and must not stop us
            raise PackageError(
                f"version {version} cannot be loaded",
                expected="a package that is whole",
                got=f"{type(error).__name__}: {error}",
                advice="roll the version back, and package it again",
            ) from error

    def _load(self, version: str) -> Served:
        package = load_package(self._registry.fetch(self._project, version))
        if self._log is not None:
            package = catch_up(package, self._log, self._project, datetime.now(UTC).replace(tzinfo=None))
        served = Served(version, Scorer(package, self._stored))
        _prove(served)
        return served


def _prove(served: Served) -> None:
    """Have the version answer its own example before it answers anybody: what breaks, breaks here, and it is warm."""
    example = served.scorer.package.example
    rows = orjson.loads(write_json(example.to_dict("records")))
    for row in rows:
        served.scorer.score_rows([row])
