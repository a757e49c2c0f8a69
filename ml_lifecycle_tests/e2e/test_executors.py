"""A run whose steps have a process each, as a project may choose, joins one MLflow run that ends as the run ends."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder

pytestmark = pytest.mark.slow

_ROWS = 300


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """A project whose steps have a process each, with the smallest search."""
    site = SiteFolder.make(tmp_path_factory.mktemp("processes"))
    table(rows=_ROWS).to_csv(site.root / "rows.csv", index=False)
    site.call("init", "tiny", "--data", "rows.csv", "--target", "bought")
    site.edit("tiny", orchestration={"executor": "multiprocess"}, modeling={"search": {"trials": 2, "seconds": 5}})
    return site


def _runs(home: Path) -> dict[str, str]:
    """Status in MLflow by id of the Dagster run, of every run there is."""
    client = MlflowClient(f"sqlite:///{home}/mlflow/mlflow.db")
    experiments = [item.experiment_id for item in client.search_experiments()]
    found = client.search_runs(experiments)
    statuses = {run.data.tags["dagster_run_id"]: run.info.status for run in found}
    assert len(statuses) == len(found), "two MLflow runs belong to one Dagster run"
    return statuses


def test_a_run_of_many_processes_is_one_run_in_mlflow(shop: SiteFolder) -> None:
    """It ends as finished, and everything was deployed."""
    done = shop.call("run", "tiny", "--json")
    assert done.code == 0, done.said
    said = done.json
    assert said["status"]["champion"] == "1"
    assert _runs(shop.home) == {said["run"]["run_id"]: "FINISHED"}


def test_a_gate_that_stops_a_run_of_many_processes_fails_its_mlflow_run(shop: SiteFolder) -> None:
    """The gate speaks in one process, others have logged before it."""
    before = _runs(shop.home)
    shop.edit("tiny", brief={"success_criteria": {"roc_auc": ">= 0.9999"}})
    stopped = shop.call("run", "tiny", "--json")
    assert stopped.code == 1, stopped.said
    assert [gate["gate"] for gate in stopped.json["run"]["gates"]] == ["meets_success_criteria"]
    now = _runs(shop.home)
    assert now == {**before, stopped.json["run"]["run_id"]: "FAILED"}
