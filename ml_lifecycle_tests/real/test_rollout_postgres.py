"""The state of rollouts on a private PostgreSQL cluster says what it says on SQLite, also under many writers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.rollout import Rollout, Rollouts
from ml_lifecycle.release.rollout_steps import abort_rollout, advance_rollout, start_rollout
from ml_lifecycle_tests.real.postgres_cluster import PASSWORD, postgres_cluster

pytestmark = [pytest.mark.real, pytest.mark.servers]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The service tables of a deployment."""
    with postgres_cluster() as cluster:
        address = cluster.url("X").replace("postgresql:", "postgresql+psycopg:")
        yield address.replace("${X}", quote(PASSWORD, safe=""))


def test_of_many_at_once_each_step_is_taken_once(url: str) -> None:
    """Twelve begin, twelve advance, twelve roll back, each over a connection of its own."""
    Ledger(url).append("p", "1", "champion", by="t")
    Ledger(url).append("p", "2", "candidate", by="t")
    config = RolloutConfig(strategy="canary", steps=(0.1, 0.5))

    def begin(number: int) -> Rollout | None:
        return start_rollout("p", "2", config, ledger=Ledger(url), rollouts=Rollouts(url), by=str(number))

    with ThreadPoolExecutor(6) as pool:
        (state,) = set(pool.map(begin, range(12)))
        assert state is not None
        (advanced,) = set(
            pool.map(lambda number: advance_rollout(state, rollouts=Rollouts(url), by=str(number)), range(12))
        )
        ends = set(
            pool.map(
                lambda number: abort_rollout("p", "worse", ledger=Ledger(url), rollouts=Rollouts(url), by=str(number)),
                range(12),
            )
        )
    assert (advanced.step, len(ends)) == (1, 1)
    assert [item.state.event.value for item in Rollouts(url).history("p")] == ["started", "advanced", "rolled_back"]
    assert [item.state.value for item in Ledger(url).history("p")] == ["champion", "candidate", "canary", "rolled_back"]


def test_lines_are_never_changed(url: str) -> None:
    """The database itself refuses."""
    rollouts = Rollouts(url)
    assert rollouts.running("p") is None
    with pytest.raises(StateError, match="append-only"), rollouts._database.begin() as connection:
        connection.execute(sa.text("DELETE FROM rollout_events"))
