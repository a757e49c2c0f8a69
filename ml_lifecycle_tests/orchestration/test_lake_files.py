"""Tests of `ml_lifecycle.orchestration.lake_files` and `lake_cleaning`: real Delta tables keep what is named."""

import os
import time
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable, PostCommitHookProperties, write_deltalake

from ml_lifecycle.monitoring.housekeeping import Result
from ml_lifecycle.orchestration.lake import Lake, LakeRecord
from ml_lifecycle.orchestration.lake_cleaning import delete_all, plan_lake, put_together, size_of
from ml_lifecycle.orchestration.lake_files import Named, TableFiles

_KEY = ("p", "raw")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path)


def _write(lake: Lake, value: int, window: str | None = None) -> LakeRecord:
    return lake.write(_KEY, pd.DataFrame({"x": [value]}), window)


def _value(lake: Lake, record: LakeRecord) -> int:
    frame: pd.DataFrame = lake.read(_KEY, record)
    return int(frame["x"].iloc[0])


def _clean(lake: Lake, *records: LakeRecord) -> None:
    """Delete what these records do not need."""
    at = pd.Timestamp("2026-05-01").to_pydatetime()
    kept = [Result("raw", at, "r", item.partition, tables=item.tables, files=item.files) for item in records]
    plan = plan_lake(lake.root / "p", kept, ["raw"], before=time.time() + 60)
    delete_all([*plan.tables, *plan.folders])


def test_versions_that_are_named_and_the_present_one_are_read_as_before(lake: Lake) -> None:
    """What lay between them is gone."""
    records = [_write(lake, value) for value in range(4)]
    path = lake.root / "p" / "raw" / "frame"
    before = TableFiles(path).size()
    _clean(lake, records[1])
    files = TableFiles(path)
    assert [files.reads(record.tables["frame"]) for record in records] == [False, True, False, True]
    assert (_value(lake, records[1]), _value(lake, records[3])) == (1, 3)
    assert files.size() == before / 2


def test_every_window_is_read_as_its_own_record_says(lake: Lake) -> None:
    """A window that was written again keeps only its newest rows."""
    first = {window: _write(lake, number, window) for number, window in enumerate(("2026-05-01", "2026-05-02"))}
    again = _write(lake, 7, "2026-05-01")
    _clean(lake, again, first["2026-05-02"])
    assert (_value(lake, again), _value(lake, first["2026-05-02"])) == (7, 1)


def test_a_table_of_many_small_files_is_put_together_and_read_as_before(lake: Lake) -> None:
    """Also by records from before, which name the small ones."""
    records = [_write(lake, number, f"2026-05-{number + 1:02}") for number in range(9)]
    path = lake.root / "p" / "raw" / "frame"
    assert put_together(path) > 0
    assert TableFiles(path).live == 1
    _clean(lake, *records)
    assert [_value(lake, record) for record in records] == list(range(9))
    history = lake.history(_KEY, "frame")
    assert history is not None
    assert history["x"].tolist() == list(range(9))


def test_files_beside_tables_go_with_the_last_record_that_names_them(lake: Lake, tmp_path: Path) -> None:
    """What is young is left alone: somebody may be writing it."""
    folder = tmp_path / "p" / "raw" / "_files"
    for name in ("named", "unnamed", ".new.part"):
        (folder / name).mkdir(parents=True)
        (folder / name / "a").write_bytes(b"12345")
    at = pd.Timestamp("2026-05-01").to_pydatetime()
    kept = [Result("raw", at, "r", files="named")]
    young = plan_lake(tmp_path / "p", kept, ["raw"], before=time.time() - 60)
    old = plan_lake(tmp_path / "p", kept, ["raw"], before=time.time() + 60)
    assert list(young.folders) == []
    assert {item.name for item in old.folders} == {"unnamed", ".new.part"}
    assert (size_of(old.folders), old.kept_folders) == (10, 1)
    assert lake.root == tmp_path


def test_a_table_whose_old_log_was_cleaned_away_is_read_from_its_checkpoint(tmp_path: Path) -> None:
    """Older versions cannot be read by anybody; those after are as they were."""
    hooks = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
    for value in range(4):
        write_deltalake(tmp_path, pd.DataFrame({"x": [value]}), mode="overwrite", post_commithook_properties=hooks)
        if value == 2:
            DeltaTable(tmp_path).create_checkpoint()
    for number in range(2):
        (tmp_path / "_delta_log" / f"{number:020}.json").unlink()
    files = TableFiles(tmp_path)
    assert [files.reads(version) for version in range(5)] == [False, False, False, True, False]
    assert len(files.unneeded([])) == 3
    assert len(files.unneeded([Named(3)])) == 3
    assert files.live == 1


@pytest.mark.slow
def test_old_versions_outlive_the_hundredth_write(lake: Lake) -> None:
    """Delta by itself deletes the log of versions older than 30 days with every hundredth one."""
    records = [_write(lake, value) for value in range(99)]
    log = lake.root / "p" / "raw" / "frame" / "_delta_log"
    for file in log.iterdir():
        os.utime(file, (time.time() - 60 * 86_400,) * 2)
    for value in range(3):
        _write(lake, value)
    assert _value(lake, records[7]) == 7
