"""Rows come from databases whole, typed, in one order; SQLite stands for all here, PostgreSQL is in `real`."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset import database_query
from ml_lifecycle.dataset.databases import DatabaseRows
from ml_lifecycle.dataset.sources import read_rows, read_source, source_fingerprint
from ml_lifecycle.errors import ConfigError, DataError

URL = "sqlite:///shop.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with a database of one table and one view."""
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute('create table orders (id integer, at text, "net price" real, note text, paid integer)')
        database.executemany(
            "insert into orders values (?, ?, ?, ?, ?)",
            [(1, "2024-01-02", 5.5, "a:b 100%", None), (2, "2024-01-01", None, "?", 1), (3, None, 7.0, None, 0)],
        )
        database.execute("create view paid as select * from orders where paid = 1")
    return tmp_path


def source(**keywords: Any) -> SourceConfig:
    """A source in the shop's database."""
    return SourceConfig.model_validate({"sql": URL, **keywords})


def read(folder: Path, **keywords: Any) -> pd.DataFrame:
    """Read from the shop's database."""
    return read_source(source(**keywords), root=folder, home=folder / "home")


def change(folder: Path, statement: str) -> None:
    """Change the shop's database."""
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute(statement)


def test_a_table_or_view_is_read_whole(folder: Path) -> None:
    """Types are those of the cells; names may hold blanks."""
    frame = read(folder, table="orders")
    assert frame["id"].tolist() == [1, 2, 3]
    assert frame["net price"].tolist()[0] == 5.5
    assert frame["note"].tolist() == ["a:b 100%", "?", None]
    assert frame["paid"].isna().tolist() == [True, False, False]
    assert len(read(folder, table="paid")) == 1
    assert read(folder, table="main.orders", columns=["paid", "net price"]).columns.tolist() == ["paid", "net price"]


def test_a_query_is_taken_as_it_is(folder: Path) -> None:
    """Colons, percent signs, semicolons, comments and common table expressions are the project's own."""
    query = "with o as (select * from orders) select id, note from o where note like 'a:b%' or note = ':x'; "
    assert read(folder, query=query)["note"].tolist() == ["a:b 100%"]
    assert read(folder, query="select id from orders where at > '2024-01-01 10:30:00' -- all")["id"].tolist() == [1]
    assert read(folder, query="select id from orders where 1 = 0").columns.tolist() == ["id"]
    assert read(folder, table="orders", missing_values=["?"])["note"].isna().tolist() == [False, True, True]


def test_batches_do_not_change_types(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch without a value, or numbers in one and text in another, give the columns that one batch gives."""
    change(folder, "insert into orders values ('x7', null, null, null, null)")
    whole = read(folder, table="orders")
    monkeypatch.setattr(database_query, "_BATCH", 1)
    pd.testing.assert_frame_equal(read(folder, table="orders"), whole)
    assert whole["id"].tolist() == ["1", "2", "3", "x7"]


def test_what_is_not_there_is_told(folder: Path) -> None:
    """A table, a column, a file, two columns of one name; a query that is no SQL."""
    cases = [
        ({"table": "order"}, "did you mean 'orders'"),
        ({"table": "orders", "columns": ["nut"]}, "'nut'"),
        ({"sql": "sqlite:///shap.db", "table": "orders"}, r"no SQLite file 'shap\.db'"),
        ({"query": "select id, id from orders"}, "same name"),
        ({"query": "select missed from orders"}, "no such column: missed"),
        ({"query": "selekt"}, "refuses"),
    ]
    for keywords, said in cases:
        with pytest.raises(DataError, match=said):
            read(folder, **keywords)
    assert not (folder / "shap.db").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nothing of the kind", "SQLAlchemy URL"),
        ("klingon://host/db", "klingon"),
        ("mysql+nodriver://host/db", "correct dataset.sources: sql"),
        ("oracle+oracledb://host/db", "pip install"),
    ],
)
def test_a_wrong_address_is_told(folder: Path, url: str, said: str) -> None:
    """No dialect, no driver, no URL."""
    with pytest.raises(ConfigError, match=said):
        read(folder, sql=url, table="t")


def test_references_are_put_in_part_by_part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's name, or the whole URL, may come from the environment."""
    monkeypatch.setenv("DB_NAME", "shop.db")
    monkeypatch.setenv("DB_URL", URL)
    for url in ("sqlite:///${DB_NAME}", "${DB_URL}"):
        assert len(read(folder, sql=url, table="orders")) == 3


def test_no_password_is_ever_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the message nor in what it was caused by."""
    monkeypatch.setenv("DB_PASSWORD", "s3cr#t/p@ss:word")
    url = "postgresql://me:${DB_PASSWORD}@127.0.0.1:1/db"
    with pytest.raises(DataError, match="does not let us in") as caught:
        read(folder, sql=url, table="t")
    assert "s3cr" not in str(caught.value)
    assert "${DB_PASSWORD}" in str(caught.value)
    assert caught.value.__suppress_context__


def test_rows_are_in_the_order_of_time(folder: Path) -> None:
    """Those without one come last; the fingerprint is of the rows, not of how the database keeps them."""
    given = DatasetConfig(sources=(source(table="orders"),), event_time="at")
    rows = read_rows(given, root=folder, home=folder)
    assert rows.frame["id"].tolist() == [2, 1, 3]
    change(folder, "create table other as select * from orders order by id desc")
    other = DatasetConfig(sources=(source(table="other"),), event_time="at")
    assert read_rows(other, root=folder, home=folder).fingerprint == rows.fingerprint


def test_the_fingerprint_sees_rows_and_labels_that_come(folder: Path) -> None:
    """With an event time by counting, else by reading."""
    timed = DatasetConfig(sources=(source(table="orders"),), event_time="at")
    untimed = DatasetConfig(sources=(source(table="orders"),))
    seen = set()
    for statement in (
        "select 1",
        "insert into orders values (4, '2024-02-01', 1, 'x', null)",
        "update orders set paid = 1 where id = 4",
        "delete from orders where id = 1",
    ):
        change(folder, statement)
        seen |= {source_fingerprint(given, folder, folder) for given in (timed, untimed)}
    assert len(seen) == 8
    assert source_fingerprint(timed, folder, folder) in seen


def test_only_rows_from_the_boundary_on_are_fetched(folder: Path) -> None:
    """Until something before it changes: then all are."""
    rows = DatabaseRows(source(table="orders"), folder, folder, ("at",))
    first = rows.read_further(None, None)
    assert (first.fetched, first.boundary.newest) == (3, ("str", "2024-01-02"))
    change(folder, "insert into orders values (4, '2024-01-02', 1, 'tie', 1), (5, '2024-03-01', 1, 'new', 1)")
    second = rows.read_further(first.frame, first.boundary)
    assert second.fetched == 4
    assert second.frame["id"].tolist() == rows.read()["id"].tolist()
    change(folder, "insert into orders values (6, '2023-01-01', 1, 'late', 1)")
    third = rows.read_further(second.frame, second.boundary)
    assert (third.fetched, len(third.frame)) == (6, 6)
