"""The door to the service tables: SQLite in the state folder by default, PostgreSQL by its URL.

Which tables there are is the knowledge of those who read and write them; this module opens them, creates them on first
use, adds columns that have come since, and turns what a database says into errors that a user can mend. Tables that
must never lose a line are protected by `append_only`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.append_only import APPEND_ONLY, protect

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

    @contextmanager
    def begin_alone(self, table: sa.Table) -> Iterator[sa.Connection]:
        """One transaction that no other writer of the table overlaps: what it reads is still so when it commits.

        Others who only read are not kept waiting.

        Args:
            table: The table whose writers wait for each other.

        Raises:
            StateError: The database cannot be opened, read or written.
        """
        with self.begin() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # else the lock comes with the first write, after reading
            else:
                connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")
            yield connection

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
            engine = sa.create_engine(_with_driver(self.url), **_options(self.url))
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


def _with_driver(url: str) -> sa.URL:
    """PostgreSQL is spoken to by psycopg, where the URL names no other driver."""
    given = sa.make_url(url)
    return given.set(drivername="postgresql+psycopg") if given.drivername in {"postgresql", "postgres"} else given


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
                    _create_table(connection, table)
        except DBAPIError as error:
            if attempt == _ATTEMPTS or not _may_pass(error):
                raise
            time.sleep(0.02 * 2**attempt)
        else:
            return


def _create_table(connection: sa.Connection, table: sa.Table) -> None:
    connection.execute(CreateTable(table, if_not_exists=True))
    there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:  # made by an earlier version of ours; what is added since can be empty
            said = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {said}")
    for index in sorted(table.indexes, key=lambda item: str(item.name)):
        connection.execute(CreateIndex(index, if_not_exists=True))
    if table.info.get(APPEND_ONLY):
        protect(connection, table)


def _may_pass(error: DBAPIError) -> bool:
    """Whether another process is creating at this moment: a lock, or (PostgreSQL) a name that has just been taken."""
    said = str(error.orig).lower()
    return any(word in said for word in ("locked", "already exists", "duplicate", "concurrently", "deadlock"))


def _without_password(url: str) -> str:
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "an address that is none"
