"""A package, its scorer, a project, and a prediction log of its own for every test."""

from pathlib import Path

import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle_tests.release import tiny


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A package that no test changes."""
    return tiny.package(tmp_path_factory.mktemp("served") / "package")


@pytest.fixture(scope="session")
def scorer(package: Package) -> Scorer:
    """Its scorer."""
    return Scorer(package)


@pytest.fixture
def config(tmp_path: Path) -> ProjectConfig:
    """The project, with batches and outcomes that arrive."""
    source = {"source": {"path": "{home}/inbox/outcomes_*.csv"}, "id": "id", "time": "known"}
    return tiny.project(
        tmp_path,
        serving={"batch": {"path": "{home}/inbox/rows_*.csv"}, "max_rows": 50},
        monitoring={"outcomes": source},
    )


@pytest.fixture
def log(tmp_path: Path) -> PredictionLog:
    """An empty log."""
    return PredictionLog(f"sqlite:///{tmp_path / 'service.db'}")
