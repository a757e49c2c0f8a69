"""The one door: limits, methods, names of requests, counting, and that nothing of our inside goes out."""

import asyncio
import logging
import socket
import threading
from typing import Any

import httpx
import pytest

from ml_lifecycle.serving.front import Front, Way, Ways
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.metrics import Metrics
from ml_lifecycle.serving.replies import Reply, reply_json
from ml_lifecycle_tests.serving.conftest import GOOD, Running


def test_a_body_that_is_too_large_is_refused_before_it_is_read(running: Running) -> None:
    """By what the head says, and by what comes where it says nothing; the connection is closed."""
    host, port = running.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n[")
        said = raw.recv(4096)
    assert said.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in said
    chunks = (b"x" * 10_000 for _ in range(20))
    assert running.client.post("/predict", content=chunks).status_code == 413


def test_a_body_that_is_nested_too_deeply_is_refused(running: Running) -> None:
    """A little too deep, and so deep that a reader would fall."""
    for depth in (9, 40_000):
        answer = running.client.post("/predict", content=b"[" * depth + b"]" * depth)
        assert answer.status_code == 400
    assert running.client.post("/predict", content=b"[" * 8 + b"]" * 8).status_code == 422


def test_other_methods_and_paths_are_told(running: Running) -> None:
    """405 with what is allowed, 404; HEAD is GET without a body."""
    answer = running.client.get("/predict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert running.client.get("/nowhere").status_code == 404
    head = running.client.head("/health/live")
    assert (head.status_code, head.content) == (200, b"")


def test_a_page_of_another_site_may_not_ask(running: Running) -> None:
    """A browser sends its origin; our own documentation page is of the same."""
    assert running.client.post("/predict", json=GOOD, headers={"origin": "http://evil.example"}).status_code == 403
    assert running.client.post("/predict", json=GOOD, headers={"origin": running.address}).status_code == 200


def test_a_request_keeps_its_name(running: Running) -> None:
    """The caller's, where it is a plain one; else one of our own. It goes back, and into the log."""
    answer = running.client.post("/predict", json=GOOD, headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert (
        len(running.client.post("/predict", json=GOOD, headers={"x-request-id": "a b"}).headers["x-request-id"]) == 36
    )


def test_what_was_asked_is_counted(running: Running) -> None:
    """Requests by path and status, latencies, rows, failures, the version."""
    running.client.post("/predict", json=[GOOD, {**GOOD, "city": "Mars"}])
    text = running.client.get("/metrics").text
    assert 'ml_lifecycle_requests_total{project="tiny",path="/predict",status="200"}' in text
    assert 'ml_lifecycle_request_seconds_bucket{project="tiny",path="/predict",le="+Inf"}' in text
    assert 'ml_lifecycle_rows_total{project="tiny",version="7",role="champion"}' in text
    assert 'ml_lifecycle_failures_total{project="tiny",column="city",check="isin"}' in text
    assert 'ml_lifecycle_model_info{project="tiny",version="7"' in text
    assert "ml_lifecycle_log_waiting" in text


async def _ask(front: Front, path: str, method: str = "GET", body: bytes | None = b"") -> tuple[int, bytes]:
    """One request, without a socket; a body of None never comes."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if body is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await front({"type": "http", "path": path, "method": method, "headers": []}, receive, send)
    return sent[0]["status"], sent[1]["body"]


def _front(handler: Any, **limits: Any) -> Front:
    said: dict[str, Any] = {"body": 100, "rows": 1, "depth": 9, "concurrency": 1, "seconds": 5.0, **limits}
    ways = Ways([Way("GET", "/it", handler), Way("POST", "/it", handler), Way("GET", "/health", _fine, open=True)])
    return Front(None, ways, Limits(**said), Metrics("tiny"), None)


async def _fine(_call: Any) -> Reply:
    return reply_json({})


def test_an_error_of_ours_shows_nothing_but_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """The same name is in the log, with the trace."""

    async def fail(_call: Any) -> Reply:
        raise ValueError("the secret of the house")

    with caplog.at_level(logging.ERROR):
        status, body = asyncio.run(_ask(_front(fail), "/it"))
    assert status == 500
    assert b"secret" not in body
    assert b"Traceback" not in body
    assert caplog.records[0].args is not None
    assert str(caplog.records[0].args[0]).encode() in body  # type: ignore[index]


def test_what_takes_too_long_is_ended() -> None:
    """Both a slow answer and a body that does not come; status 504."""

    async def slow(_call: Any) -> Reply:
        await asyncio.sleep(60)
        return reply_json({})

    assert asyncio.run(_ask(_front(slow, seconds=0.02), "/it"))[0] == 504
    assert asyncio.run(_ask(_front(_fine, seconds=0.02), "/it", "POST", None))[0] == 504


def test_while_too_much_is_under_way_others_are_sent_away() -> None:
    """Status 503; whether the server is well is told all the same, and afterwards it answers again."""

    async def ask() -> list[int]:
        gate = asyncio.Event()

        async def wait(_call: Any) -> Reply:
            await gate.wait()
            return reply_json({})

        front = _front(wait)
        first = asyncio.create_task(_ask(front, "/it"))
        await asyncio.sleep(0)
        said = [(await _ask(front, "/it"))[0], (await _ask(front, "/health"))[0]]
        gate.set()
        return [*said, (await first)[0], (await _ask(front, "/it"))[0]]

    assert asyncio.run(ask()) == [503, 200, 200, 200]


def test_requests_under_way_are_answered_while_others_come(running: Running) -> None:
    """Many callers at once, each with an answer of its own, and each in the log."""
    before = len(running.logged())
    told: list[str] = []

    def ask(caller: int) -> None:
        with httpx.Client(base_url=running.address, trust_env=False) as client:
            for turn in range(10):
                row = {**GOOD, "id": f"{caller}-{turn}"}
                told.append(client.post("/predict", json=row).json()["prediction_id"])

    threads = [threading.Thread(target=ask, args=(caller,)) for caller in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(told)) == 80
    assert len(running.logged()) == before + 80
