"""Tests of `ml_lifecycle.orchestration.lake`."""

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import pytest
from deltalake import write_deltalake

from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.lake import Lake, LakeRecord, digest_files
from ml_lifecycle.parts import Parts

_KEY = ("shop", "raw_data")


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": np.array([1, 2], dtype="int64"),
            "name": ["a", None],
            "at": pd.to_datetime(["2025-01-01 10:00:00.123456", None]),
            "share": np.array([0.5, np.nan], dtype="float32"),
        }
    )


def test_a_frame_comes_back_as_it_was(tmp_path: Path) -> None:
    """Types, missing values and microseconds survive the lake."""
    lake = Lake(tmp_path)
    back = lake.read(_KEY, lake.write(_KEY, _frame()))
    pd.testing.assert_frame_equal(back, _frame())


def test_an_old_version_can_still_be_read(tmp_path: Path) -> None:
    """A record names the version that it wrote, whatever was written since."""
    lake = Lake(tmp_path)
    first = lake.write(_KEY, _frame())
    lake.write(_KEY, _frame().assign(more=1))
    assert list(lake.read(_KEY, first).columns) == ["id", "name", "at", "share"]


def test_mixed_and_categorical_columns_are_stored_as_text(tmp_path: Path) -> None:
    """Delta knows neither; the schema's types are applied when rows are validated."""
    frame = pd.DataFrame({"mixed": [1, "x"], "kind": pd.Categorical(["a", "b"]), "none": [None, None]})
    lake = Lake(tmp_path)
    back = lake.read(_KEY, lake.write(_KEY, frame))
    assert back["mixed"].tolist() == ["1", "x"]
    assert back["kind"].tolist() == ["a", "b"]
    assert back["none"].isna().all()


def test_a_partition_replaces_only_itself(tmp_path: Path) -> None:
    """Judging a window again leaves the others alone."""
    lake = Lake(tmp_path)
    for day, value in (("2025-10-01", 1.0), ("2025-10-02", 2.0), ("2025-10-01", 3.0)):
        record = lake.write(_KEY, pd.DataFrame({"value": [value]}), day)
    assert lake.read(_KEY, record)["value"].tolist() == [3.0]
    history = lake.history(_KEY, "frame")
    assert history is not None
    assert history["value"].tolist() == [3.0, 2.0]
    assert history["window"].tolist() == ["2025-10-01", "2025-10-02"]


def test_a_table_without_partitions_has_no_history(tmp_path: Path) -> None:
    """Nothing written is None, not an error: the first window has no past."""
    assert Lake(tmp_path).history(_KEY, "frame") is None


def test_a_record_of_the_past_that_is_gone_is_not_held(tmp_path: Path) -> None:
    """A lake that was emptied by hand is noticed before it is relied on."""
    lake = Lake(tmp_path)
    record = lake.write(_KEY, _frame())
    assert lake.holds(_KEY, record)
    assert not lake.holds(_KEY, LakeRecord(record.type, {"frame": 7}, None))
    assert not lake.holds(_KEY, LakeRecord(record.type, {}, "0" * 32))


def test_reading_what_is_gone_says_what_to_do(tmp_path: Path) -> None:
    """The message names the table and the way back."""
    with pytest.raises(StateError, match="materialise the asset again"):
        Lake(tmp_path).read(_KEY, LakeRecord("frame", {"frame": 0}, None))


def test_a_folder_that_cannot_be_written_is_a_state_error(tmp_path: Path) -> None:
    """A file stands where the table should be."""
    (tmp_path / "shop").write_text("in the way")
    with pytest.raises(StateError, match="the lake cannot be written"):
        Lake(tmp_path).write(_KEY, _frame())


def test_a_foreign_type_is_not_imported(tmp_path: Path) -> None:
    """A lake that others can write to must not choose what is run."""
    with pytest.raises(StateError, match="foreign type"):
        Lake(tmp_path).read(_KEY, LakeRecord("subprocess:Popen", {}, None))


@pytest.mark.parametrize("kind", ["ml_lifecycle.evaluation.gone:Report", "ml_lifecycle.evaluation.report:Gone"])
def test_a_type_of_another_version_is_told(tmp_path: Path, kind: str) -> None:
    """With the way back."""
    with pytest.raises(StateError, match="another version of this package") as refused:
        Lake(tmp_path).read(_KEY, LakeRecord(kind, {}, None))
    assert "run the lifecycle" in str(refused.value)


def test_what_cannot_be_taken_apart_is_refused(tmp_path: Path) -> None:
    """There is no pickle to fall back on."""
    with pytest.raises(TypeError, match="frame or Storable"):
        Lake(tmp_path).write(_KEY, object())


class _Note:
    def __init__(self, text: str) -> None:
        self.text = text

    def to_parts(self) -> Parts:
        return Parts(files={"note/text.txt": self.text.encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        return cls(parts.files["note/text.txt"].decode())


def test_equal_files_are_stored_once(tmp_path: Path) -> None:
    """Files are named by their content, so writing twice costs nothing and overwrites nothing."""
    lake = Lake(tmp_path)
    first, second = lake.write(_KEY, _Note("hello")), lake.write(_KEY, _Note("hello"))
    assert first.files == second.files == digest_files({"note/text.txt": b"hello"})
    assert [path.read_text() for path in tmp_path.rglob("text.txt")] == ["hello"]


def test_many_windows_are_one_version_and_are_read_by_their_records(tmp_path: Path) -> None:
    """Tables by one transaction, files below one folder; the empty window is a window."""
    lake = Lake(tmp_path)
    values = {f"2025-10-0{day}": pd.DataFrame({"value": [float(day)] * day}) for day in (1, 2)}
    records = lake.write_many(_KEY, values | {"2025-10-03": pd.DataFrame({"value": []})})
    assert {record.tables["frame"] for record in records.values()} == {0}
    back = lake.read_many(_KEY, list(records.values()))
    assert [frame["value"].tolist() for frame in back] == [[1.0], [2.0, 2.0], []]
    notes = lake.write_many(("shop", "notes"), {"a": _Note("one"), "b": _Note("two")})
    folders = [tmp_path / "shop" / "notes" / "_files" / str(record.files) for record in notes.values()]
    assert [(folder / "note" / "text.txt").read_text() for folder in folders] == ["one", "two"]
    assert lake.holds(("shop", "notes"), notes["b"])


@pytest.mark.parametrize(
    ("first", "second"),
    [([1, 2], [1.5, None]), ([1.5], [2]), ([None], [1.5]), ([None], ["a"]), ([True], [None]), (["a"], [None])],
)
def test_a_window_of_another_type_loses_nothing(tmp_path: Path, first: list[object], second: list[object]) -> None:
    """Whole numbers meet fractions, and a column that had no value gets its first ones."""
    lake = Lake(tmp_path)
    one = lake.write(_KEY, pd.DataFrame({"key": range(len(first)), "value": first}), "2025-10-01")
    two = lake.write(_KEY, pd.DataFrame({"key": range(len(second)), "value": second}), "2025-10-02")
    for record, wanted in ((one, first), (two, second)):
        found = lake.read(_KEY, record).reindex(columns=["value"])["value"]
        assert [None if pd.isna(value) else value for value in found] == wanted


def test_a_table_with_a_folder_for_each_window_is_still_used(tmp_path: Path) -> None:
    """As earlier versions of this package made it."""
    old = pd.DataFrame({"value": [1.0, 2.0], "_window": ["2025-10-01", "2025-10-02"]})
    write_deltalake(tmp_path / "shop" / "raw_data" / "frame", old, partition_by=["_window"])
    lake = Lake(tmp_path)
    assert lake.read(_KEY, LakeRecord("frame", {"frame": 0}, None, "2025-10-02"))["value"].tolist() == [2.0]
    record = lake.write(_KEY, pd.DataFrame({"value": [3.0]}), "2025-10-02")
    assert lake.read(_KEY, record)["value"].tolist() == [3.0]
    history = lake.history(_KEY, "frame")
    assert history is not None
    assert history["value"].tolist() == [1.0, 3.0]
