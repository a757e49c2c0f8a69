"""The door to the service tables: SQLite in the state folder by default, PostgreSQL by its URL.

Which tables there are is the knowledge of `ledger` and of `serving/prediction_log`; this module opens them, creates
them on first use and turns what a database says into errors that a user can mend.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from ml_lifecycle.errors import StateError

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert

_BUSY_SECONDS: Final = 30
_ATTEMPTS: Final = 8


class Database:
    """One database with some tables, opened when it is first asked for.

    Args:
        url: An SQLAlchemy URL.
        tables: The tables that must be there.
    """

    def __init__(self, url: str, tables: sa.MetaData) -> None:
        self.url = url
        self._tables = tables

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises:
            StateError: The database cannot be opened, read or written.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise self._refuses(error) from error

    def insert(self, table: sa.Table) -> Insert:
        """An insert statement that knows `on_conflict_...`, which both databases write alike."""
        from sqlalchemy.dialects import postgresql, sqlite

        make: Any = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        statement: Insert = make(table)
        return statement

    @cached_property
    def _engine(self) -> sa.Engine:
        """The engine, with the tables in place. Cached only once that has worked."""
        try:
            engine = sa.create_engine(self.url, **_options(self.url))
            if engine.dialect.name == "sqlite":
                sa.event.listen(engine, "connect", _settle_sqlite)
            _create(engine, self._tables.sorted_tables)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, SQLAlchemyError) as error:
            raise self._refuses(error) from error
        return engine

    def _refuses(self, error: Exception) -> StateError:
        cause = getattr(error, "orig", None) or error
        return StateError(
            "the service database cannot be used",
            expected=f"a database that can be opened and written at {_without_password(self.url)}",
            got=f"{type(cause).__name__}: {' '.join(str(cause).split())[:200]}",
            advice="mend the folder's permissions or free space, or name another database in ML_LIFECYCLE_SERVICE_URL",
        )


def _options(url: str) -> dict[str, Any]:
    return {"connect_args": {"timeout": _BUSY_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}


def _settle_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    """Readers and one writer side by side; a commit survives a killed process, though not a power cut."""
    cursor = connection.cursor()
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    if mode not in {"wal", "memory"}:
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _create(engine: sa.Engine, tables: Sequence[sa.Table]) -> None:
    """Create what is missing. Two processes may do so at once: the second one is told off, and looks again."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                for table in tables:
                    connection.execute(CreateTable(table, if_not_exists=True))
                    for index in sorted(table.indexes, key=lambda item: str(item.name)):
                        connection.execute(CreateIndex(index, if_not_exists=True))
        except DBAPIError as error:
            if attempt == _ATTEMPTS or not _may_pass(error):
                raise
            time.sleep(0.02 * 2**attempt)
        else:
            return


def _may_pass(error: DBAPIError) -> bool:
    """Whether another process is creating at this moment: a lock, or (PostgreSQL) a name that has just been taken."""
    said = str(error.orig).lower()
    return any(word in said for word in ("locked", "already exists", "duplicate key"))


def _without_password(url: str) -> str:
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "an address that is none"
