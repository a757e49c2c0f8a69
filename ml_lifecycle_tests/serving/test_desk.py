"""Who answers which row, in which role it is logged, and that the shadow is heard by nobody."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.routing import Pick, Router, Served
from ml_lifecycle.serving.scoring import Answer, Scorer
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny
from ml_lifecycle_tests.serving.conftest import GOOD, Running


class _Rollout(FixedProvider):
    """Half of the callers are answered by version 8; version 9 is in the shadow."""

    def __init__(self, package: Package, other: Package) -> None:
        super().__init__(package, "7", shadow=(other, "9"))
        canary = Served("8", FixedProvider(other, "8").served.scorer)
        self._halves = Router(self.served, canary, share=0.5, salt=("tiny", "1"))

    def pick(self, key: str | None) -> Pick:
        return self._halves.pick(key)


@pytest.fixture(scope="module")
def rollout(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Iterator[Running]:
    """A server amid a rollout."""
    folder = tmp_path_factory.mktemp("rollout")
    log = PredictionLog(f"sqlite:///{folder / 'service.db'}")
    provider = _Rollout(package, tiny.package(folder / "other", seed=1))
    app = build_app(tiny.project(folder), provider, log)
    with serve_in_thread(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield Running(client, log, address)


def _roles(running: Running, role: str) -> pd.DataFrame:
    return running.log.window("tiny", pd.Timestamp("2020-01-01"), pd.Timestamp("2100-01-01"), role=role)


def test_an_entity_stays_with_its_version(rollout: Running) -> None:
    """Alone or among others; each row says who has answered, and is logged in that role."""
    rows = [{**GOOD, "id": f"s{number}", "customer": f"c{number}"} for number in range(20)]
    said = rollout.client.post("/predict", json=rows).json()["predictions"]
    versions = [item["model_version"] for item in said]
    assert set(versions) == {"7", "8"}
    alone = [rollout.client.post("/predict", json=row).json() for row in rows[:6]]
    assert [item["model_version"] for item in alone] == versions[:6]
    assert [item["probability"] for item in alone] == [item["probability"] for item in said[:6]]
    canary, champion = _roles(rollout, "canary"), _roles(rollout, "champion")
    assert set(canary["model_version"]) == {"8"}
    assert set(champion["model_version"]) == {"7"}
    assert set(canary["entity"]).isdisjoint(champion["entity"])


def test_the_shadow_answers_for_the_log_only(rollout: Running) -> None:
    """A line for each row that was answered, of its own version."""
    said = rollout.client.post("/predict", json={**GOOD, "id": "shadowed"}).json()
    until = time.monotonic() + 10
    while "shadowed" not in set(_roles(rollout, "shadow")["row_key"]) and time.monotonic() < until:
        time.sleep(0.02)
    rows = _roles(rollout, "shadow")
    assert set(rows["model_version"]) == {"9"}
    assert "shadowed" in set(rows["row_key"])
    assert said["prediction_id"] not in set(rows["prediction_id"])


def test_bad_rows_are_counted_and_not_logged(rollout: Running) -> None:
    """Under the column and the check."""
    rollout.client.post("/predict", json={**GOOD, "city": "Mars"})
    assert 'column="city",check="isin"' in rollout.client.get("/metrics").text


def test_many_rows_are_answered_as_single_ones(package: Package, tmp_path: Path) -> None:
    """Rows that are scored in a thread, together, give what each gives alone."""
    rows = tiny.table(200).drop(columns=["repaid", "grade", "loss", "applied"]).to_dict("records")
    body = [{name: None if pd.isna(value) else value for name, value in row.items()} for row in rows]
    app = build_app(tiny.project(tmp_path), FixedProvider(package, "7"), None)
    with serve_in_thread(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        together = client.post("/predict", json=body).json()["predictions"]
        alone = [client.post("/predict", json=row).json() for row in body[:10]]
    assert [item["probability"] for item in together[:10]] == [item["probability"] for item in alone]
    assert len(together) == 200


class _Breaking(Scorer):
    """A version that cannot answer."""

    def score_rows(self, rows: Sequence[object]) -> list[Answer]:
        """Break."""
        raise RuntimeError(f"{len(rows)} rows are too many")


def test_a_version_that_breaks_harms_nobody(package: Package, tmp_path: Path) -> None:
    """The champion answers in the place of a canary that breaks; what broke counts against it, in the shadow too."""
    provider = FixedProvider(package, "7")
    provider.shadow = Served("9", _Breaking(package))
    halves = Router(provider.served, Served("8", _Breaking(package)), share=0.5, salt=("tiny", "1"))
    provider.pick = halves.pick  # type: ignore[method-assign]
    log = PredictionLog(f"sqlite:///{tmp_path / 'service.db'}")
    rows = [{**GOOD, "id": f"b{number}", "customer": f"c{number}"} for number in range(20)]
    with (
        serve_in_thread(build_app(tiny.project(tmp_path), provider, log)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        said = client.post("/predict", json=rows)
    assert said.status_code == httpx.codes.OK
    assert {item["model_version"] for item in said.json()["predictions"]} == {"7"}
    broken = log.failure_frame("tiny", datetime(2020, 1, 1))  # noqa: DTZ001 - the log's times are naive UTC
    counted = broken.groupby(["model_version", "role"])["rows"].sum()
    assert set(broken["check"]) == {"broken"}
    assert 0 < counted["8", "canary"] < 20
    assert counted["9", "shadow"] == 20


def test_an_outcome_reaches_the_shadow_too(rollout: Running) -> None:
    """A row without an id is found again under the name of the answer that was returned."""
    row = {name: value for name, value in GOOD.items() if name != "id"}
    name = rollout.client.post("/predict", json=row).json()["prediction_id"]
    until = time.monotonic() + 10
    while name not in set(_roles(rollout, "shadow")["row_key"]) and time.monotonic() < until:
        time.sleep(0.02)
    assert name in set(_roles(rollout, "shadow")["row_key"])
