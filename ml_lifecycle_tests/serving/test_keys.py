"""Keys: what is kept of them, whom they let in, and that revoked ones do not."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.keys import Keys
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny
from ml_lifecycle_tests.serving.conftest import GOOD


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys in a database of their own."""
    return Keys(f"sqlite:///{tmp_path_factory.mktemp('keys') / 'service.db'}")


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory, keys: Keys, package: Package) -> Iterator[httpx.Client]:
    """A server that asks for keys."""
    config = tiny.project(tmp_path_factory.mktemp("locked"))
    app = build_app(config, FixedProvider(package, "7"), None, keys=keys, refresh_seconds=0.05)
    with serve_in_thread(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def _ask(client: httpx.Client, **headers: str) -> int:
    return client.post("/predict", json=GOOD, headers=headers).status_code


def _until(client: httpx.Client, status: int, **headers: str) -> float:
    began = time.monotonic()
    while _ask(client, **headers) != status:
        assert time.monotonic() - began < 5
        time.sleep(0.02)
    return time.monotonic() - began


def test_a_key_opens_until_it_is_revoked(locked: httpx.Client, keys: Keys) -> None:
    """In either header; the other keys go on opening."""
    first, second = keys.add("tiny", "first", by="anna"), keys.add("tiny", "second", by="anna")
    _until(locked, 200, authorization=f"Bearer {first}")
    _until(locked, 200, **{"x-api-key": second})
    keys.revoke("tiny", "first")
    assert _until(locked, 401, authorization=f"Bearer {first}") < 2
    assert _ask(locked, **{"x-api-key": second}) == 200


def test_without_a_key_only_health_is_told(locked: httpx.Client, keys: Keys) -> None:
    """No key, a wrong one, one of another project; documentation and figures are closed, too."""
    other = keys.add("other", "first", by="anna")
    assert _ask(locked) == 401
    assert _ask(locked, authorization="Bearer mlk_wrong") == 401
    assert _ask(locked, authorization=f"Bearer {other}") == 401
    for path in ("/metrics", "/version", "/openapi.json", "/docs", "/v2/models/tiny"):
        assert locked.get(path).status_code == 401
    for path in ("/health/live", "/health/ready", "/ping", "/v2/health/live", "/v2/health/ready"):
        assert locked.get(path).status_code == 200


def test_what_is_kept_cannot_be_shown_again(tmp_path: Path) -> None:
    """The key is nowhere in the database."""
    keys = Keys(f"sqlite:///{tmp_path / 'service.db'}")
    key = keys.add("tiny", "mine", by="anna")
    (kept,) = keys.list("tiny")
    assert (kept.name, kept.created_by, kept.revoked_at) == ("mine", "anna", None)
    assert all(key.encode() not in file.read_bytes() for file in tmp_path.iterdir())
    assert len(key) > 40


def test_names_are_given_once_and_only_known_ones_revoked(keys: Keys) -> None:
    """Also the name of a revoked key stays taken, so that a list of keys tells who is who."""
    keys.add("third", "mine", by="anna")
    keys.revoke("third", "mine")
    for name in ("mine", " "):
        with pytest.raises(StateError, match="cannot be given out"):
            keys.add("third", name, by="anna")
    for name in ("mine", "nobody"):
        with pytest.raises(StateError, match="cannot be revoked"):
            keys.revoke("third", name)
