"""Tables that only grow: SQLite itself refuses everything else. PostgreSQL does so in `real/test_ledger_postgres`."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from ml_lifecycle.release.append_only import APPEND_ONLY
from ml_lifecycle.release.database import Database

_TABLES = sa.MetaData()
_LINES = sa.Table(
    "lines",
    _TABLES,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("said", sa.Text(), nullable=False),
    info={APPEND_ONLY: True},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database whose table holds one line."""
    with Database(f"sqlite:///{tmp_path / 'service.db'}", _TABLES).begin() as connection:
        connection.execute(sa.insert(_LINES), [{"said": "first"}])
    return tmp_path / "service.db"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lines SET said = 'other'",
        "DELETE FROM lines",
        "INSERT OR REPLACE INTO lines (id, said) VALUES (1, 'other')",
        "INSERT INTO lines (id, said) VALUES (1, 'other') ON CONFLICT (id) DO UPDATE SET said = excluded.said",
    ],
)
def test_whoever_opens_the_file_cannot_change_a_line(file: Path, statement: str) -> None:
    """The refusal lies in the database and not in our code."""
    connection = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert connection.execute("SELECT said FROM lines").fetchall() == [("first",)]
    connection.close()


def test_lines_are_added_as_before(file: Path) -> None:
    """With an id of their own or without, one or several; to open the table once more is harmless."""
    with Database(f"sqlite:///{file}", _TABLES).begin() as connection:
        connection.execute(sa.insert(_LINES), [{"said": "second"}, {"said": "third"}])
        connection.exec_driver_sql("INSERT INTO lines (id, said) VALUES (9, 'ninth')")
        assert connection.execute(sa.select(_LINES.c.id)).scalars().all() == [1, 2, 3, 9]
