"""Parquet and Excel are read with their types."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.files import read_file
from ml_lifecycle.dataset.sources import read_source
from ml_lifecycle.errors import DataError


def read(folder: Path, **keywords: object) -> pd.DataFrame:
    """Read a source below a folder."""
    return read_source(SourceConfig.model_validate(keywords), root=folder, home=folder / "home")


def test_folders_named_key_value_are_columns(tmp_path: Path) -> None:
    """As other programs write partitions; marks and hidden files are no rows."""
    for year, text in ((2023, "x"), (2024, "y")):
        folder = tmp_path / "sales" / f"year={year}" / "kind=a%20b"
        folder.mkdir(parents=True)
        pd.DataFrame({"a": [text]}).to_parquet(folder / "part.parquet")
    (tmp_path / "sales" / "_SUCCESS").touch()
    (tmp_path / "sales" / ".part.parquet.crc").touch()
    whole = read(tmp_path, path="sales")
    assert whole.to_dict("list") == {"a": ["x", "y"], "year": [2023, 2024], "kind": ["a b", "a b"]}
    assert read(tmp_path, path="sales/*/*/*.parquet")["year"].tolist() == [2023, 2024]
    assert read(tmp_path, path="sales", columns=["year"])["year"].tolist() == [2023, 2024]
    assert "year" not in read(tmp_path, path="sales/year=2024/*/part.parquet")


def test_a_glob_may_name_folders(tmp_path: Path) -> None:
    """Where a table was written in parts."""
    for name in ("a.parquet", "b.parquet"):
        (tmp_path / name).mkdir()
        pd.DataFrame({"x": [name]}).to_parquet(tmp_path / name / "part-0.parquet")
    assert read(tmp_path, path="*.parquet")["x"].tolist() == ["a.parquet", "b.parquet"]


def test_the_state_folder_is_not_read_as_data(tmp_path: Path) -> None:
    """A folder above it holds the project's own tables too."""
    (tmp_path / "home" / "lake").mkdir(parents=True)
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "rows.parquet")
    pd.DataFrame({"x": [2]}).to_parquet(tmp_path / "home" / "lake" / "own.parquet")
    assert read(tmp_path, path=".")["x"].tolist() == [1]


def test_dates_are_times(tmp_path: Path) -> None:
    """In nanoseconds like all others; those that do not fit stay as they are."""
    frame = pd.DataFrame({"day": [date(2024, 1, 2), None], "far": [date(9999, 1, 1), None]})
    frame.to_parquet(tmp_path / "x.parquet")
    read_frame = read(tmp_path, path="x.parquet")
    assert read_frame["day"].tolist() == [pd.Timestamp("2024-01-02"), pd.NaT]
    assert str(read_frame["day"].dtype) == "datetime64[ns]"
    assert read_frame["far"].dt.year.tolist()[0] == 9999


def test_packed_parquet_and_chosen_columns(tmp_path: Path) -> None:
    """A missing one is named."""
    pd.DataFrame({"x": [1], "y": [2]}).to_parquet(tmp_path / "x.parquet")
    (tmp_path / "x.parquet.gz").write_bytes(gzip.compress((tmp_path / "x.parquet").read_bytes()))
    assert read(tmp_path, path="x.parquet.gz", columns=["y"]).to_dict("list") == {"y": [2]}
    with pytest.raises(DataError, match="'z'"):
        read(tmp_path, path="x.parquet", columns=["z"])


def test_excel_by_sheet(tmp_path: Path) -> None:
    """By place or by name; rows without a cell are none."""
    with pd.ExcelWriter(tmp_path / "x.xlsx") as book:
        pd.DataFrame({"a": [1, None, 3], "b": ["x", None, "?"]}).to_excel(book, sheet_name="first", index=False)
        pd.DataFrame({"c": [1.5]}).to_excel(book, sheet_name="second", index=False)
    first = read(tmp_path, path="x.xlsx", missing_values=["?"])
    assert first["a"].tolist() == [1, 3]
    assert first["b"].isna().tolist() == [False, True]
    assert read(tmp_path, path="x.xlsx", sheet="second")["c"].tolist() == [1.5]
    with pytest.raises(DataError, match="a sheet 'third'"):
        read(tmp_path, path="x.xlsx", sheet="third")


@pytest.mark.parametrize("name", ["x.xlsx", "x.xls"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, name: str) -> None:
    """The format of before 2007 too."""
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match="workbook"):
        read_file(tmp_path / name, SourceConfig(path=name))
