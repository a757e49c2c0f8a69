"""`Home`: where the state of an embedded deployment lies. What is in each place is the business of its room.

<home>/dagster      runs, events, schedules of Dagster
<home>/mlflow       MLflow's database and artifacts
<home>/lake         Delta Lake tables and the files beside them
<home>/studies      Optuna's journals
<home>/experiments  experiments as their YAML describes them, one folder per project
<home>/inbox        rows and outcomes that arrive (a project's batch source may look here)
<home>/locks        one lock per project
<home>/service.db   predictions, outcomes, ledger
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ml_lifecycle.errors import StateError

HOME_VARIABLE = "ML_LIFECYCLE_HOME"


@dataclass(frozen=True, slots=True)
class Home:
    """The state folder and the addresses derived from it."""

    path: Path

    @classmethod
    def find(cls, root: Path) -> Home:
        """The state folder of a deployment: `ML_LIFECYCLE_HOME`, or `data/home` below `root`."""
        named = os.environ.get(HOME_VARIABLE)
        return cls((Path(named).expanduser() if named else root / "data" / "home").resolve())

    @property
    def dagster(self) -> Path:
        """Dagster's own storage, which is its DAGSTER_HOME too."""
        return self.path / "dagster"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts."""
        return self.path / "mlflow"

    @property
    def mlflow_uri(self) -> str:
        """MLflow's tracking and registry URI: `MLFLOW_TRACKING_URI`, or SQLite in the state folder."""
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{self.mlflow / 'mlflow.db'}"

    @property
    def lake(self) -> Path:
        """Delta Lake tables, one folder per project and asset."""
        return self.path / "lake"

    @property
    def studies(self) -> Path:
        """Journals of searches, so that a killed search resumes."""
        return self.path / "studies"

    @property
    def experiments(self) -> Path:
        """What experiments are to find out, one folder per project."""
        return self.path / "experiments"

    @property
    def inbox(self) -> Path:
        """Rows and outcomes that arrive."""
        return self.path / "inbox"

    @property
    def collected(self) -> Path:
        """Pieces of sources as they were read, one folder per project, for incremental collection."""
        return self.path / "collected"

    @property
    def feast(self) -> Path:
        """Registries and online tables of feature stores, one folder per project."""
        return self.path / "feast"

    @property
    def locks(self) -> Path:
        """Lock files."""
        return self.path / "locks"

    @property
    def service_url(self) -> str:
        """SQLAlchemy URL of the service tables: `ML_LIFECYCLE_SERVICE_URL`, or SQLite in the state folder."""
        return os.environ.get("ML_LIFECYCLE_SERVICE_URL") or f"sqlite:///{self.path / 'service.db'}"

    def create(self) -> Home:
        """Make the folders.

        Raises:
            StateError: The folder cannot be made or written.
        """
        try:
            for folder in (self.dagster, self.mlflow, self.lake, self.studies, self.inbox, self.locks):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.path / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise StateError(
                "the state folder cannot be written",
                expected=f"a writable folder {self.path}",
                got=f"{type(error).__name__}: {error.strerror}",
                advice=f"mend its permissions or free space, or name another one in {HOME_VARIABLE}",
            ) from error
        return self
