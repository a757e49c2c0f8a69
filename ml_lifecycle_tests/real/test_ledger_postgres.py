"""The ledger and the approvals on a private PostgreSQL cluster, made for the test and gone after it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.approvals import Approvals, Said, Word
from ml_lifecycle.release.ledger import _EVENTS, Entry, Ledger, State, _now
from ml_lifecycle_tests.real.postgres_cluster import PASSWORD, Cluster, postgres_cluster

pytestmark = [pytest.mark.real, pytest.mark.servers]

_OLD_TABLE = """CREATE TABLE release_events (id BIGSERIAL PRIMARY KEY, project VARCHAR(63) NOT NULL,
version VARCHAR(63) NOT NULL, state VARCHAR(20) NOT NULL, at TIMESTAMP NOT NULL, "by" VARCHAR(200) NOT NULL,
evidence TEXT NOT NULL)"""
_OLD_LINE = """INSERT INTO release_events (project, version, state, at, "by", evidence)
VALUES ('old', '1', 'champion', '2026-01-02 03:04:05.000006', 'r', '{}')"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server on which an earlier version has left a line."""
    with postgres_cluster() as running:
        running.execute(_OLD_TABLE, _OLD_LINE)
        yield running


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> str:
    """Its address."""
    return f"postgresql+psycopg://{cluster.user}:{quote(PASSWORD, safe='')}@127.0.0.1:{cluster.port}/postgres"


def test_many_processes_begin_at_once_and_make_one_chain(url: str) -> None:
    """The table is brought up to date by whoever comes first; no two lines name the same line before them."""

    def write(number: int) -> None:
        ledger = Ledger(url)
        for _ in range(5):
            ledger.append("p", str(number), "candidate", by="r", evidence={"number": number})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    found = Ledger(url).verify()
    assert (found.intact, found.lines, found.unverified) == (True, 31, 1), found
    assert Ledger(url).champion("old") == "1"


def test_only_one_of_two_changes_the_champion(url: str) -> None:
    """The other one is told."""

    def rise(version: str) -> bool:
        try:
            Ledger(url).succeed([Entry("q", version, State.CHAMPION, "r", _now())], champion=None)
        except StateError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(rise, "1234")) == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE release_events SET state = 'champion'", "DELETE FROM release_events", "TRUNCATE release_events"],
)
def test_the_database_refuses_to_change_a_line(cluster: Cluster, url: str, statement: str) -> None:
    """Whoever asks."""
    Ledger(url).append("r", "1", "candidate", by="r")
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        cluster.execute(statement)


def test_a_change_by_the_owner_is_found(cluster: Cluster, url: str) -> None:
    """Who owns the table can take the refusal away; the hash tells."""
    line = Ledger(url).append("s", "1", "rejected", by="ann")
    cluster.execute(
        "ALTER TABLE release_events DISABLE TRIGGER USER",
        f"UPDATE release_events SET state = 'approved' WHERE hash = '{line.hash}'",  # noqa: S608 - our own hash
        "ALTER TABLE release_events ENABLE TRIGGER USER",
    )
    found = Ledger(url).verify()
    assert not found.intact
    with sa.create_engine(url).connect() as connection:
        assert connection.execute(sa.select(_EVENTS.c.version).where(_EVENTS.c.id == found.broken)).scalar() == "1"


def test_words_are_kept(url: str) -> None:
    """As they were said."""
    at = datetime.fromisoformat("2026-03-01 12:00:00.000007")
    word = Word("p", "1", "abc", "risk", "ann", Said.APPROVE, "it's fine", at, at)
    Approvals(url).append(word)
    assert Approvals(url).words("p") == [word]
    assert Approvals(url).verify().intact
