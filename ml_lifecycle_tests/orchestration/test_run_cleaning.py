"""Tests of `ml_lifecycle.orchestration.run_cleaning`: a run is deleted with all that Dagster keeps of it."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from ml_lifecycle.orchestration.run_cleaning import bytes_of_runs, delete_runs, shared_databases, shrink


@dg.asset(check_specs=[dg.AssetCheckSpec("fine", asset="thing")])
def thing() -> Iterator[object]:
    """Something that is made and judged."""
    yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="fine")])


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance in SQLite, as deployments have it."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def test_nothing_is_left_of_a_run_but_the_others(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """The latest result and its check are known as before; files are gone, and databases give their space back."""
    old, new = (dg.materialize([thing], instance=instance).run_id for _ in range(2))
    storage = instance.event_log_storage
    assert isinstance(storage, SqliteEventLogStorage)
    assert bytes_of_runs(instance, [old]) > 0
    delete_runs(instance, [old])
    assert bytes_of_runs(instance, [old]) == 0
    assert not list(tmp_path.rglob(f"{old}*"))
    assert [run.run_id for run in instance.get_runs()] == [new]
    (event,) = instance.fetch_materializations(thing.key, limit=9).records
    assert event.run_id == new
    history = storage.get_asset_check_execution_history(dg.AssetCheckKey(thing.key, "fine"), limit=9)
    assert [item.run_id for item in history] == [new]
    files = shared_databases(instance)
    assert [file.name for file in files] == ["index.db", "runs.db"]
    assert sum(shrink(file) for file in files) > 0
    assert instance.get_runs_count() == 1
