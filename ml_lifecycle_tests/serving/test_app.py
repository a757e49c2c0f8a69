"""The server, asked over real HTTP on loopback."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider, Pick, Provider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny

_GOOD = {"id": "x1", "applied": "2026-02-03T04:05:06Z", "customer": "c1", "income": 40.5, "age": 30, "city": "Riga"}
_BAD = {**_GOOD, "city": "Mars"}


class _Nobody:
    """No version is in production."""

    served = None
    shadow = None
    problem = "not yet"

    def pick(self, _key: str | None) -> Pick:
        raise AssertionError("nobody is asked")

    def refresh(self) -> None:
        """Nothing comes."""


@contextmanager
def _serving(config: ProjectConfig, provider: Provider, log: PredictionLog | None) -> Iterator[httpx.Client]:
    app = build_app(config, provider, log, refresh_seconds=0.05)
    with serve_in_thread(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


@pytest.fixture
def client(config: ProjectConfig, package: Package, log: PredictionLog) -> Iterator[httpx.Client]:
    """A client of a running server."""
    with _serving(config, FixedProvider(package, "7"), log) as client:
        yield client


def _logged(log: PredictionLog) -> pd.DataFrame:
    return log.window("tiny", pd.Timestamp("2020-01-01"), pd.Timestamp("2100-01-01"))


def test_a_row_is_answered_and_kept(client: httpx.Client, log: PredictionLog, package: Package) -> None:
    """The answer is the package's; the log holds the row by its id, at its own time, in UTC."""
    answer = client.post("/predict", json=_GOOD)
    said = answer.json()
    expected = package.answer(pd.DataFrame([_GOOD])).to_dict("records")[0]
    assert answer.status_code == 200
    assert (said["model_version"], said["prediction"]) == ("7", expected["prediction"])
    assert said["probability"] == pytest.approx(expected["probability"], abs=1e-12)
    row = _logged(log).iloc[0]
    assert (row["prediction_id"], row["row_key"], row["entity"]) == (said["prediction_id"], "x1", "c1")
    assert row["event_time"] == pd.Timestamp("2026-02-03T04:05:06")
    assert (row["prediction"], row["score"], row["city"]) == (said["prediction"], said["probability"], "Riga")
    assert row["latency_ms"] > 0


def test_good_rows_are_answered_beside_bad_ones(client: httpx.Client, log: PredictionLog) -> None:
    """The error names column, check and value in the place of the row; only what was answered is kept."""
    for body in ([_GOOD, _BAD, _GOOD], {"rows": [_GOOD, _BAD, _GOOD]}):
        answer = client.post("/predict", json=body)
        assert answer.status_code == 200
        first, second, third = answer.json()["predictions"]
        assert second == {"errors": [{"column": "city", "check": "isin", "value": "Mars"}]}
        assert first["prediction"] == third["prediction"]
    assert len(_logged(log)) == 4


def test_a_single_bad_row_is_refused_with_its_reason(client: httpx.Client, log: PredictionLog) -> None:
    """Status 422, and nothing in the log."""
    answer = client.post("/predict", json=_BAD)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["column"] == "city"
    assert len(_logged(log)) == 0


def test_rows_without_key_or_time_are_kept_under_a_name_of_their_own(client: httpx.Client, log: PredictionLog) -> None:
    """A row whose time cannot be read happened now."""
    row = {name: _GOOD[name] for name in ("income", "age", "city")}
    name = client.post("/predict", json=row).json()["prediction_id"]
    client.post("/predict", json={**row, "applied": "yesterday"})
    rows = _logged(log)
    assert name in set(rows["row_key"])
    assert (rows["event_time"] == rows["logged_at"]).all()


_ROW = [40.5, 30, "Riga"]
_SPLIT = {"columns": ["income", "age", "city"], "index": [0, 1], "data": [_ROW, [1, 2, "Mars"]]}
_RECORDS = [dict(zip(_SPLIT["columns"], row, strict=True)) for row in _SPLIT["data"]]


@pytest.mark.parametrize(
    "body", [{"dataframe_split": _SPLIT}, {"dataframe_records": _RECORDS}, {"instances": _RECORDS}]
)
def test_mlflows_protocol_is_spoken(client: httpx.Client, body: dict[str, Any]) -> None:
    """Predictions in their places, null for a bad row, whose errors stand beside."""
    said = client.post("/invocations", json=body).json()
    assert said["predictions"][0].keys() == {"prediction", "probability"}
    assert said["predictions"][1] is None
    assert [item["row"] for item in said["errors"]] == [1]
    alone = client.post("/invocations", json={"instances": [_GOOD]}).json()
    assert alone.keys() == {"predictions"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", b"{"),
        ("/predict", b""),
        ("/predict", b"\xff\xfe"),
        ("/predict", b'{"income": NaN}'),
        ("/predict", b"3"),
        ("/invocations", b"[]"),
        ("/invocations", b"{}"),
        ("/invocations", b'{"instances": 3}'),
        ("/invocations", b'{"dataframe_split": 3}'),
        ("/invocations", b'{"dataframe_split": {"columns": ["age"], "data": 3}}'),
        ("/invocations", b'{"dataframe_split": {"columns": ["age"], "data": [[1, 2]]}}'),
        ("/invocations", b'{"dataframe_split": {"columns": [1], "data": [[1]]}}'),
    ],
)
def test_a_body_that_holds_no_rows_is_refused(client: httpx.Client, path: str, body: bytes) -> None:
    """Status 400, with what was expected, and no trace of our code."""
    answer = client.post(path, content=body)
    assert answer.status_code == 400
    assert {"error", "got", "what_to_do"} == answer.json().keys()
    assert "Traceback" not in answer.text


def test_too_many_rows_are_refused(client: httpx.Client) -> None:
    """The limit of the YAML; status 413."""
    answer = client.post("/predict", json=[_GOOD] * 51)
    assert answer.status_code == 413
    assert "50" in answer.text


def test_nothing_is_answered_with_nothing(client: httpx.Client) -> None:
    """An empty list of rows is no error."""
    assert client.post("/predict", json=[]).json() == {"model_version": "7", "predictions": []}


def test_the_server_says_how_it_is(client: httpx.Client, package: Package) -> None:
    """Alive, ready, and which package answers."""
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"ready": True, "model_version": "7", "problem": ""}
    version = client.get("/version").json()
    assert (version["model_version"], version["package_digest"]) == ("7", package.manifest.digest)
    assert client.get("/openapi.json").json()["paths"].keys() >= {"/predict", "/invocations"}


def test_without_a_version_in_production_the_server_is_not_ready(config: ProjectConfig, log: PredictionLog) -> None:
    """Status 503, with what to do; the process lives all the same."""
    with _serving(config, _Nobody(), log) as client:
        assert client.get("/health/ready").status_code == 503
        assert client.get("/version").json()["model_version"] is None
        answer = client.post("/predict", json=_GOOD)
        assert answer.status_code == 503
        assert "ml-lifecycle run tiny" in answer.text


def test_what_cannot_be_logged_is_not_answered(config: ProjectConfig, package: Package, tmp_path: Path) -> None:
    """Status 503, and the prediction does not leave the house; where there is nothing to log, all is well."""
    (tmp_path / "folder").write_text("in the way")
    broken = PredictionLog(f"sqlite:///{tmp_path / 'folder' / 'service.db'}")
    with _serving(config, FixedProvider(package, "7"), broken) as client:
        answer = client.post("/predict", json=_GOOD)
        assert answer.status_code == 503
        assert "probability" not in answer.text
        assert client.post("/predict", json=_BAD).status_code == 422


def test_a_new_version_answers_without_a_restart(
    config: ProjectConfig, package: Package, log: PredictionLog, tmp_path: Path
) -> None:
    """The server asks its provider while it runs."""
    provider = _Changing(package, tiny.package(tmp_path / "other", seed=1))
    with _serving(config, provider, log) as client:
        assert client.post("/predict", json=_GOOD).json()["model_version"] == "1"
        provider.turn = True
        until = time.monotonic() + 10
        while client.get("/version").json()["model_version"] != "2" and time.monotonic() < until:
            time.sleep(0.02)
        assert client.post("/predict", json=_GOOD).json()["model_version"] == "2"
    assert sorted(_logged(log)["model_version"]) == ["1", "2"]


class _Changing:
    """Two versions, one after the other."""

    problem = ""
    shadow = None

    def __init__(self, first: Package, second: Package) -> None:
        self.served = FixedProvider(first, "1").served
        self._next = FixedProvider(second, "2").served
        self.turn = False

    def pick(self, _key: str | None) -> Pick:
        return Pick(self.served, "champion")

    def refresh(self) -> None:
        if self.turn:
            self.served = self._next


def test_a_port_that_is_taken_is_told(config: ProjectConfig, package: Package) -> None:
    """Before anything is started, with what to do."""
    with _serving(config, FixedProvider(package, "7"), None) as client:
        port = int(client.base_url.port or 0)
        app = build_app(config, FixedProvider(package, "7"), None)
        with pytest.raises(StateError, match="cannot listen"), serve_in_thread(app, port=port):
            pass


def test_the_command_serves_the_champion_until_it_is_told_to_end(
    config: ProjectConfig, log: PredictionLog, tmp_path: Path
) -> None:
    """A process of its own, from an empty ledger; SIGTERM ends it in order."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from ml_lifecycle.release.ledger import Ledger\n"
        "from ml_lifecycle.release.registry import Registry\n"
        "from ml_lifecycle.serving.app import serve\n"
        "from ml_lifecycle.serving.prediction_log import PredictionLog\n"
        "from ml_lifecycle_tests.release import tiny\n"
        "url = f'sqlite:///{sys.argv[1]}/service.db'\n"
        "config = tiny.project(Path(sys.argv[1]))\n"
        "registry = Registry('sqlite:///unused.db')\n"
        "serve(config, registry=registry, ledger=Ledger(url), log=PredictionLog(url), port=int(sys.argv[2]))\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(port)], stderr=subprocess.PIPE)
    try:
        answer = _wait_for(f"http://127.0.0.1:{port}/health/ready")
        assert answer.status_code == 503
    finally:
        process.terminate()
        said = process.communicate(timeout=30)[1]
    assert b"Finished server process" in said
    assert log.count("tiny") == 0
    assert config.serving.host == "127.0.0.1"


def _wait_for(address: str) -> httpx.Response:
    until = time.monotonic() + 30
    while True:
        try:
            return httpx.get(address, trust_env=False)
        except httpx.ConnectError:
            assert time.monotonic() < until, "the server did not come up"
            time.sleep(0.1)
