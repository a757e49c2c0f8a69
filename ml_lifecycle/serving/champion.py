"""Which versions a server answers with: the champion of the ledger, and during a rollout the new version beside it.

Versions are swapped in while the old ones go on answering. What a version can do lives in `scoring`, who answers which
caller in `routing`; how a version becomes champion in `release/deployment`, how a rollout goes in `release/rollout`.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final, Protocol

from ml_lifecycle.errors import LifecycleError
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import Rollout, Rollouts
from ml_lifecycle.release.rollout_steps import note_problem
from ml_lifecycle.serving.loading import Loader
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.routing import Pick, Router, Served
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle.serving.stored_features import StoredFeatures

__all__ = ["ChampionProvider", "FixedProvider", "Pick", "Provider", "Served"]

_REFRESH_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Provider(Protocol):
    """Says which version answers."""

    @property
    def served(self) -> Served | None:
        """The version in production; None if there is none."""
        ...

    @property
    def shadow(self) -> Served | None:
        """The version that is asked beside the one that answers, after the answer has left; None if there is none."""
        ...

    @property
    def problem(self) -> str:
        """Why the newest champion, or the version that is rolled out, does not answer; empty if all do."""
        ...

    def pick(self, key: str | None) -> Pick:
        """Who answers a caller, see `routing.Router.pick`.

        Raises:
            StateError: No version is in production.
        """
        ...

    def refresh(self) -> None:
        """Look whether it is still the right one; cheap if that was done just now."""
        ...


class FixedProvider:
    """Always the same version.

    Args:
        package: Its package.
        version: What it is called.
        shadow: A package that is asked beside it, and what that is called.
    """

    problem = ""

    def __init__(self, package: Package, version: str, *, shadow: tuple[Package, str] | None = None) -> None:
        self.served = Served(version, Scorer(package))
        self.shadow = None if shadow is None else Served(shadow[1], Scorer(shadow[0]))
        self._router = Router(self.served)

    def pick(self, key: str | None) -> Pick:
        """The one version."""
        return self._router.pick(key)

    def refresh(self) -> None:
        """Nothing changes."""


class ChampionProvider:
    """The champion of a project, as the ledger says, and the version that is rolled out, as the rollout's state says.

    A new version is read and proven whole before it answers anybody; while that fails, the old ones go on answering.
    A version that is rolled out and cannot be loaded leaves all callers to the champion.

    Args:
        project: The project.
        registry: Where packages come from.
        ledger: Who is champion.
        rollouts: What is rolled out; by default, what is in the ledger's database.
        seconds: The database is asked at most this often.
        log: Where predictions are kept: a version that looks back is told what was logged since it was made.
        stored: Completes rows with columns that they do not bring.
    """

    def __init__(
        self,
        project: str,
        *,
        registry: Registry,
        ledger: Ledger,
        rollouts: Rollouts | None = None,
        seconds: float = _REFRESH_SECONDS,
        log: PredictionLog | None = None,
        stored: StoredFeatures | None = None,
    ) -> None:
        self.project = project
        self.seconds = seconds
        self._ledger = ledger
        self._rollouts = rollouts or Rollouts(ledger.url)
        self._loader = Loader(project, registry, log, stored)
        self._router = Router()
        self._problems: dict[str, str] = {}
        self._told: tuple[int, str] | None = None
        self._asked = float("-inf")
        self._lock = threading.Lock()

    @property
    def served(self) -> Served | None:
        """The version in production; None if there is none."""
        return self._router.champion

    @property
    def shadow(self) -> Served | None:
        """The version that is asked beside the one that answers; None if there is none."""
        return self._router.shadow

    @property
    def problem(self) -> str:
        """Why the newest champion, or the version that is rolled out, does not answer; empty if all do."""
        return " ".join(tuple(self._problems.values()))

    def pick(self, key: str | None) -> Pick:
        """Who answers a caller."""
        return self._router.pick(key)

    def refresh(self) -> None:
        """Ask the database, unless that was done just now, and swap in what has changed."""
        with self._lock:
            if time.monotonic() - self._asked < self.seconds:
                return
            try:
                self._look()
            except LifecycleError as error:  # the boundary: what answers now must go on answering
                self._tell("state", error)
            else:
                self._problems.pop("state", None)
            finally:
                self._asked = time.monotonic()

    def _look(self) -> None:
        """The champion first: a version that has finished is champion in the ledger before its rollout has ended."""
        version = self._ledger.champion(self.project)
        rollout = self._rollouts.running(self.project)
        if rollout is not None and rollout.version == version:
            rollout = None
        self._loader.look_back_to((rollout.rollout, rollout.step) if rollout is not None else (0, 0))
        if rollout is None or self.served is None or self.served.version != version:
            self._swap(self._champion(version), None, None)  # before a new version is loaded, which takes its time
        champion = self._champion(version)
        self._swap(champion, rollout, None if rollout is None else self._rolled_out(rollout))

    def _champion(self, version: str | None) -> Served | None:
        """The champion; while it cannot be loaded, or where the ledger names none, the one of before."""
        if version is None:
            self._problems.pop("champion", None)
            return self.served
        try:
            served = self._loader.get(version)
        except LifecycleError as error:
            self._tell("champion", error)
            return self.served
        self._problems.pop("champion", None)
        return served

    def _rolled_out(self, rollout: Rollout) -> Served | None:
        try:
            served = self._loader.get(rollout.version, patiently=True)
        except LifecycleError as error:
            self._tell("rollout", error)
            if self._told != (rollout.rollout, rollout.version):
                self._told = (rollout.rollout, rollout.version)
                note_problem(self._rollouts, rollout, str(error), by="server")
            return None
        self._problems.pop("rollout", None)
        return served

    def _swap(self, champion: Served | None, rollout: Rollout | None, version: Served | None) -> None:
        before = self._router
        if rollout is None or version is None:
            self._router = Router(champion)
            if rollout is None:
                self._problems.pop("rollout", None)
        else:
            hidden = rollout.share <= 0
            self._router = Router(
                champion,
                None if hidden else version,
                share=rollout.share,
                salt=(self.project, str(rollout.rollout)),
                shadow=version if hidden else None,
            )
        self._loader.keep_only({item.version for item in (champion, version) if item is not None})
        if before.described != self._router.described:
            _log.info("%s: %s", self.project, self._router.described)

    def _tell(self, about: str, error: LifecycleError) -> None:
        said = str(error)
        if self._problems.get(about) != said:
            _log.warning("%s: the %s cannot be served. %s", self.project, about, error)
        self._problems[about] = said
