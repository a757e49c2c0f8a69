"""SQLAlchemy engines of SQLite files, kept with their compiled statements, and their files held open.

Each file is held open by one idle connection: the last one that leaves a file makes SQLite write its log back, and wait
for the disk twice. Who keeps what in such files is `instance_storage`.
"""

import os
import sqlite3
from collections import OrderedDict
from typing import Any
from weakref import WeakSet

from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

#: Each run has a database of its own; the UI looks at many runs, and an engine costs some 100 kB.
_KEPT = 16


class KeptEngines:
    """The engines of the databases used last, by URL, each with one idle connection once it is held.

    Args:
        size: So many are kept.
        waits: Whether a transaction waits until it is on the disk.
    """

    def __init__(self, size: int = _KEPT, *, waits: bool = True) -> None:
        self._size, self._waits = size, waits
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._held: dict[str, sqlite3.Connection] = {}
        _EVERY.add(self)

    def of(self, url: str) -> Engine:
        """The engine of a database."""
        engine = self._engines.pop(url, None)
        if engine is None:
            engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
            if not self._waits:
                event.listen(engine, "connect", _wait_less)
        self._engines[url] = engine
        while len(self._engines) > self._size:
            forgotten, _ = self._engines.popitem(last=False)
            self._let_go(forgotten)
        return engine

    def hold(self, url: str) -> Engine:
        """The engine of a database whose tables are there, which is held open from now on."""
        engine = self.of(url)
        if url not in self._held:
            idle = sqlite3.connect(str(engine.url.database), SQLITE_BUSY_TIMEOUT_SECONDS, check_same_thread=False)
            idle.execute("SELECT count(*) FROM sqlite_master").fetchall()  # a connection counts from its first look on
            self._held[url] = idle
        return engine

    def let_go(self) -> None:
        """Hold none open."""
        for url in list(self._held):
            self._let_go(url)

    def _let_go(self, url: str) -> None:
        idle = self._held.pop(url, None)
        if idle is not None:
            idle.close()


#: All there are, so that no open connection goes into a forked process, where SQLite's locks would not hold.
_EVERY: WeakSet[KeptEngines] = WeakSet()


def _let_all_go() -> None:
    for engines in list(_EVERY):
        engines.let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_let_all_go)


def _wait_less(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
