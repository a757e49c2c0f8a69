"""A person corrects the quarantine in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.correction_files import export_quarantine, read_corrections
from ml_lifecycle.dataset.decisions import Decision
from ml_lifecycle.dataset.quarantine import validate_rows
from ml_lifecycle.dataset.releases import ReleaseLog
from ml_lifecycle.dataset.rows import ROW_ID, identify
from ml_lifecycle.dataset.schema import infer_schema
from ml_lifecycle.errors import DataError

SEEN = pd.DataFrame({"age": [20, 30, 40, 40], "job": ["cook", "pilot"] * 2})
CAME = identify(pd.DataFrame({"age": ["20", "999", "old", "40"], "job": ["cook", "a, \n b", "pilot", "cook"]}))
CONFIG = DatasetConfig(sources=(SourceConfig(path="x.csv"),), quarantine_share=1.0)
SCHEMA = infer_schema(SEEN)
ASIDE = validate_rows(CAME, SCHEMA, CONFIG).quarantined


def edit(path: Path, changes: dict[tuple[str, str], dict[str, str]], **keywords: Any) -> list[dict[str, str]]:
    """Write into lines by their value and column, as a person would."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        line.update(changes.get((line["value"], line["column"]), {}))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), **keywords)
        writer.writeheader()
        writer.writerows(lines)
    return lines


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_the_way_round(tmp_path: Path, delimiter: str) -> None:
    """Export, correct, read, release, run again: corrected rows come in, untouched ones stay where they are."""
    path = tmp_path / "aside.csv"
    assert export_quarantine(ASIDE, path) == 3
    edit(
        path,
        {("999", "age"): {"waive": "yes"}, ("a, \n b", "job"): {"corrected": "cook"}},
        delimiter=delimiter,
    )
    decisions = read_corrections(path, ASIDE)
    name = int(CAME[ROW_ID].iloc[1])
    assert decisions == [Decision(name, {"job": "cook"}, ("age: in_range",))]
    log = ReleaseLog.of(tmp_path, "shop")
    log.record(ASIDE, decisions)
    again = validate_rows(CAME, SCHEMA, CONFIG, releases=log.read())
    assert again.good["job"].tolist() == ["cook", "cook", "cook"]
    assert again.good["age"].tolist() == [20, 999, 40]
    assert again.quarantined["value"].tolist() == ["old"]


def test_a_cell_can_be_emptied(tmp_path: Path) -> None:
    """An empty field changes nothing, `(missing)` does."""
    path = tmp_path / "aside.csv"
    export_quarantine(ASIDE, path)
    edit(path, {("old", "age"): {"corrected": "(missing)", "waive": "no"}})
    assert read_corrections(path, ASIDE) == [Decision(int(CAME[ROW_ID].iloc[2]), {"age": None})]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"waive": "perhaps"}, "'perhaps' under waive in line 2"),
        ({"corrected": "1", "_row_id": "1.2E+18"}, "'1.2E\\+18' as the number of a row in line 2"),
        ({"corrected": "1", "_row_id": "row:5"}, "row 5 in line 2, which is not in quarantine"),
    ],
)
def test_a_line_that_cannot_be_understood_is_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    """With its number and what is wrong."""
    path = tmp_path / "aside.csv"
    export_quarantine(ASIDE, path)
    edit(path, {(str(ASIDE["value"].iloc[0]), str(ASIDE["column"].iloc[0])): change})
    with pytest.raises(DataError, match=message):
        read_corrections(path, ASIDE)


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    """Absent, empty, another table, not text, or a place that cannot be written."""
    path = tmp_path / "x.csv"
    for content, message in (
        (None, "FileNotFoundError"),
        (b"", "an empty file"),
        (b"a,b\n1,2\n", "no column '_row_id'"),
        (b"\xff\xfe\x00", "UnicodeDecodeError"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_corrections(path, ASIDE)
    with pytest.raises(DataError, match="writable folder"):
        export_quarantine(ASIDE, tmp_path / "none" / "x.csv")
