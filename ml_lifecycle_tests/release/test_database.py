"""Opening the service database, and saying clearly why it cannot be opened."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.database import Database

_TABLES = sa.MetaData()
_THINGS = sa.Table("things", _TABLES, sa.Column("name", sa.String(10), primary_key=True), sa.Index("by_name", "name"))


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'service.db'}"


def test_tables_are_there_at_first_use_and_writes_go_ahead_beside_readers(tmp_path: Path) -> None:
    """Nothing needs to be set up; the database is in WAL mode, commits do not wait for the disk."""
    with Database(_url(tmp_path), _TABLES).begin() as connection:
        connection.execute(sa.insert(_THINGS), [{"name": "a"}])
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    with Database(_url(tmp_path), _TABLES).begin() as connection:
        assert connection.execute(sa.select(_THINGS.c.name)).scalars().all() == ["a"]


def test_a_transaction_that_raises_writes_nothing(tmp_path: Path) -> None:
    """All or nothing."""
    database = Database(_url(tmp_path), _TABLES)

    def write_and_fail() -> None:
        with database.begin() as connection:
            connection.execute(sa.insert(_THINGS), [{"name": "a"}])
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.begin() as connection:
        assert connection.execute(sa.select(_THINGS.c.name)).all() == []


def test_many_that_create_the_tables_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Threads with databases of their own begin at the same moment."""
    start, failures = threading.Barrier(8), []

    def write(number: int) -> None:
        start.wait()
        try:
            with Database(_url(tmp_path), _TABLES).begin() as connection:
                connection.execute(sa.insert(_THINGS), [{"name": str(number)}])
        except StateError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Database(_url(tmp_path), _TABLES).begin() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(_THINGS)).scalar() == 8


def test_a_column_that_has_come_since_is_added(tmp_path: Path) -> None:
    """What lies in the table stays; the new column is empty there."""
    with Database(_url(tmp_path), _TABLES).begin() as connection:
        connection.execute(sa.insert(_THINGS), [{"name": "a"}])
    newer = sa.MetaData()
    things = sa.Table(
        "things", newer, sa.Column("name", sa.String(10), primary_key=True), sa.Column("order", sa.Text())
    )
    with Database(_url(tmp_path), newer).begin() as connection:
        assert connection.execute(sa.select(things)).all() == [("a", None)]


def test_writers_of_a_table_wait_for_each_other(tmp_path: Path) -> None:
    """What one has read is still so when it writes: of forty that add one, none is lost."""
    tables = sa.MetaData()
    count = sa.Table("counts", tables, sa.Column("value", sa.Integer(), primary_key=True))

    def add(_number: int) -> None:
        database = Database(_url(tmp_path), tables)
        for _ in range(10):
            with database.begin_alone(count) as connection:
                newest = connection.execute(sa.select(sa.func.max(count.c.value))).scalar() or 0
                connection.execute(sa.insert(count), {"value": newest + 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    with Database(_url(tmp_path), tables).begin() as connection:
        assert connection.execute(sa.select(sa.func.max(count.c.value))).scalar() == 40


def test_two_processes_create_the_tables_at_once(tmp_path: Path) -> None:
    """The ledger's own tables, from two interpreters that wait for each other."""
    code = (
        "import sys, time, pathlib\n"
        "from ml_lifecycle.release.ledger import Ledger\n"
        "here, mine, other = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
        "(here / mine).touch()\n"
        "until = time.time() + 20\n"
        "while not (here / other).exists() and time.time() < until: pass\n"
        "Ledger(f'sqlite:///{here}/service.db').append('p', mine, 'candidate', by='test')\n"
    )
    commands = [[sys.executable, "-c", code, str(tmp_path), mine, other] for mine, other in (("1", "2"), ("2", "1"))]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    from ml_lifecycle.release.ledger import Ledger

    assert {entry.version for entry in Ledger(_url(tmp_path)).history("p")} == {"1", "2"}


@pytest.mark.parametrize(
    "url",
    ["sqlite:////no/such/folder/service.db", "nosuchdatabase://x", "no url", "postgresql+nodriver://u:secret@h/d"],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(url: str) -> None:
    """A folder that does not exist, an unknown database, nonsense."""
    with pytest.raises(StateError) as caught, Database(url, _TABLES).begin():
        pass
    assert "service database" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Somebody put something else there."""
    (tmp_path / "service.db").write_bytes(b"this is a letter and no database" * 100)
    with pytest.raises(StateError, match="file is not a database"), Database(_url(tmp_path), _TABLES).begin():
        pass


def test_a_database_that_breaks_later_is_named(tmp_path: Path) -> None:
    """Somebody dropped a table while we were running."""
    database = Database(_url(tmp_path), _TABLES)
    with database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE things")
    with pytest.raises(StateError, match="no such table"), database.begin() as connection:
        connection.execute(sa.select(_THINGS.c.name))


def test_the_statements_are_understood_by_postgresql() -> None:
    """Tables compile for the other database too, the ledger's and the log's."""
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateTable

    from ml_lifecycle.release import approvals, ledger
    from ml_lifecycle.serving import log_tables

    ours = (ledger._TABLES, approvals._TABLES, log_tables.TABLES)
    tables = [table for made in ours for table in made.sorted_tables]
    said = [str(CreateTable(item, if_not_exists=True).compile(dialect=postgresql.dialect())) for item in tables]
    assert any("BIGSERIAL" in text for text in said)
    assert len(said) >= 4
