"""Old lines move to the archive: none is lost, none is read twice, late outcomes join, batches are not repeated."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.lake_archive import LakeArchive
from ml_lifecycle.serving.compaction import move_to_archive
from ml_lifecycle.serving.prediction_log import Feedback, LoggedPrediction, PredictionLog, id_of

_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - the log holds naive UTC
_END = _DAY + timedelta(days=4)


@pytest.fixture
def archive(tmp_path: Path) -> LakeArchive:
    """An empty archive in a lake."""
    return LakeArchive(tmp_path / "lake")


@pytest.fixture
def log(tmp_path: Path, archive: LakeArchive) -> PredictionLog:
    """A log that reads it."""
    return PredictionLog(f"sqlite:///{tmp_path / 'service.db'}", archive)


@pytest.fixture
def live(tmp_path: Path) -> PredictionLog:
    """The same log, as somebody sees it who knows of no archive."""
    return PredictionLog(f"sqlite:///{tmp_path / 'service.db'}")


def _entries(numbers: Sequence[int], version: str = "1", **more: Any) -> list[LoggedPrediction]:
    """Six rows a day."""
    return [
        LoggedPrediction(
            project="p",
            model_version=version,
            row_key=str(number),
            event_time=_DAY + timedelta(hours=4 * number),
            inputs={"n": number, "city": "Ríga"},
            prediction="yes",
            score=0.25,
            prediction_id=id_of("p", version, str(number)),
            logged_at=_DAY + timedelta(hours=4 * number, minutes=1),
            **more,
        )
        for number in numbers
    ]


def _outcomes(keys: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"key": keys, "outcome": "no", "known_at": pd.Timestamp("2026-03-01")})


def _seen(log: PredictionLog) -> dict[str, Any]:
    """All that the log is asked for."""
    return {
        "window": log.window("p", _DAY, _END),
        "part": log.window("p", _DAY + timedelta(hours=10), _DAY + timedelta(hours=30)),
        "early": log.window("p", _DAY, _END, as_of=_DAY),
        "shadow": log.window("p", _DAY, _END, role="shadow"),
        "labelled": log.labelled_rows("p", target="y", id_column="id", event_time="at", entity="who"),
        "since": log.labelled_rows("p", target="y", since=datetime(2026, 3, 2)),  # noqa: DTZ001
        "evidence": log.evidence_frame("p", _DAY + timedelta(hours=5), ["champion", "shadow"]),
        "counts": pd.Series([log.count("p"), log.labelled_count("p")]),
    }


def _same(before: dict[str, Any], after: dict[str, Any]) -> None:
    for name, frame in before.items():
        compare: Callable[..., None] = (
            pd.testing.assert_series_equal if isinstance(frame, pd.Series) else pd.testing.assert_frame_equal
        )
        compare(after[name], frame, obj=name)


def _fill(log: PredictionLog) -> None:
    log.append(_entries(range(20), entity="c1", latency_ms=1.5, request_id="r"))
    log.append(_entries(range(3), "2", role="shadow"))
    log.add_outcomes("p", _outcomes(["1", "2", "19", "stranger"]))


def test_readers_see_no_difference(log: PredictionLog, live: PredictionLog, archive: LakeArchive) -> None:
    """Windows, labelled rows, evidence and counts are what they were; only whole days have moved."""
    _fill(log)
    before = _seen(log)
    moved = move_to_archive(log, archive, "p", _DAY + timedelta(days=2, hours=9), portion=5)
    assert moved.days == {"2026-01-01": 9, "2026-01-02": 6}
    assert (moved.lines, moved.found, moved.before) == (15, 0, _DAY + timedelta(days=2))
    assert live.count("p") == 8
    _same(before, _seen(log))
    assert move_to_archive(log, archive, "p", _DAY + timedelta(days=2)).lines == 0
    assert move_to_archive(log, archive, "q", _END).facts()["days"] == "{}"


def test_late_outcomes_and_feedback_join_archived_lines(log: PredictionLog, archive: LakeArchive) -> None:
    """By row key and by prediction id."""
    _fill(log)
    move_to_archive(log, archive, "p", _END)
    log.add_outcomes("p", _outcomes(["3"]))
    told = [Feedback(id_of("p", "1", "4"), "yes"), Feedback("nobody's", "yes")]
    assert log.add_feedback("p", told) == ["nobody's"]
    window = log.window("p", _DAY, _END).set_index("row_key")
    assert window["outcome"].dropna().to_dict() == {"1": "no", "2": "no", "3": "no", "4": "yes", "19": "no"}
    assert log.labelled_count("p") == len(log.labelled_rows("p", target="y")) == 5


def test_a_batch_that_was_archived_is_not_logged_again(
    log: PredictionLog, live: PredictionLog, archive: LakeArchive
) -> None:
    """What is new of the same days is, and joins the archive with the next move."""
    log.append(_entries(range(6)))
    move_to_archive(log, archive, "p", _END)
    assert log.append_once(_entries(range(8))) == 2
    assert log.append_once(_entries(range(8), "2")) == 8
    assert (log.count("p"), live.count("p")) == (16, 10)
    assert move_to_archive(log, archive, "p", _END).lines == 10
    assert (log.count("p"), live.count("p")) == (16, 0)


class _Killed(LakeArchive):
    """An archive whose process is killed in the middle, or that loses what it is given."""

    def __init__(self, root: Path, *, wrote: bool, dies: bool) -> None:
        super().__init__(root)
        self._wrote, self._dies = wrote, dies

    def append(self, project: str, day: str, lines: pd.DataFrame) -> None:
        """Die before or after writing, or say that all is well."""
        if self._wrote:
            super().append(project, day, lines)
        if self._dies:
            raise KeyboardInterrupt


def test_killed_in_between_nothing_is_lost_or_doubled(
    log: PredictionLog, live: PredictionLog, archive: LakeArchive, tmp_path: Path
) -> None:
    """Before or after the lake was written, and the database not yet."""
    _fill(log)
    before = _seen(log)
    for wrote in (False, True):
        with pytest.raises(KeyboardInterrupt):
            move_to_archive(log, _Killed(tmp_path / "lake", wrote=wrote, dies=True), "p", _END)
        assert live.count("p") == 23
        _same(before, _seen(log))
    moved = move_to_archive(log, archive, "p", _END)
    assert (moved.lines, moved.found) == (23, 9)
    _same(before, _seen(log))


def test_what_is_not_found_in_the_lake_is_not_deleted(log: PredictionLog, live: PredictionLog, tmp_path: Path) -> None:
    """The archive said that it had written."""
    _fill(log)
    with pytest.raises(StateError, match="9 of them missing"):
        move_to_archive(log, _Killed(tmp_path / "lake", wrote=False, dies=False), "p", _END)
    assert live.count("p") == 23


def test_an_archive_that_cannot_be_read_or_written_says_so(
    log: PredictionLog, archive: LakeArchive, tmp_path: Path
) -> None:
    """A file stands in the way; a folder that is no table."""
    _fill(log)
    folder = tmp_path / "lake" / "p" / "prediction_archive"
    folder.parent.mkdir(parents=True)
    folder.touch()
    with pytest.raises(StateError, match="can be written"):
        move_to_archive(log, archive, "p", _END)
    folder.unlink()
    (folder / "lines" / "_delta_log").mkdir(parents=True)
    with pytest.raises(StateError, match="can be read"):
        log.window("p", _DAY, _END)
