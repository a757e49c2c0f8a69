"""CSV is read as people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.files import read_file
from ml_lifecycle.errors import DataError


def read(folder: Path, content: str, name: str = "x.csv", **keywords: object) -> object:
    """Write a file and read it."""
    (folder / name).write_text(content, encoding="utf-8")
    return read_file(folder / name, SourceConfig.model_validate({"path": name, **keywords}))


def test_tabs_are_told_by_the_name(tmp_path: Path) -> None:
    """Commas in a .tsv are text."""
    frame = read(tmp_path, "a\tb\n1,5,3\tx\n", "x.tsv")
    assert frame.to_dict("records") == [{"a": "1,5,3", "b": "x"}]


def test_only_the_columns_that_are_asked_for(tmp_path: Path) -> None:
    """In the order of the configuration; one that is not there is named."""
    assert read(tmp_path, "a,b,c\n1,2,3\n", columns=["c", "a"]).columns.tolist() == ["c", "a"]
    with pytest.raises(DataError, match=r"dataset.sources: columns.*'colour'.*did you mean 'color'"):
        read(tmp_path, "a,color\n1,2\n", columns=["colour"])


def test_a_separator_at_the_end_of_each_line_is_harmless(tmp_path: Path) -> None:
    """Pandas alone would move every cell one column to the left."""
    assert read(tmp_path, "a,b\n1,2,\n3,4,\n").to_dict("list") == {"a": [1, 3], "b": [2, 4]}


def test_rows_wider_than_the_header_are_refused(tmp_path: Path) -> None:
    """A first column without a name would be lost silently."""
    with pytest.raises(DataError, match=r"rows as wide as the header, 2 cells, got rows of 3 cells"):
        read(tmp_path, "a,b\n1,2,3\n4,5,6\n")


def test_text_in_quotes_may_hold_lines_and_separators(tmp_path: Path) -> None:
    """As in RFC 4180."""
    frame = read(tmp_path, 'a,b\n"x\ny, z",1\n"""q""",2\n')
    assert frame["a"].tolist() == ["x\ny, z", '"q"']


def test_columns_that_are_text_keep_their_zeros(tmp_path: Path) -> None:
    """Others are read as before; a column that is not there is no matter."""
    frame = read(tmp_path, "zip,n\n01234,1\n00099,2\n", text=["zip", "plz"])
    assert frame.to_dict("list") == {"zip": ["01234", "00099"], "n": [1, 2]}


def test_numbers_as_half_of_europe_writes_them(tmp_path: Path) -> None:
    """A decimal comma, points between thousands; dates stay dates."""
    text = "a;b;c;day\n1,5;1.234,50;1.000;31.12.2023\n2,25;7;;01.02.2024\n"
    assert read(tmp_path, text, decimal=",")["a"].tolist() == [1.5, 2.25]
    frame = read(tmp_path, text, decimal=",", thousands=".")
    assert frame["b"].tolist() == [1234.5, 7]
    assert frame["c"].iloc[0] == 1000
    assert frame["day"].tolist() == ["31.12.2023", "01.02.2024"]


def test_a_line_that_is_too_long_is_named(tmp_path: Path) -> None:
    """The other lines are not at fault, nor is the separator."""
    with pytest.raises(DataError, match="2 cells in each line, got 3 in line 3"):
        read(tmp_path, "a,b\n1,2\n1,2,3\n4,5\n")
