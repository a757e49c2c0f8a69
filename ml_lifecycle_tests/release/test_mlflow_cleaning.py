"""Tests of `ml_lifecycle.release.mlflow_cleaning` on a real store: registered versions outlive their runs' age."""

from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from ml_lifecycle.release.mlflow_cleaning import MlflowCleaning
from ml_lifecycle.release.registry import Registry
from ml_lifecycle_tests.release import tiny


@pytest.fixture
def store(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> MlflowCleaning:
    """An experiment with a run that made a registered version, one that made a model in vain, and one under way."""
    uri = tiny.mlflow_folder(tmp_path_factory.getbasetemp(), tmp_path)
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.create_experiment("tiny", artifact_location=(tmp_path / "artifacts").as_uri())
    registry = Registry(uri)
    for name in ("registered", "in vain", "under way"):
        run = client.create_run(experiment, run_name=name, tags={"dagster_run_id": name}).info.run_id
        registry.log_artifact_bytes(run, "a/b.txt", b"12345")
        if name == "registered":
            tiny.package(tmp_path / "package")
            registry.register("tiny", tmp_path / "package", run_id=run)
        if name == "in vain":
            client.create_logged_model(experiment, name="tiny", source_run_id=run)
        if name != "under way":
            client.set_terminated(run)
    return MlflowCleaning(uri)


@pytest.mark.slow
def test_runs_go_with_all_that_lies_beside_them(store: MlflowCleaning, tmp_path: Path) -> None:
    """For good; the registered version is fetched as before, what is under way is not even listed, others have none."""
    runs = {run.dagster_run: run for run in store.ended_runs("tiny")}
    assert set(runs) == {"registered", "in vain"}
    assert store.registered_runs("tiny") == {runs["registered"].run_id}
    gone = runs["in vain"]
    assert store.folders_of("tiny", [gone]) == [gone.folder]
    store.delete("tiny", [gone])
    assert gone.folder is not None
    assert not gone.folder.parent.exists()
    with pytest.raises(MlflowException, match="not found"):
        store.client.get_run(gone.run_id)
    assert len(store.client.search_logged_models(["1"])) == 1
    assert Registry(store.uri).fetch("tiny", "1").is_relative_to(tmp_path / "artifacts")
    assert store.shrink() >= 0
    assert store.ended_runs("other") == []
    assert store.folders_of("other", []) == []
