"""`MlflowRuns`: MLflow's tracking store: files and figures beside a run, and what MLflow says turned into our errors.

Versions of models are in `registry`. The runs themselves are begun and ended by the orchestration.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from ml_lifecycle.errors import StateError


class MlflowRuns:
    """Runs of an MLflow store.

    Args:
        uri: Where it is: `sqlite:///...` or the URL of a server.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def log_artifact_bytes(self, run_id: str, path: str, data: bytes) -> None:
        """Put a file beside a run.

        Args:
            run_id: The run.
            path: Its relative path there, such as `evaluation/roc.png`.
            data: Its content.

        Raises:
            StateError: MLflow refuses.
        """
        folder, _, name = path.rpartition("/")
        with self.asking(f"store {path}"), tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / name
            file.write_bytes(data)
            self.client.log_artifact(run_id, str(file), folder or None)

    def log_artifacts_bytes(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Put several files beside a run, in one request.

        Args:
            run_id: The run.
            files: Their contents by relative path.

        Raises:
            StateError: MLflow refuses.
        """
        with self.asking(f"store {len(files)} files"), tempfile.TemporaryDirectory() as scratch:
            for path, data in files.items():
                file = Path(scratch) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            self.client.log_artifacts(run_id, scratch)

    def log_series(self, run_id: str, name: str, points: Sequence[tuple[int, float]]) -> None:
        """Log a metric over its steps, in one request.

        Args:
            run_id: The run.
            name: The metric.
            points: Step and value of each point.

        Raises:
            StateError: MLflow refuses.
        """
        from mlflow.entities import Metric

        if not points:
            return
        now = int(time.time() * 1000)
        with self.asking(f"log {name}"):
            self.client.log_batch(run_id, metrics=[Metric(name, value, now, step) for step, value in points])

    def artifact_bytes(self, run_id: str, path: str) -> bytes:
        """The content of a file that was put beside a run.

        Raises:
            StateError: MLflow refuses, or there is no such file.
        """
        with self.asking(f"read {path}"), tempfile.TemporaryDirectory() as scratch:
            return Path(self.client.download_artifacts(run_id, path, scratch)).read_bytes()

    def run_url(self, run_id: str) -> str:
        """A link to a run where a server shows it; else the command that does, and the run's id."""
        if not self.uri.startswith("http"):
            return f"mlflow ui --backend-store-uri {self.uri} (run {run_id})"
        with self.asking(f"look up run {run_id}"):
            experiment = self.client.get_run(run_id).info.experiment_id
        return f"{self.uri.rstrip('/')}/#/experiments/{experiment}/runs/{run_id}"

    @cached_property
    def client(self) -> Any:  # noqa: ANN401 - MLflow ships no types that mypy reads here
        """MLflow's client, made at first use."""
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # it is read when mlflow is imported
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Turn what MLflow and its database say into an error that a user can mend."""
        try:
            client = self.client
            del client
            from mlflow.exceptions import MlflowException
            from sqlalchemy.exc import SQLAlchemyError
        except OSError as error:
            raise self._refuses(what, error) from error
        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise self._refuses(what, error) from error

    def _refuses(self, what: str, error: Exception) -> StateError:
        return StateError(
            f"MLflow refuses to {what}",
            expected=f"a usable MLflow at {self.uri}",
            got=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",
            advice="check that the version exists, the folder's permissions and space, or that the server answers",
        )
