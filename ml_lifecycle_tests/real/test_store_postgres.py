"""The online store on a private PostgreSQL cluster, made for the test and gone after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_lifecycle_tests.features.stores import check_online
from ml_lifecycle_tests.real.postgres_cluster import PASSWORD, postgres_cluster

pytestmark = [pytest.mark.real, pytest.mark.servers]

_VARIABLE = "ML_LIFECYCLE_TEST_STORE_PASSWORD"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The URL of the cluster, its password as a reference."""
    with postgres_cluster() as cluster:
        yield f"{cluster.url(_VARIABLE)}?schema=features"


def test_values_go_through_postgresql(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applied, written, materialised and read by another store; the password is in none of its files."""
    monkeypatch.setenv(_VARIABLE, PASSWORD)
    check_online(tmp_path, address)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in path.read_bytes() for path in files)
