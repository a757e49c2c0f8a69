"""Rows are read from all sources, and what is wrong with a source is said clearly."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.sources import judge_fresh, judge_not_empty, read_rows, read_source, source_fingerprint
from ml_lifecycle.errors import DataError, TargetError

CSV = "id,at,x,y\n1,2024-01-01,5,0\n2,2024-02-01,,1\n3,2024-03-01,7,0\n"


def config(*paths: str, **keywords: Any) -> DatasetConfig:
    """A dataset of these sources."""
    return DatasetConfig(sources=tuple(SourceConfig(path=path) for path in paths), **keywords)


def read(folder: Path, given: DatasetConfig, **keywords: Any) -> Any:
    """Read with the state folder below the root."""
    return read_rows(given, root=folder, home=folder / "home", **keywords)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with one file."""
    (tmp_path / "rows.csv").write_text(CSV)
    return tmp_path


def test_files_of_a_pattern_are_read_in_order(folder: Path) -> None:
    """Each file's rows are counted, and every row has a name."""
    (folder / "rows2.csv").write_text(CSV.replace("1,2024", "4,2024", 1))
    rows = read(folder, config("rows*.csv"))
    assert rows.files == ("rows.csv", "rows2.csv")
    assert rows.file_rows == {"rows.csv": 3, "rows2.csv": 3}
    assert rows.frame[ROW_ID].is_unique
    assert rows.frame.index.tolist() == list(range(6))


def test_an_inbox_beside_other_sources_may_be_empty(folder: Path) -> None:
    """What arrives later is read when it is there; an inbox alone must hold something."""
    inbox = "{home}/inbox/*.csv"
    assert len(read(folder, config("rows.csv", inbox)).frame) == 3
    with pytest.raises(DataError, match="no file"):
        read(folder, config(inbox))
    (folder / "home" / "inbox").mkdir(parents=True)
    (folder / "home" / "inbox" / "new.csv").write_text(CSV)
    assert read(folder, config("rows.csv", inbox)).files == ("rows.csv", "{home}/inbox/new.csv")


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_the_separator_is_found_out(folder: Path, separator: str) -> None:
    """Compressed or not, whichever is common."""
    with gzip.open(folder / "other.csv.gz", "wt") as file:
        file.write(CSV.replace(",", separator))
    frame = read_source(SourceConfig(path="other.csv.gz"), root=folder, home=folder)
    assert frame.columns.tolist() == ["id", "at", "x", "y"]


def test_codes_of_missing_values(folder: Path) -> None:
    """A code is missing in CSV and in Parquet."""
    frame = pd.DataFrame({"x": ["a", "?"]})
    frame.to_csv(folder / "x.csv", index=False)
    frame.to_parquet(folder / "x.parquet")
    for name in ("x.csv", "x.parquet"):
        read_frame = read_source(SourceConfig(path=name, missing_values=("?",)), root=folder, home=folder)
        assert read_frame["x"].isna().tolist() == [False, True]


def test_a_named_index_is_a_column(folder: Path) -> None:
    """Parquet written from an indexed frame loses nothing."""
    pd.DataFrame({"x": [1]}, index=pd.Index([7], name="key")).to_parquet(folder / "x.parquet")
    assert read_source(SourceConfig(path="x.parquet"), root=folder, home=folder).columns.tolist() == ["key", "x"]


def test_text_in_one_file_and_numbers_in_another_become_text(folder: Path) -> None:
    """A column is never a mixture, which no table format can store."""
    (folder / "rows2.csv").write_text("id,at,x,y\n4,2024-01-01,many,0\n")
    rows = read(folder, config("rows*.csv"))
    assert rows.frame["x"].tolist() == ["5", None, "7", "many"]


def test_times_are_parsed_and_limit_the_rows(folder: Path) -> None:
    """`until` leaves out what happened at that time or later."""
    rows = read(folder, config("rows.csv", event_time="at", until=datetime(2024, 3, 1, tzinfo=UTC)))
    assert rows.frame["at"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]


def test_a_bad_time_is_kept_as_text_for_validation(folder: Path) -> None:
    """One cell that is no time loses neither the row nor the cell; a column of them is refused."""
    (folder / "rows.csv").write_text(CSV.replace("2024-02-01", "soon"))
    rows = read(folder, config("rows.csv", event_time="at", until=datetime(2024, 3, 1)))  # noqa: DTZ001 - naive is UTC
    assert rows.frame["at"].tolist() == ["2024-01-01", "soon"]
    (folder / "rows.csv").write_text(CSV.replace("2024-0", "moon "))
    with pytest.raises(DataError, match=r"'at', which dataset.event_time names, does not hold times.*'moon 1-01'"):
        read(folder, config("rows.csv", event_time="at"))


def test_dropping_a_column_renames_no_row(folder: Path) -> None:
    """Names come from all that was read."""
    kept, dropped = read(folder, config("rows.csv")), read(folder, config("rows.csv", drop=("x",)))
    assert "x" not in dropped.frame
    assert kept.frame[ROW_ID].tolist() == dropped.frame[ROW_ID].tolist()
    assert kept.fingerprint != dropped.fingerprint


def test_production_rows_are_added_once(folder: Path) -> None:
    """What the sources hold already is not taken again, of several the last counts, and `until` does not bound them."""
    production = pd.DataFrame({"id": ["2", "9", "9"], "at": ["2025-01-01"] * 3, "x": [1, 2, 3], "y": [1, 1, 0]})
    given = config("rows.csv", id="id", event_time="at", until=datetime(2024, 6, 1, tzinfo=UTC))
    rows = read(folder, given, production=production, target="y")
    assert rows.file_rows == {"rows.csv": 3, "production": 1}
    assert rows.files == ("rows.csv",)
    assert rows.frame["x"].tolist()[-1] == 3
    assert rows.frame[ROW_ID].is_unique
    assert len(read(folder, given, production=production.head(0)).frame) == 3


def test_production_rows_without_an_id_are_named_by_content(folder: Path) -> None:
    """A row equal to one of the sources is the same row."""
    rows = read(folder, config("rows.csv"), production=pd.read_csv(folder / "rows.csv"))
    assert len(rows.frame) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "EmptyDataError"),
        (b"a,b\n\xff\xfe,1\n", "latin-1"),
        (b"a,b\n1,2\n1,2,3,4\n", "the right separator"),
    ],
)
def test_unreadable_csv(folder: Path, content: bytes, message: str) -> None:
    """The message names the file and what to do."""
    (folder / "bad.csv").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(folder, config("bad.csv"))
    assert "bad.csv" in str(caught.value)


def test_unreadable_files_of_other_kinds(folder: Path) -> None:
    """Neither broken Parquet nor broken gzip, an unknown encoding nor a frame without columns is a crash."""
    (folder / "bad.parquet").write_bytes(b"nothing of the kind")
    (folder / "bad.csv.gz").write_bytes(b"nothing of the kind")
    (folder / "cut.csv.gz").write_bytes(gzip.compress(CSV.encode())[:-12])
    pd.DataFrame(index=[0]).to_parquet(folder / "none.parquet")
    for source in (
        SourceConfig(path="bad.parquet"),
        SourceConfig(path="bad.csv.gz"),
        SourceConfig(path="cut.csv.gz"),
        SourceConfig(path="none.parquet"),
        SourceConfig(path="rows.csv", encoding="klingon"),
    ):
        with pytest.raises(DataError):
            read_source(source, root=folder, home=folder)


def test_encodings_and_marks(folder: Path) -> None:
    """A byte order mark is no part of the first name; other encodings are named."""
    (folder / "mark.csv").write_bytes("é,b\n1,2\n".encode("utf-8-sig"))
    (folder / "latin.csv").write_bytes("é,b\n1,2\n".encode("latin-1"))
    sources = (SourceConfig(path="mark.csv"), SourceConfig(path="latin.csv", encoding="latin-1"))
    for source in sources:
        assert read_source(source, root=folder, home=folder).columns.tolist() == ["é", "b"]


def test_other_compressions_are_read(folder: Path) -> None:
    """Without a look at the first lines the separator is a comma."""
    pd.DataFrame({"x": [1], "y": [2]}).to_csv(folder / "x.csv.bz2", index=False)
    assert read_source(SourceConfig(path="x.csv.bz2"), root=folder, home=folder).shape == (1, 2)


def test_a_missing_file_says_what_lies_near(folder: Path) -> None:
    """A typo is often one letter; a folder must hold files of rows."""
    (folder / "empty").mkdir()
    for path, hint in (
        ("row.csv", "near it lies rows.csv"),
        ("zzz.txt", "holds 1 files"),
        ("nowhere/x.csv", "there is no folder"),
        ("empty", "a folder without such files"),
    ):
        with pytest.raises(DataError, match=hint):
            read(folder, config(path))


@pytest.mark.parametrize("role", ["id", "event_time", "entity", "group"])
def test_a_role_must_name_a_column(folder: Path, role: str) -> None:
    """The nearest name is suggested."""
    with pytest.raises(DataError, match=rf"dataset.{role} names.*did you mean 'at'"):
        read(folder, config("rows.csv", **{role: "att"}))


def test_target_and_dropped_columns_must_be_there(folder: Path) -> None:
    """A typo under `drop` would leave a leak in."""
    with pytest.raises(TargetError, match=r"brief.target.*the columns are 'id', 'at'"):
        read(folder, config("rows.csv"), target="outcome")
    with pytest.raises(DataError, match=r"dataset.drop\[0\]"):
        read(folder, config("rows.csv", drop=("leak",)))


def test_the_fingerprint_of_the_sources_is_of_their_bytes(folder: Path) -> None:
    """The same bytes give the same hash, a new file or a changed one another."""
    given = config("rows*.csv")
    first = source_fingerprint(given, folder, folder / "home")
    assert source_fingerprint(given, folder, folder / "home") == first
    (folder / "rows2.csv").write_text(CSV)
    second = source_fingerprint(given, folder, folder / "home")
    (folder / "rows2.csv").write_text(CSV + "4,2024-04-01,1,1\n")
    assert len({first, second, source_fingerprint(given, folder, folder / "home")}) == 3


def test_no_rows_fail_the_gate(folder: Path) -> None:
    """A header without rows is read, and judged."""
    assert judge_not_empty(read(folder, config("rows.csv"))).passed
    (folder / "rows.csv").write_text(CSV.splitlines()[0])
    rows = read(folder, config("rows.csv", event_time="at"), target="y")
    verdict = judge_not_empty(rows)
    assert verdict.blocks
    assert verdict.gate == "not_empty"


def test_freshness_is_judged_against_the_newest_row(folder: Path) -> None:
    """Older than allowed warns; without a limit it does not apply."""
    given = config("rows.csv", event_time="at", max_age_days=10)
    rows = read(folder, given)
    assert judge_fresh(rows, given, datetime(2024, 3, 8)).passed  # noqa: DTZ001 - naive is UTC
    stale = judge_fresh(rows, given, datetime(2024, 4, 1, tzinfo=UTC))
    assert (stale.passed, stale.blocks, stale.facts["age_days"]) == (False, False, 31.0)
    assert judge_fresh(rows, config("rows.csv"), datetime.now(UTC)).facts == {"applies": False}


def test_what_is_cleaned_as_text_is_read_as_text(folder: Path) -> None:
    """A number would have lost its zeros before cleaning sees it, in a further source too."""
    (folder / "zip.csv").write_text("zip,n\n01234,1\n00099,2\n", encoding="utf-8")
    (folder / "more.csv").write_text("plz,code\n01234,007\n", encoding="utf-8")
    joins = [{"source": {"path": "more.csv"}, "by": ["zip"], "right_by": ["plz"], "prefix": "far_"}]
    plain = config("zip.csv")
    given = config("zip.csv", cleaning={"types": {"zip": "text", "far_code": "text"}}, joins=joins)
    frame = read(folder, given).frame
    assert frame["zip"].tolist() == ["01234", "00099"]
    assert frame["far_code"].tolist()[0] == "007"
    assert read(folder, plain).frame["zip"].tolist() == [1234, 99]
    text = config("zip.csv", cleaning={"types": {"zip": "text"}})
    assert source_fingerprint(text, folder, folder) != source_fingerprint(plain, folder, folder)
