"""The dress rehearsal: a real server on loopback, right and wrong requests, and many at once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi import Request, Response

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import DataError
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving import staging
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.staging import Staged, rehearse
from ml_lifecycle.serving.staging_gates import judge_staged
from ml_lifecycle_tests.release import tiny

_STAGING = {"staging": {"requests": 40, "concurrency": 4}}
_CASES = {
    "valid": 200,
    "missing column": 422,
    "unknown category": 422,
    "text for a number": 422,
    "row that is no object": 422,
    "malformed JSON": 400,
    "wrong content type": 400,
    "oversized body": 413,
    "too many rows": 413,
    "deep nesting": 400,
    "valid after all of these": 200,
}


@pytest.fixture(scope="module")
def staged(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """A rehearsal of a good package."""
    config = tiny.project(tmp_path_factory.mktemp("staged"), release=_STAGING, serving={"max_rows": 50})
    return rehearse(config, package, "3", tiny.table(30, seed=4))


@pytest.mark.parametrize(("case", "status"), _CASES.items())
def test_each_smoke_request_is_answered_as_it_must_be(staged: Staged, case: str, status: int) -> None:
    """Right ones with an answer, wrong ones with the status that says what is wrong."""
    line = staged.smoke.set_index("case").loc[case]
    assert (line["status"], line["passed"]) == (status, True), line["said"]


def test_a_good_package_passes_every_gate(staged: Staged, tmp_path: Path) -> None:
    """Both loads are answered whole, and as the batch answers."""
    assert set(staged.smoke["case"]) == set(_CASES)
    assert [(load.connections, load.requests, load.failed) for load in (staged.alone, staged.together)] == [
        (1, 40, 0),
        (4, 40, 0),
    ]
    assert 0 < staged.alone.p50_ms <= staged.alone.p95_ms <= staged.alone.p99_ms <= staged.alone.max_ms
    assert staged.compared == 30
    verdicts = judge_staged(staged, tiny.project(tmp_path))
    assert [verdict.gate for verdict in verdicts] == [
        "smoke_test",
        "latency_p95",
        "latency_p99",
        "errors",
        "equal_to_batch",
    ]
    assert all(verdict.passed and verdict.facts["version"] == "3" for verdict in verdicts)


def test_a_rehearsal_survives_being_stored(staged: Staged) -> None:
    """Tables and JSON, also where nothing was answered in time."""
    silent = replace(staged, alone=replace(staged.alone, p50_ms=float("nan"), failed=40))
    for record in (staged, silent):
        again = Staged.from_parts(record.to_parts())
        pd.testing.assert_frame_equal(again.smoke, record.smoke)
        pd.testing.assert_frame_equal(again.latency, record.latency)
        assert (again.digest, again.differences) == (record.digest, record.differences)


@pytest.mark.parametrize("kind", [Kind.MULTICLASS, Kind.REGRESSION])
def test_every_kind_is_rehearsed(tmp_path: Path, kind: Kind) -> None:
    """And compared with its batch."""
    package = tiny.package(tmp_path / "package", kind)
    config = tiny.project(tmp_path, kind, release=_STAGING, serving={"log": False})
    found = rehearse(config, package, "1", tiny.table(8, seed=4))
    assert (found.differences, found.logged) == ((), False)
    assert found.smoke["passed"].all()


def test_a_model_that_looks_back_learns_nothing_from_a_rehearsal(tmp_path: Path) -> None:
    """The server says what the batch says, row by row, although the same customers are asked about again and again."""
    package = tiny.history_package(tmp_path / "package")
    history = {"features": {"history": [tiny.HISTORY]}}
    config = tiny.project(tmp_path, Kind.REGRESSION, release=_STAGING, **history)
    found = rehearse(config, package, "1", tiny.table(12, seed=4))
    assert found.differences == ()
    assert found.alone.failed == 0


def test_rows_that_break_the_schema_are_left_out(package: Package, tmp_path: Path) -> None:
    """And where none is left, there is nothing to rehearse with."""
    config = tiny.project(tmp_path, release=_STAGING)
    rows = tiny.table(6).assign(city="Mars")
    with pytest.raises(DataError, match="6 rows that do not"):
        rehearse(config, package, "3", rows)


def _lying(monkeypatch: pytest.MonkeyPatch, change: Callable[[Request], Response | None]) -> None:
    """Put something before the server that answers in its place now and then."""

    def build(*given: Any) -> Callable[..., Awaitable[None]]:
        app = build_app(*given)

        async def lie(scope: Any, receive: Any, send: Any) -> None:
            said = change(Request(scope)) if scope["type"] == "http" else None
            await (said or app)(scope, receive, send)

        return lie

    monkeypatch.setattr(staging, "build_app", build)


def test_a_server_that_lies_and_fails_is_found_out(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another probability, a stack trace instead of an answer, every second request refused."""
    asked = iter(range(10_000))

    def change(request: Request) -> Response | None:
        if request.headers.get("content-type") == "application/xml":
            return Response("Traceback (most recent call last)", status_code=415)
        if request.url.path == "/invocations":
            return Response('{"predictions": [{"prediction": "yes", "probability": 0.123}]}')
        return Response("{}", status_code=503) if next(asked) % 2 else None

    _lying(monkeypatch, change)
    config = tiny.project(tmp_path, release=_STAGING, brief={"constraints": {"latency_p95_ms": 0.001}})
    verdicts = {item.gate: item for item in judge_staged(rehearse(config, package, "3", tiny.table(4)), config)}
    assert not any(verdicts[gate].passed for gate in ("smoke_test", "latency_p95", "errors", "equal_to_batch"))
    assert "wrong content type" in verdicts["smoke_test"].summary
    assert verdicts["errors"].facts["failed"] == 40
    assert "1 answers to 4 rows together" in verdicts["equal_to_batch"].summary
    assert verdicts["latency_p99"].facts["limit_ms"] == "no limit"


def test_no_answer_at_all_is_not_in_time(staged: Staged, tmp_path: Path) -> None:
    """Whatever the limit; without one it is the gate of errors that says so."""
    silent = replace(staged, alone=replace(staged.alone, p95_ms=np.nan, p99_ms=np.nan, failed=40))
    config = tiny.project(tmp_path, brief={"constraints": {"latency_p95_ms": 1000}})
    verdicts = {item.gate: item for item in judge_staged(silent, config)}
    assert not verdicts["latency_p95"].passed
    assert verdicts["latency_p95"].facts["one_connection_ms"] is None
    assert verdicts["latency_p99"].passed
    assert not verdicts["errors"].passed
