"""Dagster's SQLite storage with the engine of each database kept, instead of one made for every connection.

Dagster's own makes a SQLAlchemy engine per connection, and with it forgets every compiled statement: 9 ms for an event
of which SQLite needs less than one. Files, tables and migrations are Dagster's, so that `storage: sqlite` in
dagster.yaml reads the same state. What is stored, and when, is not decided here.

The event log does not wait for the disk at each event. A process that is killed loses nothing by that; a power cut may
lose the events of the last moments, and never the log's consistency. The runs themselves are waited for.

The materialisations of a run over many windows come together and are written by two transactions; Dagster's own writes
each by several. A check has one answer for such a run, so one is planned; Dagster's own plans it for each window, each
time with the names of all of them; its answer for the whole run never meets those rows.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dagster import EventLogEntry
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.events import ASSET_EVENTS
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData, serialize_value
from sqlalchemy import Connection, func, select

from ml_lifecycle.orchestration.kept_engines import KeptEngines

#: Dagster hands over so many events at once, where they come together; by default each by itself.
_BATCH = ("DAGSTER_EVENT_BATCH_SIZE", "500")


class EventLogStorage(SqliteEventLogStorage):
    """The event log: an index and one database per run."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines = KeptEngines(waits=False)
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            url = self.conn_string_for_shard(shard)
            if shard not in self._initialized_dbs:
                self._initdb(self._engines.of(url))
                self._initialized_dbs.add(shard)
            with self._engines.hold(url).begin() as connection:
                yield connection

    def dispose(self) -> None:
        """Let go of the databases."""
        self._engines.let_go()
        super().dispose()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Keep events that come together: materialisations of one run by one transaction in each database."""
        assets = [event for event in events if event.dagster_event_type in ASSET_EVENTS]
        super().store_event_batch([event for event in events if event.dagster_event_type not in ASSET_EVENTS])
        for run_id in {event.run_id for event in assets}:
            self._store_asset_events(run_id, [event for event in assets if event.run_id == run_id])

    def _store_asset_events(self, run_id: str, events: Sequence[EventLogEntry]) -> None:
        rows = [self._event_to_row(event) for event in events]
        with self.run_connection(run_id) as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
        with self.index_transaction() as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
            newest = connection.execute(select(func.max(SqlEventLogStorageTable.c.id))).scalar_one()
            ids = range(newest - len(rows) + 1, newest + 1)
            self._store_asset_event_tags(connection, list(events), list(ids))
            last = {event.dagster_event.asset_key: place for place, event in enumerate(events) if event.dagster_event}
            for place in last.values():  # the index of assets knows the latest event of each
                self._store_asset_event(connection, events[place], ids[place])

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        planned = event.dagster_event.event_specific_data if event.dagster_event else None
        if not isinstance(planned, AssetCheckEvaluationPlanned) or len(planned.partitions_subset or ()) <= 1:
            super()._store_asset_check_evaluation_planned(event, event_id)
            return
        row = {
            "asset_key": planned.asset_key.to_string(),
            "check_name": planned.check_name,
            "partition": None,
            "run_id": event.run_id,
            "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
            "evaluation_event": serialize_value(event),
            "evaluation_event_timestamp": self._event_insert_timestamp(event),  # type: ignore[no-untyped-call]
            "evaluation_event_storage_id": event_id,
        }
        with self.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.insert(), row)


class RunStorage(SqliteRunStorage):
    """The runs."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines, self._url = KeptEngines(1), conn_string
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection inside a transaction."""
        with self._engines.hold(self._url).begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Let go of the database."""
        self._engines.let_go()
        super().dispose()


class SqliteStorage(DagsterSqliteStorage):
    """What dagster.yaml names: Dagster's own storage with these two in place of theirs, in the same folders."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        os.environ.setdefault(*_BATCH)
        self.base_dir = base_dir
        self._run_storage = RunStorage.from_local(f"{base_dir}/history/")
        self._event_log_storage = EventLogStorage(f"{base_dir}/history/runs/")
        self._schedule_storage = SqliteScheduleStorage.from_local(f"{base_dir}/schedules")
        self._inst_data = inst_data
        # Not the parent's, which would open all three a second time.
        DagsterStorage.__init__(self)  # type: ignore[no-untyped-call, arg-type]

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> "SqliteStorage":
        """Made from dagster.yaml."""
        return cls.from_local(inst_data=inst_data, **config_value)
