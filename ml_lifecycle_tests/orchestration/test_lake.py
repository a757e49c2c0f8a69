"""Tests of `ml_lifecycle.orchestration.lake`."""

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import pytest

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
