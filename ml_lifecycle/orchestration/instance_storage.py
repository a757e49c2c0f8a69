"""Dagster's SQLite storage with the engine of each database kept, instead of one made for every connection.

Dagster's own makes a SQLAlchemy engine per connection, and with it forgets every compiled statement: 9 ms for an event
of which SQLite needs less than one. Files, tables and migrations are Dagster's, so that `storage: sqlite` in
dagster.yaml reads the same state. What is stored, and when, is not decided here.

The materialisations of a run over many windows come together and are written by two transactions; Dagster's own writes
each by several.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dagster import EventLogEntry
from dagster._core.events import ASSET_EVENTS
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, func, select
from sqlalchemy.pool import NullPool

#: Dagster hands over so many events at once, where they come together; by default each by itself.
_BATCH = ("DAGSTER_EVENT_BATCH_SIZE", "500")
#: Each run has a database of its own; the UI looks at many runs, and an engine costs some 100 kB.
_KEPT = 16


class KeptEngines:
    """The engines of the databases used last, by URL. They hold no open connection, so threads and forks may share."""

    def __init__(self, size: int = _KEPT) -> None:
        self._size = size
        self._engines: OrderedDict[str, Engine] = OrderedDict()

    def of(self, url: str) -> Engine:
        """The engine of a database."""
        engine = self._engines.pop(url, None)
        if engine is None:
            engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
        self._engines[url] = engine
        while len(self._engines) > self._size:
            self._engines.popitem(last=False)
        return engine


class EventLogStorage(SqliteEventLogStorage):
    """The event log: an index and one database per run."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines = KeptEngines()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.of(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

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


class RunStorage(SqliteRunStorage):
    """The runs."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engine = KeptEngines(1).of(conn_string)
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection inside a transaction."""
        with self._engine.begin() as connection:
            yield connection


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
