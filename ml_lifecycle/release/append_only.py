"""Tables that only grow: the database itself refuses to change or to delete a line, whoever asks.

Whoever owns the database can take the refusal away; that lines were changed then is found by `chain`.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

#: Key of `Table.info`: with `True` under it, `Database` protects the table when it opens it.
APPEND_ONLY: Final = "append_only"

_SAID: Final = "is append-only: its lines are neither changed nor deleted"

_SQLITE: Final = (
    """CREATE TRIGGER IF NOT EXISTS {table}_keeps_lines BEFORE UPDATE ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} {said}'); END""",
    """CREATE TRIGGER IF NOT EXISTS {table}_keeps_all BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} {said}'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above.
    """CREATE TRIGGER IF NOT EXISTS {table}_replaces_none BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
    BEGIN SELECT RAISE(ABORT, '{table} {said}'); END""",
)
_POSTGRESQL: Final = (
    """CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{table} {said}'; END $$""",
    """CREATE OR REPLACE TRIGGER {table}_keeps_lines BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_refuse()""",
    """CREATE OR REPLACE TRIGGER {table}_keeps_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()""",
)


def protect(connection: sa.Connection, table: sa.Table) -> None:
    """Make the database refuse updates and deletions of a table's lines; again is harmless.

    Args:
        connection: A transaction that may change the database's structure.
        table: The table, which exists; its primary key is one column.
    """
    if connection.dialect.name == "sqlite":
        statements = _SQLITE
    else:
        # Looked up first: to make a trigger waits for every writer, which each start of a process would do.
        asked = sa.text("SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:name AS regclass) AND NOT tgisinternal")
        if connection.execute(asked, {"name": table.name}).scalar_one() >= len(_POSTGRESQL) - 1:
            return
        statements = _POSTGRESQL
    (key,) = (column.name for column in table.primary_key)
    for statement in statements:
        connection.exec_driver_sql(statement.format(table=table.name, said=_SAID, key=key))
