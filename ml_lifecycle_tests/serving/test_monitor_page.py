"""The monitoring page of a server: drawn once for all who ask, behind the keys, with a policy, and never in the way."""

import asyncio
import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.calls import Call
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.keys import Keys
from ml_lifecycle.serving.monitor_page import MonitorPage, PageSource
from ml_lifecycle.serving.replies import Refused
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny
from ml_lifecycle_tests.serving.conftest import GOOD

CALL = Call("/monitor", {}, b"", "1", {})


class Drawer:
    """Draws a page with a number on it, as soon as it may."""

    def __init__(self) -> None:
        self.drawn = 0
        self.may = threading.Event()
        self.may.set()

    def draw(self) -> bytes:
        """The page."""
        self.may.wait(10)
        self.drawn += 1
        return b"page %d" % self.drawn


def test_all_who_ask_are_shown_one_page() -> None:
    """However many they are; while it is fresh, nothing is drawn."""
    drawer = Drawer()

    async def ask() -> list[bytes]:
        page = MonitorPage(PageSource(drawer.draw, "default-src 'none'", seconds=60))
        return [reply.body for reply in await asyncio.gather(*(page.show(CALL) for _ in range(5)))]

    assert asyncio.run(ask()) == [b"page 1"] * 5


def test_an_old_page_is_shown_until_the_new_one_is_there() -> None:
    """Nobody waits but the first."""
    drawer = Drawer()

    async def ask() -> tuple[bytes, bytes, bytes]:
        page = MonitorPage(PageSource(drawer.draw, "", seconds=0.0))
        first = (await page.show(CALL)).body
        drawer.may.clear()
        meanwhile = (await page.show(CALL)).body
        drawer.may.set()
        while drawer.drawn < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)
        return first, meanwhile, (await page.show(CALL)).body

    assert asyncio.run(ask())[:2] == (b"page 1", b"page 1")


def test_who_gives_up_waiting_does_not_end_the_drawing() -> None:
    """The next one gets the page."""
    drawer = Drawer()
    drawer.may.clear()

    async def ask() -> bytes:
        page = MonitorPage(PageSource(drawer.draw, ""))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(page.show(CALL), 0.02)
        drawer.may.set()
        return (await page.show(CALL)).body

    assert asyncio.run(ask()) == b"page 1"


def test_a_page_that_cannot_be_drawn_is_said_plainly() -> None:
    """503, and nothing of our inside."""

    def fail() -> bytes:
        raise StateError("secret place", expected="a", got="b", advice="c")

    with pytest.raises(Refused) as refused:
        asyncio.run(MonitorPage(PageSource(fail, "")).show(CALL))
    assert refused.value.status == 503
    assert b"secret" not in refused.value.reply().body


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Iterator[tuple[httpx.Client, Drawer, str]]:
    """A server with a page and keys; its client, who draws, and a key."""
    folder: Path = tmp_path_factory.mktemp("watched")
    keys, drawer = Keys(f"sqlite:///{folder / 'service.db'}"), Drawer()
    key = keys.add("tiny", "anna", by="anna")
    source = PageSource(drawer.draw, "default-src 'none'", seconds=0.0)
    app = build_app(tiny.project(folder), FixedProvider(package, "7"), None, keys=keys, monitor=source)
    with serve_in_thread(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client, drawer, key


def test_a_person_may_show_the_key_in_the_browser(watched: tuple[httpx.Client, Drawer, str]) -> None:
    """The browser is told to ask for it; it is the password of any name. Programs show it as ever."""
    client, _, key = watched
    refused = client.get("/monitor")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    assert client.post("/predict", json=GOOD).headers["www-authenticate"] == "Bearer"
    shown = client.get("/monitor", auth=("anybody", key))
    assert (shown.status_code, shown.headers["content-security-policy"]) == (200, "default-src 'none'")
    assert client.get("/monitor", headers={"x-api-key": key}).status_code == 200
    assert client.get("/monitor", auth=("anybody", "wrong")).status_code == 401
    broken = base64.b64encode(b"no colon").decode()
    assert client.get("/monitor", headers={"authorization": f"Basic {broken}"}).status_code == 401
    assert client.get("/monitor", headers={"authorization": "Basic %%%"}).status_code == 401


def test_predictions_do_not_wait_for_the_page(watched: tuple[httpx.Client, Drawer, str]) -> None:
    """While it is being drawn, rows are answered."""
    client, drawer, key = watched
    client.get("/monitor", headers={"x-api-key": key})
    drawer.may.clear()
    client.get("/monitor", headers={"x-api-key": key})
    began = time.perf_counter()
    assert client.post("/predict", json=GOOD, headers={"x-api-key": key}).status_code == 200
    assert time.perf_counter() - began < 5
    drawer.may.set()


def test_a_server_without_a_page_has_no_such_path(tmp_path: Path, package: Package) -> None:
    """As where a package is served by itself."""
    app = build_app(tiny.project(tmp_path), FixedProvider(package, "7"), None)
    with serve_in_thread(app) as address:
        assert httpx.get(f"{address}/monitor", trust_env=False).status_code == 404
