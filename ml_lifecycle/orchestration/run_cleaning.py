"""Deleting runs of Dagster with all that was recorded of them, so that its storage does not grow without bound.

Which runs go is decided in `monitoring.housekeeping`. Dagster's own `delete_run` leaves the run's database, its logs
and the executions of its checks behind.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

_INDEX = "index"


def delete_runs(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> None:
    """Delete runs and all that was recorded of them."""
    storage = instance.event_log_storage
    for run_id in run_ids:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        if isinstance(storage, SqlEventLogStorage):
            with storage.index_connection() as connection:
                executions = AssetCheckExecutionsTable
                connection.execute(executions.delete().where(executions.c.run_id == run_id))
        if isinstance(storage, SqliteEventLogStorage):
            for path in _shard(storage, run_id):
                path.unlink(missing_ok=True)


def bytes_of_runs(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> int:
    """What their own databases and logs take; their lines in databases that all runs share are not in it."""
    storage, logs = instance.event_log_storage, instance.compute_log_manager
    total = 0
    for run_id in run_ids:
        if isinstance(storage, SqliteEventLogStorage):
            total += sum(path.stat().st_size for path in _shard(storage, run_id) if path.exists())
        if isinstance(logs, LocalComputeLogManager):
            folder = Path(logs.get_captured_local_path([run_id], "out", partial=False)).parent / run_id
            total += sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return total


def shared_databases(instance: dg.DagsterInstance) -> list[Path]:
    """The SQLite files that all runs share; none where Dagster's storage is another database."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    index = Path(storage.path_for_shard(_INDEX))
    return [path for path in (index, index.parent.parent / "runs.db") if path.exists()]


def shrink(path: Path) -> int:
    """Give back the space of deleted lines of an SQLite file; how many bytes, 0 where somebody holds the file."""
    before = _size(path)
    try:
        connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
        try:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    except sqlite3.OperationalError:  # busy: the next housekeeping tries again
        return 0
    return max(before - _size(path), 0)


def _size(path: Path) -> int:
    return sum(item.stat().st_size for item in _with_log(path) if item.exists())


def _shard(storage: SqliteEventLogStorage, run_id: str) -> Iterator[Path]:
    return _with_log(Path(storage.path_for_shard(run_id)))


def _with_log(path: Path) -> Iterator[Path]:
    return (path.with_name(f"{path.name}{ending}") for ending in ("", "-wal", "-shm"))
