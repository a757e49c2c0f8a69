"""Connections to databases that rows are read from: opened for reading only, and clear about why one refuses.

What is asked of them is in `databases`. No message and no traceback holds a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.references import conceal, resolve
from ml_lifecycle.errors import ConfigError, DataError, LifecycleError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_EXTRAS: Final = {"psycopg": "ml-lifecycle[postgres]"}
_CONNECT_TIMEOUT: Final = {"postgresql": "connect_timeout", "mysql": "connect_timeout", "sqlite": "timeout"}


@contextmanager
def connected(source: SourceConfig, *, root: Path, home: Path) -> Iterator[Connection]:
    """A connection to the database of a source, closed afterwards; all that is read in it is one state.

    Args:
        source: Names the database.
        root: The folder that the path of an SQLite file starts from.
        home: What `{home}` stands for.

    Raises:
        ConfigError: The address is wrong, a variable is not set, or the driver is not installed.
        DataError: The database does not answer, or refuses.
    """
    from sqlalchemy.exc import SQLAlchemyError

    engine = _engine(source, root=root, home=home)
    try:
        with engine.connect() as connection:
            options: dict[str, Any] = {"stream_results": True}
            if engine.dialect.name == "postgresql":
                options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            yield connection.execution_options(**options)
    except SQLAlchemyError as error:
        raise _refusal(error, source) from None  # the driver's message may quote the address
    finally:
        engine.dispose()


def _engine(source: SourceConfig, *, root: Path, home: Path) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        url = _url(source.sql or "", root=root, home=home)
        timeout = _CONNECT_TIMEOUT.get(url.get_backend_name())
        arguments = {timeout: int(source.timeout)} if timeout else {}
        return create_engine(url, poolclass=NullPool, connect_args=arguments)
    except ImportError as error:
        missing = (error.name or str(error)).split(".")[0]
        wanted = _EXTRAS.get(missing, missing)
        raise ConfigError(
            f"the database of {source.place} cannot be opened",
            expected=f"the driver {missing}",
            got="none",
            advice=f'install it: pip install "{wanted}"',
        ) from None
    except LifecycleError:
        raise
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ConfigError(
            f"the database of {source.place} cannot be opened",
            expected="a SQLAlchemy URL, such as postgresql://user:${PASSWORD}@host/database or sqlite:///rows.db",
            got=conceal(error, source.sql or ""),
            advice="correct dataset.sources: sql",
        ) from None


def _url(template: str, *, root: Path, home: Path) -> URL:
    """References are put in part by part: a password may hold what has a meaning in a URL."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    template = template.replace("{home}", str(home))
    try:
        url = make_url(template)
        url = url.set(
            username=_resolved(url.username),
            password=_resolved(None if url.password is None else str(url.password)),
            host=_resolved(url.host),
            database=_resolved(url.database),
            query=_resolved_query(url.query),
        )
    except (ArgumentError, ValueError):  # ${DATABASE_URL}, or a port that is a reference
        url = make_url(resolve(template))
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    return _with_file(url, root) if url.get_backend_name() == "sqlite" else url


def _with_file(url: URL, root: Path) -> URL:
    """SQLite would make a file that is not there, and say later that it has no such table."""
    named = url.database
    if not named or named == ":memory:" or named.startswith("file:"):
        return url
    path = root / named
    if not path.is_file():
        raise DataError(
            f"there is no SQLite file {named!r}",
            expected=f"a file at {path}",
            got="a folder" if path.is_dir() else "nothing",
            advice=f"correct dataset.sources: sql; sqlite:///a.db is relative to {root}, sqlite:////a.db is not",
        )
    return url.set(database=str(path))


def _resolved(part: str | None) -> str | None:
    return None if part is None else resolve(part)


def _resolved_query(query: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: resolve(value) if isinstance(value, str) else [resolve(item) for item in value]
        for name, value in query.items()
    }


def _refusal(error: Exception, source: SourceConfig) -> DataError:
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    asked = isinstance(error, DBAPIError) and error.statement is not None
    got = f"{type(said).__name__}: {conceal(_first_lines(said), source.sql or '')}"
    if isinstance(error, OperationalError | InterfaceError) and not asked:
        return DataError(
            f"the database of {source.place} does not let us in",
            expected="a database that answers",
            got=got,
            advice="check dataset.sources: sql, the variables it refers to, and whether the server runs",
        )
    return DataError(
        f"the database refuses {source.place}",
        expected="a query that it can answer",
        got=got,
        advice="try the query in the database's own console, and correct dataset.sources: query, table or columns",
    )


def _first_lines(error: object) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()
