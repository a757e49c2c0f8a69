"""The door to MLflow: packages become versions of a registered model, and versions become packages again.

Which version is in production is for the ledger to say; MLflow's aliases follow it. The run that a version belongs to
is begun by the orchestration.
"""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlparse

import pandas as pd

from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.verdict import Verdict

LOADER: Final = "ml_lifecycle.release.flavor"
CHAMPION, CHALLENGER = "champion", "challenger"
_DATA_FOLDER: Final = "package"
_REQUIREMENTS: Final = ("ml-lifecycle", "lightgbm", "scikit-learn", "numpy", "pandas")
_ABSENT: Final = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a registered version says it takes and returns.

    Args:
        inputs: Input columns with their MLflow types.
        outputs: Output columns with their MLflow types.
        has_example: Whether an input example lies beside it.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    has_example: bool


class Registry:
    """MLflow's tracking store and model registry.

    Args:
        uri: Where both are: `sqlite:///...` or the URL of a server.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._folders: dict[tuple[str, str], Path] = {}

    def register(
        self,
        project: str,
        package_folder: Path,
        *,
        run_id: str,
        example: pd.DataFrame | None = None,
        predictions: pd.DataFrame | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Make a package the next version of the project's model, in MLflow's pyfunc form and within a run.

        Args:
            project: The name of the registered model.
            package_folder: The package.
            run_id: The MLflow run that made it.
            example: Input rows with the right types; those of the package by default.
            predictions: The answers for them, for the signature; computed by default.
            tags: Tags of the version.

        Returns:
            The version.

        Raises:
            PackageError: The package is damaged, or of another project.
            StateError: MLflow refuses.
        """
        package = load_package(package_folder)
        if package.manifest.project != project:
            raise PackageError(
                "a package is registered under its own project",
                expected=package.manifest.project,
                got=project,
                advice="package the model of this project",
            )
        rows = (package.example if example is None else example)[list(package.manifest.columns)]
        answers = package.answer(rows) if predictions is None else predictions
        labels = {"package_digest": package.manifest.digest, "kind": package.manifest.kind.value, **(tags or {})}
        with self._asking(f"register a version of {project}"), tempfile.TemporaryDirectory() as scratch:
            return self._register(project, package_folder, run_id, (rows, answers), labels, Path(scratch))

    def set_alias(self, project: str, alias: str, version: str) -> None:
        """Point an alias at a version.

        Raises:
            StateError: There is no such version, or MLflow refuses.
        """
        with self._asking(f"call version {version} of {project} {alias}"):
            self._client.set_registered_model_alias(project, alias, str(version))

    def drop_alias(self, project: str, alias: str) -> None:
        """Take an alias away; it need not be there."""
        with self._asking(f"take the alias {alias} from {project}"):
            self._client.delete_registered_model_alias(project, alias)

    def version_of(self, project: str, alias: str) -> str | None:
        """The version that an alias points at; None if there is none."""
        from mlflow.exceptions import MlflowException

        with self._asking(f"look up the {alias} of {project}"):
            try:
                return str(self._client.get_model_version_by_alias(project, alias).version)
            except MlflowException as error:
                if error.error_code in {_ABSENT, "INVALID_PARAMETER_VALUE"}:
                    return None
                raise

    def fetch(self, project: str, version: str) -> Path:
        """The folder of a version's package: where it lies, or a copy if it lies elsewhere.

        Raises:
            StateError: There is no such version, or MLflow refuses.
        """
        key = (project, str(version))
        if key not in self._folders or not self._folders[key].is_dir():
            self._folders[key] = self._fetch_model(project, str(version)) / "data" / _DATA_FOLDER
        return self._folders[key]

    def signature_of(self, project: str, version: str) -> Signature | None:
        """What a version says it takes and returns; None if it does not say."""
        folder = self._fetch_model(project, str(version))
        from mlflow.models import Model

        model = Model.load(str(folder))
        if model.signature is None:
            return None
        inputs, outputs = ({item.name: item.type.name for item in spec} for spec in _specs(model.signature))
        return Signature(inputs, outputs, has_example=(folder / "input_example.json").is_file())

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
        with self._asking(f"store {path}"), tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / name
            file.write_bytes(data)
            self._client.log_artifact(run_id, str(file), folder or None)

    def log_artifacts_bytes(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Put several files beside a run, in one request.

        Args:
            run_id: The run.
            files: Their contents by relative path.

        Raises:
            StateError: MLflow refuses.
        """
        with self._asking(f"store {len(files)} files"), tempfile.TemporaryDirectory() as scratch:
            for path, data in files.items():
                file = Path(scratch) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            self._client.log_artifacts(run_id, scratch)

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
        with self._asking(f"log {name}"):
            self._client.log_batch(run_id, metrics=[Metric(name, value, now, step) for step, value in points])

    def artifact_bytes(self, run_id: str, path: str) -> bytes:
        """The content of a file that was put beside a run.

        Raises:
            StateError: MLflow refuses, or there is no such file.
        """
        with self._asking(f"read {path}"), tempfile.TemporaryDirectory() as scratch:
            return Path(self._client.download_artifacts(run_id, path, scratch)).read_bytes()

    def run_url(self, run_id: str) -> str:
        """A link to a run where a server shows it; else the command that does, and the run's id."""
        if not self.uri.startswith("http"):
            return f"mlflow ui --backend-store-uri {self.uri} (run {run_id})"
        with self._asking(f"look up run {run_id}"):
            experiment = self._client.get_run(run_id).info.experiment_id
        return f"{self.uri.rstrip('/')}/#/experiments/{experiment}/runs/{run_id}"

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - MLflow ships no types that mypy reads here
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # it is read when mlflow is imported
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def _register(
        self,
        project: str,
        package_folder: Path,
        run_id: str,
        signed: tuple[pd.DataFrame, pd.DataFrame],
        tags: Mapping[str, str],
        scratch: Path,
    ) -> str:
        client = self._client
        from mlflow.entities import LoggedModelOutput, LoggedModelStatus

        experiment = client.get_run(run_id).info.experiment_id
        model = client.create_logged_model(experiment, name=project, source_run_id=run_id, tags=dict(tags))
        try:
            _save(scratch / "model", package_folder, signed, model)
            client.log_model_artifacts(model.model_id, str(scratch / "model"))
        except Exception:
            client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED)
            raise
        client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
        self._ensure_model(project)
        # By its address and not as models:/<id>: that is looked up in the process-wide store, which may be another.
        made = client.create_model_version(
            project, source=model.artifact_location, run_id=run_id, tags=dict(tags), model_id=model.model_id
        )
        return str(made.version)

    def _ensure_model(self, project: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(project, description=f"Models of the project {project}.")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _fetch_model(self, project: str, version: str) -> Path:
        with self._asking(f"fetch version {version} of {project}"):
            address = str(self._client.get_model_version_download_uri(project, version))
            parsed = urlparse(address)
            if parsed.scheme in {"", "file"}:
                return Path(unquote(parsed.path))
            import mlflow.artifacts

            target = tempfile.mkdtemp(prefix=f"{project}-{version}-")
            return Path(mlflow.artifacts.download_artifacts(address, dst_path=target, tracking_uri=self.uri))

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Turn what MLflow and its database say into an error that a user can mend."""
        try:
            client = self._client
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


def judge_signature(registry: Registry, project: str, version: str) -> Verdict:
    """signature_present: the version names every column that its model reads, what it returns, and has an example."""
    signature = registry.signature_of(project, version)
    wanted = load_package(registry.fetch(project, version)).manifest.columns
    inputs = {} if signature is None else dict(signature.inputs)
    outputs = {} if signature is None else dict(signature.outputs)
    missing = [name for name in wanted if name not in inputs]
    has_example = signature is not None and signature.has_example
    passed = not missing and bool(outputs) and has_example
    return Verdict(
        gate="signature_present",
        passed=passed,
        summary=f"Version {version} takes {len(inputs)} columns and returns {', '.join(outputs)}."
        if passed
        else f"Version {version} does not say all: columns without type {missing[:5]}, outputs {list(outputs)}, "
        f"{'an' if has_example else 'no'} input example.",
        facts={"inputs": {**inputs}, "outputs": {**outputs}, "missing": [*missing], "has_example": has_example},
        advice="register the package with an input example and its predictions",
    )


def _save(target: Path, package_folder: Path, signed: tuple[pd.DataFrame, pd.DataFrame], model: Any) -> None:  # noqa: ANN401 - an MLflow LoggedModel
    import shutil

    import mlflow.pyfunc
    from mlflow.models import Model, infer_signature

    data = target.parent / _DATA_FOLDER  # MLflow keeps the folder's name, so it must always be the same
    shutil.copytree(package_folder, data)
    described = Model(
        artifact_path=model.artifact_location,
        run_id=model.source_run_id,
        model_id=model.model_id,
        model_uuid=model.model_id,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that whole numbers cannot be missing: the schema has seen to it
        mlflow.pyfunc.save_model(
            path=str(target),
            mlflow_model=described,
            loader_module=LOADER,
            data_path=str(data),
            signature=infer_signature(*signed),
            input_example=signed[0],
            pip_requirements=list(_requirements()),
        )


def _requirements() -> Sequence[str]:
    """Explicit, since MLflow would start a process that imports everything to find them out."""
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in _REQUIREMENTS]


def _specs(signature: Any) -> tuple[Any, Any]:  # noqa: ANN401 - an MLflow ModelSignature
    return signature.inputs or [], signature.outputs or []
