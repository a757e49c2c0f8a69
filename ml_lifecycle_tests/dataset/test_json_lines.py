"""JSON lines become columns of one type each."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.files import is_data_file, read_file
from ml_lifecycle.errors import DataError


def read(folder: Path, text: str, name: str = "x.jsonl", **keywords: object) -> object:
    """Write a file and read it."""
    (folder / name).write_text(text, encoding="utf-8")
    return read_file(folder / name, SourceConfig.model_validate({"path": name, **keywords}))


def test_lines_may_lack_keys_and_have_them_in_any_order(tmp_path: Path) -> None:
    """What a line lacks is missing; text that looks like a number or a date stays text."""
    frame = read(tmp_path, '{"a": 1, "day": "2024-01-01"}\n\n{"code": "007", "a": 2}\n')
    assert frame["a"].tolist() == [1, 2]
    assert frame["day"].tolist()[0] == "2024-01-01"
    assert frame["code"].tolist()[1] == "007"
    assert frame["code"].isna().tolist() == [True, False]


def test_objects_within_objects_become_columns(tmp_path: Path) -> None:
    """Lists are kept as JSON text, mixtures as text."""
    frame = read(tmp_path, '{"who": {"age": 3}, "tags": ["a", 1], "x": 1}\n{"who": {"age": 4}, "tags": [], "x": "b"}\n')
    assert frame["who.age"].tolist() == [3, 4]
    assert frame["tags"].tolist() == ['["a",1]', "[]"]
    assert frame["x"].tolist() == ["1", "b"]


def test_an_array_of_objects_is_read_too(tmp_path: Path) -> None:
    """Over several lines, packed."""
    with gzip.open(tmp_path / "x.ndjson.gz", "wt") as file:
        file.write('[{"a": 1},\n {"a": 2}]\n')
    assert read_file(tmp_path / "x.ndjson.gz", SourceConfig(path="x"))["a"].tolist() == [1, 2]


def test_codes_and_columns(tmp_path: Path) -> None:
    """Codes for missing are blanked, a column that no line has is missing throughout."""
    frame = read(
        tmp_path, '{"a": "?", "b": 999}\n{"a": "x", "b": 1}\n', missing_values=["?", "999"], columns=["b", "c"]
    )
    assert frame["b"].isna().tolist() == [True, False]
    assert frame["c"].isna().all()


@pytest.mark.parametrize(
    ("text", "said"), [('{"a": 1}\n{"a": \n', "on line 2"), ("1\n", "a JSON object"), ("[1]", "int")]
)
def test_what_is_no_object_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the number of the line."""
    with pytest.raises(DataError, match=said):
        read(tmp_path, text)


def test_a_json_file_holds_an_array_or_lines(tmp_path: Path) -> None:
    """Its name is enough, wherever in the file the array begins; beside data in a folder it is a note."""
    for text in ('[{"a": 1}, {"a": 2}]', '\n[\n  {"a": 1},\n  {"a": 2}\n]\n', '{"a": 1}\n{"a": 2}\n'):
        assert read(tmp_path, text, "rows.json")["a"].tolist() == [1, 2]
    assert not is_data_file("rows.json", SourceConfig(path="x"))
    assert is_data_file("rows.json", SourceConfig(path="x", format="jsonl"))
