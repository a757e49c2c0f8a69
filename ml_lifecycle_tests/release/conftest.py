"""A package, an MLflow store with a run, and a ledger."""

from pathlib import Path

import pytest

from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.registry import Registry
from ml_lifecycle_tests.release import tiny


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that no test changes."""
    folder = tmp_path_factory.mktemp("packaged") / "package"
    tiny.write(folder)
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(f"sqlite:///{tmp_path / 'service.db'}")


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An MLflow store that the tests of this room share."""
    return tiny.mlflow_folder(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("mlflow"))


@pytest.fixture(scope="session")
def registry(mlflow_store: str) -> Registry:
    """The registry in it."""
    return Registry(mlflow_store)


@pytest.fixture(scope="session")
def run_id(mlflow_store: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run, as the orchestration begins it."""
    return tiny.begin_run(mlflow_store, tmp_path_factory.mktemp("artifacts"))
