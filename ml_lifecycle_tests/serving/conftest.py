"""A package, its scorer, a project, a prediction log of its own for every test, and a running server for every file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pandas as pd
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny

#: A row that keeps the schema, and one that does not.
GOOD = {"id": "x1", "applied": "2026-02-03T04:05:06Z", "customer": "c1", "income": 40.5, "age": 30, "city": "Riga"}
BAD = {**GOOD, "city": "Mars"}


@dataclass(frozen=True)
class Running:
    """A server that answers, and what it keeps."""

    client: httpx.Client
    log: PredictionLog
    address: str

    def logged(self) -> pd.DataFrame:
        """All predictions that were kept."""
        return self.log.window("tiny", pd.Timestamp("2020-01-01"), pd.Timestamp("2100-01-01"))


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


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Iterator[Running]:
    """A server of version 7, one for all tests of a file, each of which looks only at what it asked itself."""
    folder = tmp_path_factory.mktemp("running")
    config = tiny.project(folder, serving={"max_rows": 50, "max_body_mb": 0.1, "max_depth": 8})
    kept = PredictionLog(f"sqlite:///{folder / 'service.db'}")
    app = build_app(config, FixedProvider(package, "7"), kept, refresh_seconds=0.05)
    with serve_in_thread(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield Running(client, kept, address)
