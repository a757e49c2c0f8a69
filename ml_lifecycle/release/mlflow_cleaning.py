"""Deleting old runs of MLflow with what lies beside them. Which ones go is decided in monitoring.

A server keeps deleted runs until `mlflow gc` is called on its machine; the embedded store is told to forget them at
once.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlparse

import sqlalchemy as sa

from ml_lifecycle.release.mlflow_runs import MlflowRuns

#: The tag under which dagster-mlflow notes the run of Dagster.
_DAGSTER_TAG: Final = "dagster_run_id"
_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A run of MLflow that has ended.

    Args:
        run_id: Its id.
        ended: When; naive UTC.
        dagster_run: The run of Dagster that began it.
        folder: Where its files lie; None where that is elsewhere.
    """

    run_id: str
    ended: datetime
    dagster_run: str | None
    folder: Path | None


class MlflowCleaning(MlflowRuns):
    """Runs of a project that may go, in the store at `uri`."""

    def ended_runs(self, project: str) -> list[LoggedRun]:
        """All runs of a project that have ended.

        Raises:
            StateError: MLflow refuses.
        """
        with self.asking(f"list the runs of {project}"):
            experiment = self.client.get_experiment_by_name(project)
            runs = [] if experiment is None else list(self._pages(experiment.experiment_id))
        return [
            LoggedRun(
                run.info.run_id,
                datetime.fromtimestamp(run.info.end_time / 1000, tz=UTC).replace(tzinfo=None),
                run.data.tags.get(_DAGSTER_TAG),
                _local(run.info.artifact_uri),
            )
            for run in runs
            if run.info.end_time is not None
        ]

    def registered_runs(self, project: str) -> set[str]:
        """The runs that made registered versions.

        Raises:
            StateError: MLflow refuses.
        """
        with self.asking(f"list the versions of {project}"):
            return {str(item.run_id) for item in self._versions(project) if item.run_id}

    def folders_of(self, project: str, runs: Collection[LoggedRun]) -> list[Path]:
        """What lies beside runs: their files, and the models that they made and nobody has registered.

        Raises:
            StateError: MLflow refuses.
        """
        gone = {run.run_id for run in runs}
        folders = [run.folder for run in runs if run.folder is not None]
        models = [_local(model.artifact_location) for model in self._models(project, gone)]
        return [folder for folder in (*folders, *models) if folder is not None and folder.is_dir()]

    def delete(self, project: str, runs: Sequence[LoggedRun]) -> None:
        """Delete runs, and where the store is embedded forget them, their models and their files for good.

        Raises:
            StateError: MLflow refuses.
        """
        gone = {run.run_id for run in runs}
        folders, models = self.folders_of(project, runs), self._models(project, gone)
        with self.asking(f"delete {len(gone)} runs of {project}"):
            store = self.client._tracking_client.store  # noqa: SLF001 - as `mlflow gc` does
            embedded = self.uri.startswith("sqlite:")
            for model in models:
                self.client.delete_logged_model(model.model_id)
                if embedded:
                    store._hard_delete_logged_model(model.model_id)  # noqa: SLF001
            for run_id in sorted(gone):
                self.client.delete_run(run_id)
                if embedded:
                    store._hard_delete_run(run_id)  # noqa: SLF001
        if embedded:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
                if not any(folder.parent.iterdir()):
                    folder.parent.rmdir()

    def shrink(self) -> int:
        """Give back the space of deleted lines of the embedded store; how many bytes."""
        path = sa.make_url(self.uri).database if self.uri.startswith("sqlite:") else None
        if path is None or not Path(path).is_file():
            return 0
        before = Path(path).stat().st_size
        try:
            connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
            try:
                connection.execute("VACUUM")
            finally:
                connection.close()
        except sqlite3.OperationalError:  # busy: the next housekeeping tries again
            return 0
        return max(before - Path(path).stat().st_size, 0)

    def _models(self, project: str, runs: Collection[str]) -> list[Any]:
        """Logged models of runs that no registered version is made of."""
        if not runs:
            return []
        with self.asking(f"list the models of {project}"):
            experiment = self.client.get_experiment_by_name(project)
            registered = {getattr(item, "model_id", None) for item in self._versions(project)}
            found: list[Any] = []
            token = None
            while True:
                page = self.client.search_logged_models([experiment.experiment_id], page_token=token)
                found += page
                token = page.token
                if not token:
                    break
        return [item for item in found if item.source_run_id in runs and item.model_id not in registered]

    def _versions(self, project: str) -> list[Any]:
        found: list[Any] = []
        token = None
        while True:
            page = self.client.search_model_versions(f"name = '{project}'", page_token=token)
            found += page
            token = page.token
            if not token:
                return found

    def _pages(self, experiment_id: str) -> Iterator[Any]:
        token = None
        while True:
            page = self.client.search_runs([experiment_id], max_results=_PAGE, page_token=token)
            yield from page
            token = page.token
            if not token:
                return


def _local(address: str | None) -> Path | None:
    parsed = urlparse(address or "http://")
    return Path(unquote(parsed.path)) if parsed.scheme in {"", "file"} else None
