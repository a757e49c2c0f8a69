"""Versions of models in MLflow's registry: packages become versions, and versions become packages again.

Which version is in production is for the ledger to say; MLflow's aliases follow it. What lies beside a run is in
`mlflow_runs`, the form of a stored model in `mlflow_form`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlparse

import pandas as pd

from ml_lifecycle.errors import PackageError
from ml_lifecycle.release.manifest import MANIFEST_FILE
from ml_lifecycle.release.mlflow_form import DATA_FOLDER, Signature, read_signature, save_model
from ml_lifecycle.release.mlflow_runs import MlflowRuns
from ml_lifecycle.release.package_files import damaged, hash_of
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.verdict import Verdict

CHAMPION, CHALLENGER = "champion", "challenger"
_ABSENT: Final = "RESOURCE_DOES_NOT_EXIST"
#: The tag of a version that says which package was registered.
_DIGEST: Final = "package_digest"


class Registry(MlflowRuns):
    """MLflow's model registry, and the tracking store beside it.

    Args:
        uri: Where both are: `sqlite:///...` or the URL of a server.
    """

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
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
        labels = {_DIGEST: package.manifest.digest, "kind": package.manifest.kind.value, **(tags or {})}
        with self.asking(f"register a version of {project}"), tempfile.TemporaryDirectory() as scratch:
            return self._register(project, package_folder, run_id, (rows, answers), labels, Path(scratch))

    def set_alias(self, project: str, alias: str, version: str) -> None:
        """Point an alias at a version.

        Raises:
            StateError: There is no such version, or MLflow refuses.
        """
        with self.asking(f"call version {version} of {project} {alias}"):
            self.client.set_registered_model_alias(project, alias, str(version))

    def drop_alias(self, project: str, alias: str) -> None:
        """Take an alias away; it need not be there."""
        with self.asking(f"take the alias {alias} from {project}"):
            self.client.delete_registered_model_alias(project, alias)

    def version_of(self, project: str, alias: str) -> str | None:
        """The version that an alias points at; None if there is none."""
        from mlflow.exceptions import MlflowException

        with self.asking(f"look up the {alias} of {project}"):
            try:
                return str(self.client.get_model_version_by_alias(project, alias).version)
            except MlflowException as error:
                if error.error_code in {_ABSENT, "INVALID_PARAMETER_VALUE"}:
                    return None
                raise

    def fetch(self, project: str, version: str) -> Path:
        """The folder of a version's package: where it lies, or a copy if it lies elsewhere.

        Raises:
            StateError: There is no such version, or MLflow refuses.
            PackageError: It is not the package that was registered.
        """
        key = (project, str(version))
        if key not in self._folders or not self._folders[key].is_dir():
            folder = self._fetch_model(project, str(version)) / "data" / DATA_FOLDER
            self._refuse_another(project, str(version), folder)
            self._folders[key] = folder
        return self._folders[key]

    def signature_of(self, project: str, version: str) -> Signature | None:
        """What a version says it takes and returns; None if it does not say."""
        return read_signature(self._fetch_model(project, str(version)))

    def _register(
        self,
        project: str,
        package_folder: Path,
        run_id: str,
        signed: tuple[pd.DataFrame, pd.DataFrame],
        tags: Mapping[str, str],
        scratch: Path,
    ) -> str:
        client = self.client
        from mlflow.entities import LoggedModelOutput, LoggedModelStatus

        experiment = client.get_run(run_id).info.experiment_id
        model = client.create_logged_model(experiment, name=project, source_run_id=run_id, tags=dict(tags))
        try:
            save_model(scratch / "model", package_folder, signed, model)
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

    def _refuse_another(self, project: str, version: str, folder: Path) -> None:
        """Hold the manifest against the hash that was registered: a package exchanged as a whole proves itself."""
        with self.asking(f"look up version {version} of {project}"):
            wanted = self.client.get_model_version(project, version).tags.get(_DIGEST)
            manifest = folder / MANIFEST_FILE
            got = hash_of(manifest.read_bytes()) if manifest.is_file() else "no manifest"
        if wanted is not None and got != wanted:
            raise damaged(folder, f"the package {wanted[:12]}... that was registered", f"{got[:12]}...")

    def _ensure_model(self, project: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(project, description=f"Models of the project {project}.")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _fetch_model(self, project: str, version: str) -> Path:
        with self.asking(f"fetch version {version} of {project}"):
            address = str(self.client.get_model_version_download_uri(project, version))
            parsed = urlparse(address)
            if parsed.scheme in {"", "file"}:
                return Path(unquote(parsed.path))
            import mlflow.artifacts

            target = tempfile.mkdtemp(prefix=f"{project}-{version}-")
            return Path(mlflow.artifacts.download_artifacts(address, dst_path=target, tracking_uri=self.uri))


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
