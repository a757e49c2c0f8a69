"""Which version a server answers with: the champion of the ledger, swapped in while the old one goes on answering.

What a version can do lives in `scoring`; how one becomes champion in `release/deployment`.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from ml_lifecycle.errors import LifecycleError
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.packaging import Package, load_package
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.serving.live_history import catch_up
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle.serving.stored_features import StoredFeatures

_REFRESH_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """A version that is ready to answer."""

    version: str
    scorer: Scorer


class Provider(Protocol):
    """Says which version answers."""

    @property
    def served(self) -> Served | None:
        """The version that answers now; None if there is none."""
        ...

    @property
    def problem(self) -> str:
        """Why the newest champion does not answer; empty if it does."""
        ...

    def refresh(self) -> None:
        """Look whether it is still the right one; cheap if that was done just now."""
        ...


class FixedProvider:
    """Always the same version."""

    problem = ""

    def __init__(self, package: Package, version: str) -> None:
        self.served = Served(version, Scorer(package))

    def refresh(self) -> None:
        """Nothing changes."""


class ChampionProvider:
    """The champion of a project, as the ledger says.

    A new champion is read and proven whole before it takes over; while that fails, the old one goes on answering.

    Args:
        project: The project.
        registry: Where packages come from.
        ledger: Who is champion.
        seconds: The ledger is asked at most this often.
        log: Where predictions are kept: a champion that looks back is told what was logged since it was made.
        stored: Completes rows with columns that they do not bring.
    """

    def __init__(
        self,
        project: str,
        *,
        registry: Registry,
        ledger: Ledger,
        seconds: float = _REFRESH_SECONDS,
        log: PredictionLog | None = None,
        stored: StoredFeatures | None = None,
    ) -> None:
        self._stored = stored
        self.project = project
        self.seconds = seconds
        self.served: Served | None = None
        self.problem = ""
        self._registry = registry
        self._ledger = ledger
        self._log = log
        self._asked = float("-inf")
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Ask the ledger, unless that was done just now, and swap in a new champion."""
        with self._lock:
            if time.monotonic() - self._asked < self.seconds:
                return
            try:
                self._swap()
                self.problem = ""
            except LifecycleError as error:  # the boundary: what answers now must go on answering
                self.problem = str(error)
                _log.warning("%s: the champion cannot be loaded. %s", self.project, error)
            finally:
                self._asked = time.monotonic()

    def _swap(self) -> None:
        version = self._ledger.champion(self.project)
        if version is None or (self.served is not None and self.served.version == version):
            return
        package = load_package(self._registry.fetch(self.project, version))
        if self._log is not None:
            package = catch_up(package, self._log, self.project, datetime.now(UTC).replace(tzinfo=None))
        self.served = Served(version, Scorer(package, self._stored))
        _log.info("%s: version %s answers", self.project, version)
