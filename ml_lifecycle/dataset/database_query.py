"""What a source asks of a database: its query or table, wrapped so that it can be counted and cut.

The project's SQL is never changed: `select ... from (<query>) ...`.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.database_cells import frame_of_batches
from ml_lifecycle.dataset.suggestions import require_columns, suggest
from ml_lifecycle.errors import DataError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BATCH: Final = 50_000
_NUMBERED: Final = re.compile(r":\d+$")
"""How SQLite tells columns of one name apart when a query is wrapped."""

_COLON: Final = re.compile(r"(?<!\\):")


class Query:
    """What a source asks, wrapped so that it can be counted and cut."""

    def __init__(self, source: SourceConfig, connection: Connection) -> None:
        from sqlalchemy import text

        self._connection = connection
        self._quote = connection.dialect.identifier_preparer.quote
        asked = _table(source, connection) if source.table else f"({(source.query or '').strip().rstrip(';')}\n)"
        self._from = f"from {asked} ml_lifecycle_rows"
        known = list(map(str, connection.execute(text(_escaped(f"select * {self._from} where 1 = 0"))).keys()))
        _refuse_repeated(known, source)
        require_columns(source.columns, known, place=source.place, key="dataset.sources: columns")
        self.names = list(source.columns) or known

    def rows(self, time: str | None = None, newest: tuple[str, str] | None = None) -> pd.DataFrame:
        """All rows, or those that are not before a time, or have none."""
        column = "" if time is None else self._quote(time)
        where = "" if newest is None else f"where {column} >= :newest or {column} is null"
        columns = ", ".join(map(self._quote, self.names))
        result = self._execute(f"select {columns}", where, newest)
        return frame_of_batches(iter(lambda: result.fetchmany(_BATCH), []), self.names)

    def count(self, times: list[str], before: tuple[str, str] | None = None) -> str:
        """Count rows and present cells, and find the newest times, maybe only of rows before a time; as JSON."""
        counted = [f"count({self._quote(name)})" for name in self.names]
        largest = [f"max({self._quote(name)})" for name in times]
        where = "" if before is None else f"where {self._quote(times[0])} < :newest"
        row = self._execute(f"select {', '.join(['count(*)', *counted, *largest])}", where, before).one()
        return json.dumps([self.names, *row], default=str)

    def newest(self, time: str) -> tuple[str, str] | None:
        """The newest time as the database holds it; None where there is none, or none that can be asked for again."""
        value = self._execute(f"select max({self._quote(time)})").scalar()
        for kind in (datetime, date, str, int, float):  # a datetime is a date, so it comes first
            if isinstance(value, kind):
                return kind.__name__, value.isoformat() if isinstance(value, date) else str(value)
        return None

    def _execute(self, select: str, where: str = "", newest: tuple[str, str] | None = None) -> Any:  # noqa: ANN401 - a result
        from sqlalchemy import text

        statement = _escaped(f"{select} {self._from} ")
        given = {} if newest is None else {"newest": value_of(newest)}
        return self._connection.execute(text(statement + where), given)


def _escaped(sql: str) -> str:
    """SQLAlchemy takes `:name` for a parameter, which in the project's SQL it is not."""
    return _COLON.sub(r"\\:", sql)


def value_of(newest: tuple[str, str]) -> Any:  # noqa: ANN401 - one of five types
    """A time as the database holds it, from the name of its type and its text."""
    kind, text = newest
    readers: dict[str, Any] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "int": int,
        "float": float,
    }
    return readers.get(kind, str)(text)


def _table(source: SourceConfig, connection: Connection) -> str:
    from sqlalchemy import inspect

    schema, _, name = (source.table or "").rpartition(".")
    inspector = inspect(connection)
    if not inspector.has_table(name, schema=schema or None):
        schemas = inspector.get_schema_names()
        known = [] if schema and schema not in schemas else inspector.get_table_names(schema=schema or None)
        raise DataError(
            f"there is no table {source.table!r} in the database of {source.place}",
            expected=f"a table or view {name!r}" + (f" in schema {schema!r}" if schema else ""),
            got=f"{len(known)} tables of other names" if known else "no tables",
            advice=suggest(name, known).replace("the columns are", "the tables are")
            if known
            else "check the database, the schema and the rights of the user",
        )
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)


def _refuse_repeated(names: list[str], source: SourceConfig) -> None:
    plain = [_NUMBERED.sub("", name) if _NUMBERED.sub("", name) in names else name for name in names]
    repeated = sorted({name for name in plain if plain.count(name) > 1})
    if repeated:
        raise DataError(
            f"the query of {source.place} gives columns of the same name",
            expected="one column a name",
            got=f"{', '.join(repeated)} more than once",
            advice="rename them in the query: select a.id as a_id, b.id as b_id",
        )
