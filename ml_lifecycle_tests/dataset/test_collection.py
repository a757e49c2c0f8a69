"""Collecting again gives what a full collection gives, reads only what changed, and says what was new."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset import collection, pieces
from ml_lifecycle.dataset.collection import Collected, collect
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.sources import read_rows

pytestmark = pytest.mark.filterwarnings("ignore:Mismatched null-like")

ROWS = "id,at,x\n1,2024-01-01,a\n2,2024-01-02,\n"


def config(*paths: str, **keywords: Any) -> DatasetConfig:
    """A dataset of files, collected by file."""
    given = {"sources": tuple(SourceConfig(path=path) for path in paths or ("*.csv",)), "incremental": "file"}
    return DatasetConfig.model_validate(given | keywords)


def again(folder: Path, given: DatasetConfig, last: Collected | None = None, **keywords: Any) -> Collected:
    """Collect once more; the state goes through JSON as it does in metadata."""
    previous = None if last is None else json.loads(json.dumps(last.state))
    home = folder / "home"
    return collect(given, root=folder, home=home, store=home / "collected", previous=previous, **keywords)


def assert_full(folder: Path, given: DatasetConfig, collected: Collected) -> None:
    """The rows are those of a full collection."""
    full = read_rows(given, root=folder, home=folder / "home")
    assert collected.raw.fingerprint == full.fingerprint
    assert collected.raw.file_rows == full.file_rows
    pd.testing.assert_frame_equal(collected.raw.frame, collection._plain(full.frame))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with two files."""
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "b.csv").write_text(ROWS.replace("1,2024", "3,2024").replace("2,2024", "4,2024"))
    return tmp_path


def test_only_what_changed_is_parsed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New, changed, unchanged and vanished files are told apart, and new rows counted."""
    first = again(folder, config(event_time="at"))
    assert [piece.change for piece in first.report.pieces] == ["new", "new"]
    assert (first.report.new_rows, first.report.newest) == (4, "2024-01-02T00:00:00")
    parsed: list[str] = []
    read = pieces.read_file
    monkeypatch.setattr(pieces, "read_file", lambda path, source: parsed.append(path.name) or read(path, source))
    second = again(folder, config(event_time="at"), first)
    assert (parsed, second.report.new_rows, second.report.count("unchanged")) == ([], 0, 2)
    (folder / "a.csv").unlink()
    (folder / "b.csv").write_text((folder / "b.csv").read_text() + "5,2024-02-01,z\n")
    (folder / "c.csv").write_text("id,at,x\n6,2024-03-01,y\n")
    third = again(folder, config(event_time="at"), second)
    assert parsed == ["b.csv", "c.csv"]
    assert {piece.name: piece.change for piece in third.report.pieces} == {
        "a.csv": "vanished",
        "b.csv": "changed",
        "c.csv": "new",
    }
    assert (third.report.new_rows, third.report.vanished_rows, third.report.rows) == (2, 2, 4)
    assert third.report.summary == (
        "4 rows, 2 of them new, 2 vanished; sources: 1 new, 1 changed, 1 vanished; "
        "the newest is of 2024-03-01T00:00:00."
    )
    assert_full(folder, config(event_time="at"), third)
    assert third.report.to_frame()["read"].sum() == third.report.read == 4
    assert json.loads(json.dumps(third.report.to_dict()))["pieces"][0]["name"] == "b.csv"


def test_a_full_collection_says_what_was_new_too(folder: Path) -> None:
    """Everything is read; the report is the same."""
    given = config(incremental="none")
    second = again(folder, given, again(folder, given))
    assert (second.report.new_rows, second.report.count("unchanged"), second.report.read) == (0, 2, 4)
    assert [path.name for path in (folder / "home" / "collected").iterdir()] == ["row_ids.npy"]


def test_another_way_of_reading_makes_the_store_useless(folder: Path) -> None:
    """What was read with other codes for missing is not taken over."""
    first = again(folder, config())
    other = DatasetConfig(sources=(SourceConfig(path="*.csv", missing_values=("a",)),), incremental="file")
    second = again(folder, other, first)
    assert second.report.read == 4
    assert_full(folder, other, second)


def test_a_lost_store_is_made_again(folder: Path) -> None:
    """The source still has the rows; what belongs to vanished files is removed."""
    first = again(folder, config())
    store = folder / "home" / "collected"
    for path in store.glob("*.parquet"):
        path.write_bytes(b"cut off")
    second = again(folder, config(), first)
    assert second.report.read == 4
    assert_full(folder, config(), second)
    (folder / "a.csv").unlink()
    again(folder, config(), second)
    assert len(list(store.glob("*.parquet"))) == 1


def test_roles_joins_and_production_are_as_in_a_full_collection(folder: Path) -> None:
    """Only the reading differs."""
    (folder / "names").mkdir()
    (folder / "names" / "x.csv").write_text("x,name\na,Anna\n")
    keywords: dict[str, Any] = {
        "id": "id",
        "event_time": "at",
        "drop": ("x",),
        "joins": ({"source": {"path": "names/x.csv"}, "by": ("x",)},),
    }
    given = config(**keywords)
    production = pd.DataFrame({"id": [4, 9], "at": ["2025-01-01"] * 2, "x": ["q", "r"], "name": ["Q", "R"]})
    first = again(folder, given, production=production)
    second = again(folder, given, first, production=production)
    full = read_rows(given, root=folder, home=folder / "home", production=production)
    pd.testing.assert_frame_equal(second.raw.frame, full.frame)
    assert second.raw.frame["name"].tolist()[-1] == "R"
    assert second.raw.joins[0].matched == 2


def test_a_column_that_parquet_cannot_hold_is_read_each_time(tmp_path: Path) -> None:
    """Excel may have text beside numbers."""
    pd.DataFrame({"x": [1, "a"]}).to_excel(tmp_path / "x.xlsx", index=False)
    given = config("x.xlsx")
    second = again(tmp_path, given, again(tmp_path, given))
    assert second.report.read == 2
    assert_full(tmp_path, given, second)


FILES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(
        st.tuples(st.sampled_from(["1", "2", "x", "007", ""]), st.sampled_from(["", "1.5", "True", "2024-01-01"])),
        max_size=4,
    ),
    min_size=1,
)


@settings(deadline=None, max_examples=20)
@given(st.lists(FILES, min_size=2, max_size=3))
def test_any_story_of_files_ends_as_a_full_collection(stories: list[dict[str, list[tuple[str, str]]]]) -> None:
    """Whatever types columns had before, and whatever came or went."""
    with tempfile.TemporaryDirectory() as name:
        folder, last = Path(name), None
        for files in stories:
            for path in folder.glob("*.csv"):
                path.unlink()
            for stem, rows in files.items():
                (folder / f"{stem}.csv").write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows))
            last = again(folder, config(), last)
            assert_full(folder, config(), last)


TIMES = st.sampled_from([None, "2024-01-01", "2024-01-02", "2024-01-03"])
ORDERS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 3)), TIMES, st.sampled_from([None, "a"])), max_size=5)


@settings(deadline=None, max_examples=20)
@given(st.lists(ORDERS, min_size=2, max_size=4), st.data())
def test_any_story_of_a_table_ends_as_a_full_collection(stories: list[list[tuple]], data: st.DataObject) -> None:
    """Rows that come late, at the same time or without a time, rows that go, and labels that become known."""
    source = {"sql": "sqlite:///shop.db", "table": "orders"}
    given_config = DatasetConfig.model_validate({"sources": (source,), "incremental": "event_time", "event_time": "at"})
    with tempfile.TemporaryDirectory() as name:
        folder, last = Path(name), None
        with sqlite3.connect(folder / "shop.db") as database:
            database.execute("create table orders (id integer, at text, label text)")
        for rows in stories:
            with sqlite3.connect(folder / "shop.db") as database:
                database.executemany("insert into orders values (?, ?, ?)", rows)
                if data.draw(st.booleans()):
                    database.execute("update orders set label = 'known' where label is null and id = 1")
                if not rows:  # deleting as many rows as come late at once is not seen by counting
                    database.execute("delete from orders where id = 2")
            last = again(folder, given_config, last)
            assert_full(folder, given_config, last)


def test_a_table_that_grew_is_read_from_its_newest_time_on(tmp_path: Path) -> None:
    """Rows of the newest time are read again, since more of them may have come; the rest is known."""
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("create table orders (id integer, at text)")
        database.executemany("insert into orders values (?, ?)", [(n, f"2024-01-{n:02}") for n in range(1, 21)])
    source = {"sql": "sqlite:///shop.db", "query": "select * from orders"}
    given = DatasetConfig.model_validate({"sources": (source,), "incremental": "event_time", "event_time": "at"})
    first = again(tmp_path, given)
    second = again(tmp_path, given, first)
    assert (first.report.read, second.report.read) == (20, 1)
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("insert into orders values (21, '2024-02-01')")
    third = again(tmp_path, given, second)
    assert (third.report.read, third.report.new_rows, third.report.rows) == (2, 1, 21)
    assert third.raw.frame[ROW_ID].is_unique
