"""The model in production as the assets need it: its package, its predictions, and what it was compared against.

Which version it is says the ledger; where its package lies says the registry. Both live in `release`.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.release.packaging import Package


class Champion:
    """The version in production of a project, if there is one."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @cached_property
    def version(self) -> str | None:
        """The version in production."""
        return self._workspace.ledger.champion(self._workspace.project.name)

    @cached_property
    def package(self) -> "Package | None":
        """Its package, checked against its checksums."""
        if self.version is None:
            return None
        from ml_lifecycle.release.packaging import load_package

        return load_package(self._workspace.registry.fetch(self._workspace.project.name, self.version))

    def predict(self, rows: Any, classes: object) -> Any:
        """Its predictions for rows, in the classes of the candidate's target; None where there is no champion."""
        if self.package is None:
            return None
        return self.package.predictor.predict(rows) if self.package.predictor.target == classes else None
