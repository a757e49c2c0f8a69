"""The resources of a run: MLflow tracking through dagster-mlflow, opened on first use, and the state of a project.

What is logged where is the business of the assets; how MLflow's registry is used lives in `release.registry`.
"""

import os
import warnings
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import DagsterEventType
from filelock import FileLock

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts.alert_log import AlertLog
    from ml_lifecycle.orchestration.lake_archive import LakeArchive
    from ml_lifecycle.release.approvals import Approvals
    from ml_lifecycle.release.ledger import Ledger
    from ml_lifecycle.release.registry import Registry
    from ml_lifecycle.release.rollout import Rollouts
    from ml_lifecycle.serving.prediction_log import PredictionLog

#: The resource key of MLflow tracking.
TRACKING_KEY = "ml_lifecycle_tracking"


class Workspace:
    """The state of one project, each part opened when it is first asked for."""

    def __init__(self, project: ProjectConfig) -> None:
        self.project = project

    @cached_property
    def home(self) -> Home:
        """The state folder."""
        return Home.find(self.project.root).create()

    @cached_property
    def ledger(self) -> "Ledger":
        """Which version was what, and when."""
        from ml_lifecycle.release.ledger import Ledger

        return Ledger(self.home.service_url)

    @cached_property
    def approvals(self) -> "Approvals":
        """What people have said about versions."""
        from ml_lifecycle.release.approvals import Approvals

        return Approvals(self.home.service_url)

    @cached_property
    def rollouts(self) -> "Rollouts":
        """Which version gets how much of the traffic."""
        from ml_lifecycle.release.rollout import Rollouts

        return Rollouts(self.home.service_url)

    @cached_property
    def alerts(self) -> "AlertLog":
        """What people were told."""
        from ml_lifecycle.monitoring.alerts.alert_log import AlertLog

        return AlertLog(self.home.service_url)

    @cached_property
    def log(self) -> "PredictionLog":
        """Predictions and their outcomes."""
        from ml_lifecycle.serving.prediction_log import PredictionLog

        return PredictionLog(self.home.service_url, self.archive)

    @cached_property
    def archive(self) -> "LakeArchive":
        """Where lines of the prediction log lie that the database no longer holds."""
        from ml_lifecycle.orchestration.lake_archive import LakeArchive

        return LakeArchive(self.home.lake)

    @cached_property
    def registry(self) -> "Registry":
        """MLflow's model registry."""
        prepare_mlflow(self.home)
        from ml_lifecycle.release.registry import Registry

        return Registry(self.home.mlflow_uri)


class Tracking:
    """One MLflow run per Dagster run, whatever the executor, begun on first use and ended with the true outcome.

    dagster-mlflow finds the MLflow run of a Dagster run by its tag, so that every process of a run joins it; the lock
    keeps two that begin at the same moment from making two.
    """

    def __init__(self, context: dg.InitResourceContext, root: Path) -> None:
        self._context = context
        self._root = root
        self._resource: Iterator[Any] | None = None
        self._mlflow: Any = None

    def open(self, project: str) -> Any:
        """dagster-mlflow's resource: MLflow's functions, inside this Dagster run's MLflow run.

        Raises:
            StateError: MLflow's store cannot be opened.
        """
        if self._mlflow is None:
            home = Home.find(self._root).create()
            prepare_mlflow(home)
            with FileLock(home.locks / "mlflow-run.lock"):
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", dg.BetaWarning)  # dagster-mlflow as a whole is beta
                        self._resource = self._begin(home, project)
                        self._mlflow = next(self._resource)
                except Exception as error:
                    raise _store_refuses(home, error) from error
        return self._mlflow

    @property
    def run_id(self) -> str | None:
        """The id of the MLflow run, if one was begun."""
        active = self._mlflow.active_run() if self._mlflow is not None else None
        return active.info.run_id if active else None

    def close(self) -> None:
        """End the MLflow run as the Dagster run stands: failed as soon as one step has failed."""
        if self._mlflow is None:
            return
        instance, run = self._context.instance, self._context.run
        failed = bool(
            instance and run and instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_FAILURE).records
        )
        self._mlflow.end_run(status="FAILED" if failed else "FINISHED")

    def _begin(self, home: Home, project: str) -> Iterator[Any]:
        from dagster_mlflow import mlflow_tracking

        run = self._context.run
        tags = {PROJECT_TAG: project, TRIGGER_TAG: run.tags.get(TRIGGER_TAG, "person") if run else "person"}
        config = {
            "experiment_name": _experiment(home, project),
            "mlflow_tracking_uri": home.mlflow_uri,
            "env": {},
            "extra_tags": {name.replace("/", "."): value for name, value in tags.items()},
        }
        function: Any = mlflow_tracking.resource_fn
        begun: Iterator[Any] = function(self._context.replace_config(config))
        return begun


def mlflow_link(workspace: Workspace, run_id: str) -> Any:
    """Where a person finds an MLflow run: a link where a server shows it, else the command, from the project's root."""
    found = workspace.registry.run_url(run_id)
    if found.startswith("http"):
        return dg.MetadataValue.url(found)
    return found.replace(f"{workspace.project.root}/", "")


@cache
def tracking_resource(root: Path) -> dg.ResourceDefinition:
    """The one tracking resource of all projects below a root, so that their definitions can be merged."""

    @dg.resource(description="MLflow tracking through dagster-mlflow, opened on first use.")
    def tracking(context: dg.InitResourceContext) -> Iterator[Tracking]:
        handle = Tracking(context, root)
        try:
            yield handle
        finally:
            handle.close()

    return tracking


def prepare_mlflow(home: Home) -> None:
    """MLflow's settings: no telemetry, our store, artifacts inside the state folder, seconds for a server to answer."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ["MLFLOW_TRACKING_URI"] = home.mlflow_uri
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # MLflow's own 7 take four minutes to give up
    home.mlflow.mkdir(parents=True, exist_ok=True)


def end_abandoned_run(home: Home, project: str, dagster_run: str) -> None:
    """End the MLflow run of a Dagster run whose process is gone, as killed: nobody else will.

    Raises:
        StateError: MLflow's store cannot be opened.
    """
    prepare_mlflow(home)
    try:
        import mlflow

        client = mlflow.MlflowClient(tracking_uri=home.mlflow_uri)
        experiment = client.get_experiment_by_name(project)
        if experiment is not None:
            open_runs = f"tags.dagster_run_id = '{dagster_run}' and attributes.status = 'RUNNING'"
            for run in client.search_runs([experiment.experiment_id], filter_string=open_runs):
                client.set_terminated(run.info.run_id, status="KILLED")
    except Exception as error:
        raise _store_refuses(home, error) from error


def _experiment(home: Home, project: str) -> str:
    """Make the project's experiment, whose artifacts lie inside the state folder and not where the process stands."""
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=home.mlflow_uri)
    if client.get_experiment_by_name(project) is None:
        embedded = home.mlflow_uri.startswith("sqlite:")
        client.create_experiment(project, artifact_location=(home.mlflow / "artifacts").as_uri() if embedded else None)
    return project


def _store_refuses(home: Home, error: Exception) -> StateError:
    cause = getattr(error, "orig", None) or error  # what the database itself has said, without the statement
    return StateError(
        "MLflow's store cannot be opened",
        expected=f"a usable MLflow at {home.mlflow_uri}",
        got=f"{type(cause).__name__}: {' '.join(str(cause).split())[:300]}",
        advice="check the folder's permissions and space, or that the server answers; then run again",
    )
