"""The registry: real MLflow on SQLite, real versions, aliases and files."""

import shutil
from pathlib import Path

import pytest
import yaml

from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.release.registry import Registry, judge_signature
from ml_lifecycle_tests.release import tiny


@pytest.fixture(scope="module")
def version(registry: Registry, packaged: Path, run_id: str) -> str:
    """A registered version."""
    return registry.register("tiny", packaged, run_id=run_id, tags={"trigger": "test"})


def test_a_version_is_a_package_again(registry: Registry, version: str, packaged: Path) -> None:
    """The files are the same, so it predicts the same; the second fetch is the same folder."""
    fetched = registry.fetch("tiny", version)
    assert load_package(fetched).manifest == load_package(packaged).manifest
    assert registry.fetch("tiny", version) == fetched


def test_a_version_says_what_it_takes_and_returns(registry: Registry, version: str) -> None:
    """The signature names the model's columns with their types; the gate sees it."""
    signature = registry.signature_of("tiny", version)
    assert signature is not None
    assert signature.inputs == {"income": "double", "age": "long", "city": "string"}
    assert signature.outputs == {"prediction": "string", "probability": "double"}
    verdict = judge_signature(registry, "tiny", version)
    assert (verdict.gate, verdict.passed) == ("signature_present", True), verdict.summary


def test_mlflow_itself_loads_and_scores_it(registry: Registry, version: str, mlflow_store: str) -> None:
    """By alias, through pyfunc, with MLflow's own schema enforcement; it answers what the package answers."""
    import mlflow

    registry.set_alias("tiny", "champion", version)
    mlflow.set_tracking_uri(mlflow_store)
    model = mlflow.pyfunc.load_model("models:/tiny@champion")
    rows = tiny.table(10, seed=3)
    answers = model.predict(rows[["income", "age", "city"]])
    assert answers["probability"].tolist() == tiny.predictor().predict(rows).tolist()


def test_mlflow_unpickles_nothing(registry: Registry, version: str) -> None:
    """No file of the model is a pickle, its loader is ours, and its requirements are pinned."""
    folder = registry.fetch("tiny", version).parent.parent
    said = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["python_function"]
    assert said["loader_module"] == "ml_lifecycle.release.flavor"
    assert "python_model" not in said
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".pickle", ".joblib"}]
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert "ml-lifecycle==0.1.0" in lines
    assert all("==" in line for line in lines)


def test_an_exchanged_package_is_refused(registry: Registry, run_id: str, packaged: Path) -> None:
    """One that is whole, but not the one that was registered."""
    version = registry.register("tiny", packaged, run_id=run_id)
    folder = Registry(registry.uri).fetch("tiny", version)
    shutil.rmtree(folder)
    tiny.write(folder, seed=1)
    with pytest.raises(PackageError, match="that was registered"):
        Registry(registry.uri).fetch("tiny", version)


def test_the_run_and_the_version_know_each_other(registry: Registry, version: str, run_id: str) -> None:
    """The run lists the model among its outputs, the version names its run and the package's hash."""
    made = registry.client.get_model_version("tiny", version)
    assert made.run_id == run_id
    assert made.tags["trigger"] == "test"
    assert made.tags["package_digest"] == load_package(registry.fetch("tiny", version)).manifest.digest
    assert registry.client.get_run(run_id).outputs.model_outputs


def test_aliases_move_and_go(registry: Registry, version: str) -> None:
    """An alias that nobody set is None; taking one away that is not there is no error."""
    assert registry.version_of("tiny", "challenger") is None
    assert registry.version_of("unknown", "champion") is None
    registry.set_alias("tiny", "challenger", version)
    assert registry.version_of("tiny", "challenger") == version
    registry.drop_alias("tiny", "challenger")
    registry.drop_alias("tiny", "challenger")
    assert registry.version_of("tiny", "challenger") is None


def test_bytes_become_an_artifact_of_the_run(registry: Registry, run_id: str) -> None:
    """In the folder that its path names."""
    registry.log_artifact_bytes(run_id, "evaluation/note.txt", b"good")
    found = registry.client.list_artifacts(run_id, "evaluation")
    assert [item.path for item in found] == ["evaluation/note.txt"]


def test_a_run_is_linked_where_a_server_shows_it(registry: Registry, run_id: str) -> None:
    """Without a server the command is named that starts one."""
    assert registry.run_url(run_id).startswith("mlflow ui --backend-store-uri sqlite:///")
    assert run_id in registry.run_url(run_id)


def test_unknown_versions_and_foreign_packages_are_refused(registry: Registry, packaged: Path, run_id: str) -> None:
    """Each with what to do."""
    with pytest.raises(StateError, match="fetch version 99"):
        registry.fetch("tiny", "99")
    with pytest.raises(StateError, match="champion"):
        registry.set_alias("tiny", "champion", "99")
    with pytest.raises(PackageError, match="its own project"):
        registry.register("other", packaged, run_id=run_id)
    with pytest.raises(StateError, match="register"):
        registry.register("tiny", packaged, run_id="0" * 32)


def test_a_store_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "mlflow").write_text("in the way")
    with pytest.raises(StateError, match="usable MLflow at sqlite"):
        Registry(f"sqlite:///{tmp_path / 'mlflow' / 'mlflow.db'}").fetch("tiny", "1")


def test_a_registration_that_fails_half_way_leaves_no_version(
    registry: Registry, packaged: Path, mlflow_store: str, tmp_path: Path
) -> None:
    """Artifacts cannot be stored: the model is marked failed, and nothing can be deployed by mistake."""
    from mlflow import MlflowClient

    (tmp_path / "file").write_text("in the way")
    client = MlflowClient(tracking_uri=mlflow_store)
    experiment = client.create_experiment("broken", artifact_location=(tmp_path / "file" / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    before = len(client.search_model_versions("name='tiny'"))
    with pytest.raises(StateError, match="register a version"):
        registry.register("tiny", packaged, run_id=run)
    assert len(client.search_model_versions("name='tiny'")) == before
    assert [str(model.status) for model in client.search_logged_models([experiment])] == ["FAILED"]
